/// Where each text of a packed chunk begins and ends: text `i` owns the rows `offsets[i] ..< offsets[i + 1]`.
public struct TextBoundaries: Sendable, Equatable {
    /// `B + 1` row numbers, ascending, starting with 0.
    public let offsets: [Int]

    /// Lays texts of the given lengths one after another; every length is at least 1.
    public init(lengths: some Sequence<Int>) {
        var offsets = [0]
        var end = 0
        for length in lengths {
            precondition(length > 0, "a text has at least one token, got \(length)")
            end += length
            offsets.append(end)
        }
        self.offsets = offsets
    }

    /// The number of texts, `B`.
    public var textCount: Int { offsets.count - 1 }

    /// The number of tokens, `N`.
    public var tokenCount: Int { offsets[offsets.count - 1] }

    /// The rows of one text.
    public func rows(ofText index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }
}
