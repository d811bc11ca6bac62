/// The packed engine: `activation(x · Wᵀ + b)` in registers, on a weight that was packed once.
///
/// The sums of ``PanelKernel`` start as the bias and get their activation before they are stored, so the output is written once
/// and never read. The bits of a row depend on that row alone: not on its neighbors, not on the number of rows, not on the
/// place in the chunk.
enum PackedGEMM {
    /// Rows that one panel serves before the next one comes: 288 KB of input for K = 384, which stay in the second-level cache
    /// while all panels pass by.
    private static let blockRows = 192

    /// Computes `finish(input · weightᵀ + bias)`: `[N, K] · [M, K]ᵀ + [M] → [N, M]`.
    @inline(__always)
    static func multiply(
        _ input: CPUMatrix, transposed weight: PackedMatrix, bias: [Float], into output: CPUMatrix,
        finish: (Lanes) -> Lanes
    ) {
        precondition(
            input.columns == weight.inputs && output.columns == weight.outputs && bias.count == weight.outputs,
            "[\(input.rows), \(input.columns)] · [\(weight.outputs), \(weight.inputs)]ᵀ → [, \(output.columns)]")
        unsafe bias.withUnsafeBufferPointer { biases in
            guard let biases = biases.baseAddress else { return }
            for block in stride(from: 0, to: input.rows, by: blockRows) {
                let end = min(block + blockRows, input.rows)
                for column in stride(from: 0, to: weight.outputs, by: PanelKernel.columns) {
                    let panel = unsafe weight.panel(ofOutput: column)
                    let bias = unsafe biases.lanes(at: column)
                    for row in stride(from: block, to: end, by: PanelKernel.rows) {
                        let (x, y) = unsafe (input.row(row), output.row(row) + column)
                        let (k, m) = (weight.inputs, weight.outputs)
                        unsafe PanelKernel.multiply(
                            rows: min(end - row, PanelKernel.rows), x, k, inner: k, panel, start: bias, into: y, m
                        ) { sum, _ in finish(sum) }
                    }
                }
            }
        }
    }
}
