/// The largest absolute difference between two lists of numbers, and where it is.
///
/// It is infinite where the lists have different lengths or where exactly one number is NaN, so that it fails every
/// gate. Two lists of nothing have no difference to speak of and fail as well: a comparison must compare something.
public struct LargestDifference: Sendable, CustomStringConvertible {
    /// The difference, never NaN.
    public private(set) var value = Float.infinity
    /// The index at which it is.
    public private(set) var index = 0

    private var actual: Float?
    private var expected: Float?

    /// Compares element by element.
    public init(_ actual: [Float], _ expected: [Float]) {
        guard actual.count == expected.count, !actual.isEmpty else { return }
        value = -1
        for (index, pair) in zip(actual, expected).enumerated() {
            let difference = (pair.0 - pair.1).magnitude
            let comparable = difference.isNaN ? .infinity : difference
            guard comparable > value else { continue }
            (value, self.index) = (comparable, index)
            (self.actual, self.expected) = pair
        }
    }

    /// The difference, its place in a row-major matrix of `columns` columns and the two numbers.
    public func description(columns: Int) -> String {
        guard let actual, let expected else { return "the lists differ in length, or are empty" }
        return "largest difference \(value) in row \(index / columns), column \(index % columns): "
            + "\(actual) instead of \(expected)"
    }

    /// The difference, its index and the two numbers.
    public var description: String { description(columns: .max) }
}
