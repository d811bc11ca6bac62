import CVectorMath

/// The packed engine in 16-bit integers: `activation(x · Wᵀ + b)`, with exact sums of rounded factors.
///
/// Integer sums have no rounding, so the bits of a row depend on that row alone, and not on the processor's instructions.
struct QuantizedGEMM {
    /// Whether to use the products of AVX-512 VNNI, which make two panels at a time.
    let isWide: Bool

    /// The widest that this processor has.
    static let widest = QuantizedGEMM(isWide: cvm_has_avx512_vnni())
    /// The instructions that every processor has on which this program starts.
    static let baseline = QuantizedGEMM(isWide: false)

    /// The pairs of a block of interleaved rows: 288 KB, which stay in the second-level cache while all panels pass by.
    private static let blockPairs = 73_728

    /// Computes `finish(input · weightᵀ + bias)`: `[N, K] · [M, K]ᵀ + [M] → [N, M]`.
    @inline(__always)
    func multiply(
        _ input: CPUMatrix, transposed weight: QuantizedMatrix, bias: [Float], into output: CPUMatrix,
        finish: (Lanes) -> Lanes
    ) {
        precondition(
            input.columns == weight.inputs && output.columns == weight.outputs && bias.count == weight.outputs,
            "[\(input.rows), \(input.columns)] · [\(weight.outputs), \(weight.inputs)]ᵀ → [, \(output.columns)]")
        let rowCount = roundUpToTile(input.rows)
        let blockRows = min(rowCount, max(roundUpToTile(Self.blockPairs / weight.pairs), PanelKernel.rows))
        unsafe Scratch.withScratch(rows: blockRows, pairs: weight.pairs) { scratch in
            for row in stride(from: 0, to: rowCount, by: blockRows) {
                let rows = row..<min(row + blockRows, rowCount)
                unsafe quantize(input, rows, pairs: weight.pairs, into: scratch)
                unsafe bias.withUnsafeBufferPointer { biases in
                    unsafe weight.units.withUnsafeBufferPointer { units in
                        guard let biases = biases.baseAddress, let units = units.baseAddress else { return }
                        unsafe multiply(scratch, rows, weight, units, biases, into: output, finish: finish)
                    }
                }
            }
        }
    }

    /// Quantizes each row of a block by a scale of its own, and interleaves the pairs, tile after tile.
    private func quantize(_ input: CPUMatrix, _ rows: Range<Int>, pairs: Int, into scratch: Scratch) {
        for tile in stride(from: 0, to: rows.count, by: PanelKernel.rows) {
            for row in 0..<PanelKernel.rows {
                let target = unsafe UnsafeMutableRawPointer(scratch.rows + row * pairs)
                unsafe scratch.units[tile + row] = Quantization.quantize(
                    input.row(rows.lowerBound + tile + row), count: input.columns,
                    into: target.assumingMemoryBound(to: Int16.self))
            }
            // A pair is as wide as a float, and is only moved.
            unsafe PanelKernel.interleave(scratch.rows, pairs, inner: pairs, into: scratch.block + tile * pairs)
        }
    }

    /// Multiplies a block and scales each sum to what its integers stand for.
    @inline(__always)
    private func multiply(
        _ scratch: Scratch, _ rows: Range<Int>, _ weight: QuantizedMatrix, _ units: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>, into output: CPUMatrix, finish: (Lanes) -> Lanes
    ) {
        let (width, pairs, mostPanels) = (PanelKernel.columns, weight.pairs, isWide ? 2 : 1)
        let block = unsafe UnsafeRawPointer(scratch.block).assumingMemoryBound(to: Int32.self)
        for column in stride(from: 0, to: output.columns, by: mostPanels * width) {
            let panels = min(mostPanels, (output.columns - column) / width)
            let panel = unsafe weight.panel(ofOutput: column)
            for tile in stride(from: 0, to: rows.count, by: PanelKernel.rows) {
                let (x, sums) = unsafe (block + tile * pairs, scratch.sums)
                if isWide {
                    unsafe cvm_multiply_pairs_avx512(x, pairs, panel, pairs * width, panels, sums, Scratch.sumStride)
                } else {
                    unsafe cvm_multiply_pairs(x, pairs, panel, sums, Scratch.sumStride)
                }
                for row in 0..<PanelKernel.rows {
                    let y = unsafe output.row(rows.lowerBound + tile + row) + column
                    let unit = unsafe scratch.units[tile + row]
                    for lane in stride(from: 0, to: panels * width, by: width) {
                        let sum = unsafe UnsafeRawPointer(sums + row * Scratch.sumStride + lane)
                            .loadUnaligned(as: SIMD16<Int32>.self)
                        let factor = unsafe units.lanes(at: column + lane) * unit
                        unsafe y.store(finish(.fma(cvm_float(sum), factor, bias.lanes(at: column + lane))), at: lane)
                    }
                }
            }
        }
    }

    /// Memory for one block of rows.
    @unsafe private struct Scratch {
        /// From one row of sums to the next: two panels.
        static let sumStride = 2 * PanelKernel.columns

        /// Interleaved pairs.
        let block: UnsafeMutablePointer<Float>
        /// Six rows of pairs that are to be interleaved, zero behind the inputs.
        let rows: UnsafeMutablePointer<Float>
        /// What an integer of each row stands for.
        let units: UnsafeMutablePointer<Float>
        /// The sums of a tile.
        let sums: UnsafeMutablePointer<Int32>

        static func withScratch(rows: Int, pairs: Int, _ body: (Scratch) -> Void) {
            let tile = PanelKernel.rows * pairs
            let count = unsafe rows * pairs + PanelKernel.columns + tile + rows + PanelKernel.rows * sumStride
            unsafe withUnsafeTemporaryAllocation(byteCount: 4 * count, alignment: 64) { bytes in
                guard let base = unsafe bytes.baseAddress?.bindMemory(to: Float.self, capacity: count) else { return }
                let staging = unsafe base + rows * pairs + PanelKernel.columns
                unsafe staging.initialize(repeating: 0, count: tile)
                let sums = unsafe UnsafeMutableRawPointer(staging + tile + rows)
                unsafe body(
                    Scratch(
                        block: base, rows: staging, units: staging + tile,
                        sums: sums.assumingMemoryBound(to: Int32.self)))
            }
        }
    }
}
