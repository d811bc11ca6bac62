/// What attention adds to a score for how far the key stands behind its query: `[A, 2P − 1]`, distance d at column P − 1 + d.
struct RelativeBias {
    private let values: [Float]
    private let columns: Int

    init(_ parameter: CPUParameter, headCount: Int) {
        precondition(
            parameter.shape.count == 2 && parameter.shape[0] == headCount && !parameter.shape[1].isMultiple(of: 2),
            "a relative bias of \(headCount) heads has an odd number of columns, got \(parameter.shape)")
        values = parameter.values
        columns = parameter.shape[1]
    }

    /// Adds the biases of a text's `count` keys to the scores of one query.
    ///
    /// The scores are still to be multiplied by `scale`, the bias is not: so it is divided by it here.
    @inline(__always)
    func add(head: Int, query: Int, to scores: UnsafeMutablePointer<Float>, count: Int, scale: Float) {
        precondition(count <= columns / 2 + 1, "a text of \(count) tokens has distances beyond a bias of \(columns)")
        let inverse = 1 / scale
        unsafe values.withUnsafeBufferPointer { values in
            guard let biases = unsafe values.baseAddress.map({ unsafe $0 + head * columns + columns / 2 - query })
            else { return }
            for key in 0..<count { unsafe scores[key] += biases[key] * inverse }
        }
    }
}
