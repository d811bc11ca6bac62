/// A weight `[M, K]` of 16-bit integers in panels of sixteen outputs, with a scale for each output.
///
/// As in ``PackedMatrix`` a panel is what sixteen outputs need of each input, here of each pair of inputs: `[K / 2, 16]` pairs.
///
/// `Sendable` although it holds a pointer: the memory is written in the initialiser and only read from then on.
struct QuantizedMatrix: @unchecked Sendable {
    /// M, a multiple of sixteen.
    let outputs: Int
    /// K, a multiple of sixteen.
    let inputs: Int
    /// What an integer of each output stands for.
    let units: [Float]
    private let storage: AlignedFloats

    /// K / 2 up to whole ``Lanes``, as many as rows can be interleaved in: zeros stand in the place of what K lacks.
    var pairs: Int { Self.pairs(inputs: inputs) }

    static func pairs(inputs: Int) -> Int { (inputs / 2 + 15) / 16 * 16 }

    /// Quantizes and packs a row-major matrix with one row an output.
    init(_ values: [Float], outputs: Int, inputs: Int) {
        precondition(values.count == outputs * inputs && outputs.isMultiple(of: 16) && inputs.isMultiple(of: 16))
        (self.outputs, self.inputs) = (outputs, inputs)
        let pairs = Self.pairs(inputs: inputs)
        storage = AlignedFloats(count: outputs * pairs)
        var row = [Int16](repeating: 0, count: 2 * pairs)
        var units = [Float](repeating: 0, count: outputs)
        for output in 0..<outputs {
            units[output] = unsafe values.withUnsafeBufferPointer { values in
                unsafe row.withUnsafeMutableBufferPointer { row in
                    guard let values = values.baseAddress, let row = row.baseAddress else { return 0 }
                    return unsafe Quantization.quantize(values + output * inputs, count: inputs, into: row)
                }
            }
            let (panel, lane) = output.quotientAndRemainder(dividingBy: PanelKernel.columns)
            let target = unsafe UnsafeMutableRawPointer(storage.base).assumingMemoryBound(to: SIMD2<Int16>.self)
            for pair in 0..<pairs {
                let index = (panel * pairs + pair) * PanelKernel.columns + lane
                unsafe target[index] = SIMD2(row[2 * pair], row[2 * pair + 1])
            }
        }
        self.units = units
    }

    /// The panel whose first output is `output`, a multiple of sixteen.
    @inline(__always) func panel(ofOutput output: Int) -> UnsafePointer<Int32> {
        unsafe UnsafeRawPointer(storage.base + output * pairs).assumingMemoryBound(to: Int32.self)
    }
}
