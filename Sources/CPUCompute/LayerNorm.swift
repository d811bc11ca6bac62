/// Layer normalization of one row (Ba, Kiros and Hinton, arXiv:1607.06450).
enum LayerNorm {
    /// Replaces a row of `count` floats, a multiple of 16, by `(x − mean) / √(variance + ε) · weight + bias`.
    ///
    /// The variance is the biased one, computed in a second pass over the differences from the mean.
    @inline(__always)
    static func apply(
        _ row: UnsafeMutablePointer<Float>, count: Int, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        epsilon: Float
    ) {
        var sum = Lanes.zero
        for column in stride(from: 0, to: count, by: 16) { unsafe sum += row.lanes(at: column) }
        let mean = Lanes(repeating: sum.total / Float(count))
        var squares = Lanes.zero
        for column in stride(from: 0, to: count, by: 16) {
            let difference = unsafe row.lanes(at: column) - mean
            squares = .fma(difference, difference, squares)
        }
        let variance = squares.total / Float(count)
        // Beyond the range of floats there is no variance: the row becomes NaN, and no vector comes of it.
        let scale = Lanes(repeating: variance.isFinite ? 1 / (variance + epsilon).squareRoot() : .nan)
        for column in stride(from: 0, to: count, by: 16) {
            let normalized = unsafe (row.lanes(at: column) - mean) * scale
            unsafe row.store(.fma(normalized, weight.lanes(at: column), bias.lanes(at: column)), at: column)
        }
    }
}
