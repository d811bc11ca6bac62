/// What `Datasets.csv` says of one data set, in 48 bytes.
struct DatasetFacts {
    /// Stands for what is not told.
    static let none: Int64 = -1

    let version, id, owner: UInt32
    /// Whether the owner is a number of `Organizations.csv`, not of `Users.csv`.
    let isOfOrganization: Bool
    /// Whether the current version was met.
    var isSeen = false
    /// The seconds from the year 1970 to the creation, and counts.
    let created, views, downloads, votes: Int64
}

/// All data sets, found by their current versions.
struct DatasetFactsTable {
    private var rows: [DatasetFacts] = []

    /// How many there are, and how many of them have not been met as a current version.
    var count: Int { rows.count }
    var unseenCount: Int { rows.count { !$0.isSeen } }

    mutating func append(_ facts: DatasetFacts) {
        rows.append(facts)
    }

    /// Makes lookups possible, once every row is there: of two rows with one number the later stays.
    ///
    /// - Returns: How many rows did not stay.
    mutating func finish() -> Int {
        let count = rows.count
        // Stable sorts: the later of two equal rows stays behind the other.
        rows.sort { $0.id < $1.id }
        keepLast { $0.id == $1.id }
        rows.sort { $0.version < $1.version }
        keepLast { $0.version == $1.version }
        return count - rows.count
    }

    private mutating func keepLast(_ areSame: (DatasetFacts, DatasetFacts) -> Bool) {
        var kept = 0
        for index in rows.indices {
            if kept > 0, areSame(rows[kept - 1], rows[index]) { kept -= 1 }
            rows[kept] = rows[index]
            kept += 1
        }
        rows.removeLast(rows.count - kept)
    }

    /// The owners' numbers in `Users.csv` or `Organizations.csv`, each once, in order.
    func owners(areOrganizations: Bool) -> [UInt32] {
        rows.lazy.filter { $0.isOfOrganization == areOrganizations }.map(\.owner).sortedOnce()
    }

    func index(ofVersion version: UInt32) -> Int? {
        let index = rows.partitioningIndex { $0.version >= version }
        return index < rows.count && rows[index].version == version ? index : nil
    }

    subscript(index: Int) -> DatasetFacts { rows[index] }

    mutating func markSeen(_ index: Int) {
        rows[index].isSeen = true
    }
}

extension Array {
    /// The index of the first element that belongs to the second part of an array whose first part does not fulfil a
    /// condition and whose second part does.
    func partitioningIndex(where isInSecondPart: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension Sequence<UInt32> {
    /// The elements in order, each once.
    func sortedOnce() -> [UInt32] {
        var sorted = self.sorted()
        var kept = 0
        for index in sorted.indices where kept == 0 || sorted[kept - 1] != sorted[index] {
            sorted[kept] = sorted[index]
            kept += 1
        }
        sorted.removeLast(sorted.count - kept)
        return sorted
    }
}
