/// Which data set has which tags: one number of 64 bits a pair, the data set's in the upper half.
struct TagPairs {
    /// No data set keeps more.
    static let mostTags = 64

    private var pairs: [UInt64] = []

    mutating func append(dataset: UInt32, tag: UInt32) {
        pairs.append(UInt64(dataset) << 32 | UInt64(tag))
    }

    /// Makes lookups possible, once every pair is there.
    mutating func finish() {
        pairs.sort()
    }

    /// The numbers of all tags, each once, in order.
    var allTags: [UInt32] {
        pairs.lazy.map { UInt32(truncatingIfNeeded: $0) }.sortedOnce()
    }

    /// The tags of a data set, each once, in the order of their numbers.
    func tags(of dataset: UInt32) -> [UInt32] {
        let start = pairs.partitioningIndex { $0 >> 32 >= UInt64(dataset) }
        let tags = pairs[start...].prefix { $0 >> 32 == UInt64(dataset) }.map { UInt32(truncatingIfNeeded: $0) }
        return Array(tags.sortedOnce().prefix(Self.mostTags))
    }
}
