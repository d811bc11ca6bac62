/// A weight `[M, K]` in the order in which the packed kernel reads it.
///
/// Sixteen outputs form a panel: for each of the K inputs the sixteen weights by which it goes into them, one cache line.
/// A panel lies in one piece, so the kernel reads memory from front to back.
///
/// `Sendable` although it holds a pointer: the memory is written in the initialiser and only read from then on.
struct PackedMatrix: @unchecked Sendable {
    /// M, a multiple of ``PanelKernel/columns``.
    let outputs: Int
    /// K.
    let inputs: Int
    private let storage: AlignedFloats

    /// Packs a row-major matrix with one row an output.
    init(_ values: [Float], outputs: Int, inputs: Int) {
        precondition(values.count == outputs * inputs && outputs.isMultiple(of: PanelKernel.columns))
        self.outputs = outputs
        self.inputs = inputs
        storage = AlignedFloats(count: values.count)
        for output in 0..<outputs {
            let (panel, lane) = output.quotientAndRemainder(dividingBy: PanelKernel.columns)
            let target = unsafe storage.base + panel * PanelKernel.columns * inputs + lane
            for input in 0..<inputs {
                unsafe target[input * PanelKernel.columns] = values[output * inputs + input]
            }
        }
    }

    /// The panel whose first output is `output`, a multiple of ``PanelKernel/columns``.
    @inline(__always) func panel(ofOutput output: Int) -> UnsafePointer<Float> {
        unsafe UnsafePointer(storage.base + output * inputs)
    }
}
