/// The middle and the ends of several measurements of one thing.
public struct Spread: Codable, Equatable, Sendable {
    /// The middle value, or the mean of the two middle ones.
    public let median: Double
    /// The smallest value.
    public let lowest: Double
    /// The largest value.
    public let highest: Double

    /// Summarizes measurements, of which there must be one at least.
    public init(_ values: [Double]) {
        precondition(!values.isEmpty, "nothing was measured")
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        lowest = sorted[0]
        highest = sorted[sorted.count - 1]
    }

    /// Half the distance between the ends, in percent of the median.
    package var percentAroundMedian: Double { 50 * (highest - lowest) / median }
}
