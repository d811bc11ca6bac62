/// The packed engine: `activation(x · Wᵀ + b)` on a weight that was packed once.
///
/// Rows are taken as ``PanelKernel`` wants them, whole tiles of six: behind the last row stands whatever the memory held, and what
/// comes of it. The bits of a row depend on that row alone: not on its neighbors, not on the number of rows, not on the place in
/// the chunk.
struct PackedGEMM {
    let kernel: PanelKernel

    /// The rows that one panel serves before the next one comes, and the inputs that are multiplied before the next ones.
    ///
    /// Interleaved they are 288 KB, which stay in the second-level cache while all panels pass by.
    private static let (blockRows, blockInputs) = (192, 384)

    /// Computes `finish(input · weightᵀ + bias)`: `[N, K] · [M, K]ᵀ + [M] → [N, M]`.
    @inline(__always)
    func multiply(
        _ input: CPUMatrix, transposed weight: PackedMatrix, bias: [Float], into output: CPUMatrix,
        finish: (Lanes) -> Lanes
    ) {
        precondition(
            input.columns == weight.inputs && output.columns == weight.outputs && bias.count == weight.outputs,
            "[\(input.rows), \(input.columns)] · [\(weight.outputs), \(weight.inputs)]ᵀ → [, \(output.columns)]")
        let (rowCount, inputCount) = (roundUpToTile(input.rows), weight.inputs)
        let floats = min(Self.blockRows, rowCount) * min(Self.blockInputs, inputCount) + PanelKernel.columns
        unsafe withUnsafeTemporaryAllocation(byteCount: 4 * floats, alignment: 64) { bytes in
            unsafe bias.withUnsafeBufferPointer { biases in
                guard let block = unsafe bytes.baseAddress?.bindMemory(to: Float.self, capacity: floats),
                    let biases = biases.baseAddress
                else { return }
                for row in stride(from: 0, to: rowCount, by: Self.blockRows) {
                    let rows = row..<min(row + Self.blockRows, rowCount)
                    for first in stride(from: 0, to: inputCount, by: Self.blockInputs) {
                        let inputs = first..<min(first + Self.blockInputs, inputCount)
                        unsafe interleave(input, rows, inputs, into: block)
                        unsafe multiply(block, rows, inputs, weight, biases, into: output, finish: finish)
                    }
                }
            }
        }
    }

    /// Interleaves a block, tile after tile.
    private func interleave(
        _ input: CPUMatrix, _ rows: Range<Int>, _ inputs: Range<Int>, into block: UnsafeMutablePointer<Float>
    ) {
        for tile in stride(from: 0, to: rows.count, by: PanelKernel.rows) {
            unsafe PanelKernel.interleave(
                input.row(rows.lowerBound + tile) + inputs.lowerBound, input.columns, inner: inputs.count,
                into: block + tile * inputs.count)
        }
    }

    /// Adds the products of a block to the bias, or to what the blocks before it have come to, and finishes with the last.
    @inline(__always)
    private func multiply(
        _ block: UnsafePointer<Float>, _ rows: Range<Int>, _ inputs: Range<Int>, _ weight: PackedMatrix,
        _ bias: UnsafePointer<Float>, into output: CPUMatrix, finish: (Lanes) -> Lanes
    ) {
        let (isFirst, isLast) = (inputs.lowerBound == 0, inputs.upperBound == weight.inputs)
        let (width, stride) = (PanelKernel.columns, output.columns)
        for column in Swift.stride(from: 0, to: stride, by: kernel.panels * width) {
            let panels = min(kernel.panels, (stride - column) / width)
            let panel = unsafe weight.panel(ofOutput: column) + inputs.lowerBound * width
            for tile in Swift.stride(from: 0, to: rows.count, by: PanelKernel.rows) {
                let y = unsafe output.row(rows.lowerBound + tile) + column
                unsafe kernel.multiply(
                    block + tile * inputs.count, inner: inputs.count, panel, weight.inputs * width, panels: panels,
                    start: isFirst ? bias + column : UnsafePointer(y), isFirst ? 0 : stride, into: y, stride)
                guard isLast else { continue }
                for row in 0..<PanelKernel.rows {
                    for lane in Swift.stride(from: row * stride, to: row * stride + panels * width, by: width) {
                        unsafe y.store(finish(y.lanes(at: lane)), at: lane)
                    }
                }
            }
        }
    }
}
