import Compute

/// Reductions of the token rows of a text to one row, and the scaling of that row.
enum Pooling {
    /// Pools the rows of one text into `output`, `columns` floats wide.
    static func apply(
        _ strategy: PoolingStrategy, _ input: CPUMatrix, rows: Range<Int>, into output: UnsafeMutablePointer<Float>
    ) {
        let count = Float(rows.count)
        switch strategy {
        case .cls: unsafe output.update(from: input.row(rows.lowerBound), count: input.columns)
        case .max: unsafe reduce(input, rows, into: output, scale: 1) { .maximum($0, $1) }
        case .mean: unsafe reduce(input, rows, into: output, scale: 1 / count) { $0 + $1 }
        case .meanSqrtLength: unsafe reduce(input, rows, into: output, scale: 1 / count.squareRoot()) { $0 + $1 }
        }
    }

    /// Combines rows column by column and scales the result.
    @inline(__always)
    private static func reduce(
        _ input: CPUMatrix, _ rows: Range<Int>, into output: UnsafeMutablePointer<Float>, scale: Float,
        _ combine: (Lanes, Lanes) -> Lanes
    ) {
        for column in stride(from: 0, to: input.columns, by: 16) {
            var value = unsafe input.row(rows.lowerBound).lanes(at: column)
            for row in rows.dropFirst() { value = unsafe combine(value, input.row(row).lanes(at: column)) }
            unsafe output.store(value * scale, at: column)
        }
    }

    /// Divides a row by its Euclidean length, or by 1e-12 if it is shorter, as `torch.nn.functional.normalize` does.
    static func normalize(_ row: UnsafeMutablePointer<Float>, columns: Int) {
        var squares = Lanes.zero
        for column in stride(from: 0, to: columns, by: 16) {
            let value = unsafe row.lanes(at: column)
            squares = .fma(value, value, squares)
        }
        let scale = 1 / max(squares.total.squareRoot(), 1e-12)
        for column in stride(from: 0, to: columns, by: 16) {
            unsafe row.store(row.lanes(at: column) * scale, at: column)
        }
    }
}
