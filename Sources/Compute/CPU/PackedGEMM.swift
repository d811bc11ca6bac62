import CVectorMath

/// The packed engine: `activation(x · Wᵀ + b)` in registers, on a weight that was packed once.
///
/// A tile is six rows by sixteen columns. On AVX2 that is twelve accumulators, two vectors of the panel and one broadcast:
/// fifteen of the sixteen registers, and twelve multiply-adds for eight loads. The accumulators start as the bias and get
/// their activation before they are stored, so the output is written once and never read.
///
/// Each element is one chain of multiply-adds in ascending order of k, whatever the height of its tile. Hence the bits of a
/// row depend on that row alone: not on its neighbours, not on the number of rows, not on the place in the chunk.
enum PackedGEMM {
    /// Rows that one panel serves before the next one comes, which is fetched meanwhile: 288 KB of input for K = 384, which
    /// stay in the second-level cache while all panels pass by.
    private static let blockRows = 192
    private static let tileRows = 6

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
                for column in stride(from: 0, to: weight.outputs, by: PackedMatrix.panelWidth) {
                    let panel = unsafe weight.panel(ofOutput: column)
                    let next = unsafe weight.panel(ofOutput: (column + PackedMatrix.panelWidth) % weight.outputs)
                    let tiles = (end - block + tileRows - 1) / tileRows
                    let bias = unsafe biases.lanes(at: column)
                    for row in stride(from: block, to: end, by: tileRows) {
                        let (x, y) = unsafe (input.row(row), output.row(row) + column)
                        let (k, m) = (weight.inputs, weight.outputs)
                        // A model's weights do not fit in the caches. Each tile asks for its share of the next panel.
                        for line in stride(from: (row - block) / tileRows, to: k, by: tiles) {
                            unsafe cvm_prefetch(next + line * PackedMatrix.panelWidth)
                        }
                        // Constant heights: the compiler makes a kernel of each, without the rows it lacks.
                        switch end - row {
                        case 1: unsafe tile(rows: 1, x, k, panel, bias, y, m, finish)
                        case 2: unsafe tile(rows: 2, x, k, panel, bias, y, m, finish)
                        case 3: unsafe tile(rows: 3, x, k, panel, bias, y, m, finish)
                        case 4: unsafe tile(rows: 4, x, k, panel, bias, y, m, finish)
                        case 5: unsafe tile(rows: 5, x, k, panel, bias, y, m, finish)
                        default: unsafe tile(rows: tileRows, x, k, panel, bias, y, m, finish)
                        }
                    }
                }
            }
        }
    }

    /// One to six rows of `x`, which are `k` apart, times a panel: sixteen columns of as many rows of `y`, `m` apart.
    @inline(__always)
    private static func tile(
        rows: Int, _ x: UnsafePointer<Float>, _ k: Int, _ panel: UnsafePointer<Float>, _ bias: Lanes,
        _ y: UnsafeMutablePointer<Float>, _ m: Int, _ finish: (Lanes) -> Lanes
    ) {
        var (c0, c1, c2, c3, c4, c5) = (bias, bias, bias, bias, bias, bias)
        let twoRows = 2 * k
        // Rows 0 to 2 are reached from one pointer and rows 3 to 5 from another, without arithmetic in the loop.
        var (upper, lower, weights) = unsafe (x, x + 3 * k, panel)
        let end = unsafe x + k
        while unsafe upper != end {
            let lanes = unsafe weights.lanes(at: 0)
            c0 = unsafe .fma(upper[0], lanes, c0)
            if rows > 1 { c1 = unsafe .fma(upper[k], lanes, c1) }
            if rows > 2 { c2 = unsafe .fma(upper[twoRows], lanes, c2) }
            if rows > 3 { c3 = unsafe .fma(lower[0], lanes, c3) }
            if rows > 4 { c4 = unsafe .fma(lower[k], lanes, c4) }
            if rows > 5 { c5 = unsafe .fma(lower[twoRows], lanes, c5) }
            unsafe upper += 1
            unsafe lower += 1
            unsafe weights += PackedMatrix.panelWidth
        }
        unsafe y.store(finish(c0), at: 0)
        if rows > 1 { unsafe y.store(finish(c1), at: m) }
        if rows > 2 { unsafe y.store(finish(c2), at: 2 * m) }
        if rows > 3 { unsafe y.store(finish(c3), at: 3 * m) }
        if rows > 4 { unsafe y.store(finish(c4), at: 4 * m) }
        if rows > 5 { unsafe y.store(finish(c5), at: 5 * m) }
    }
}
