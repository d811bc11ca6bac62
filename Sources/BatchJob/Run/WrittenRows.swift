package import DatasetTable

/// Which rows a run has written, with which text: a row that waits again without having been edited has lost its vector to a
/// trigger or to somebody else, and would be written for ever.
///
/// Memory is bounded: of each row two times 64 bits are kept, and of so many rows only. Rows beyond that are written again as
/// if for the first time until others have been blamed and forgotten, so a run still ends, only some passes later, and each of
/// these writes counts.
package struct WrittenRows: Sendable {
    /// What is known of a row that waits.
    package enum Finding: Sendable, Equatable {
        /// This run has not written it, or with another text.
        case new
        /// This run has written it with the text that it has now.
        case undone
        /// It is edited faster than it is embedded.
        case restless
    }

    private struct Entry {
        /// The first 56 bits of the source fingerprint, one that says whether the vector is stored, and how often the row
        /// was written.
        private var bits: UInt64

        static let mostCounted: UInt64 = 0x7F
        private static let stored: UInt64 = 0x80

        init(_ fingerprint: Fingerprint, count: UInt64) {
            bits = Self.prefix(fingerprint) | Self.stored | count
        }

        var count: UInt64 { bits & Self.mostCounted }

        var isStored: Bool {
            get { bits & Self.stored != 0 }
            set { bits = newValue ? bits | Self.stored : bits & ~Self.stored }
        }

        mutating func forgetText() { bits &= 0xFF }

        func isOf(_ fingerprint: Fingerprint) -> Bool { bits & ~0xFF == Self.prefix(fingerprint) }

        private static func prefix(_ fingerprint: Fingerprint) -> UInt64 {
            fingerprint.bytes.prefix(7).reduce(0) { $0 << 8 | UInt64($1) } << 8
        }
    }

    /// How often a row is written in one run: with another text each time, or it would be undone.
    package static let mostWrites = 10

    private let capacity: Int
    /// By hash of the key; that two of a million keys share one has a probability of 3e-8, and even then the texts differ.
    private var entries: [Int: Entry] = [:]

    /// Remembers nothing yet, and never more than `capacity` rows.
    package init(capacity: Int = 1_000_000) {
        self.capacity = capacity
    }

    /// The number of rows remembered.
    package var count: Int { entries.count }

    /// What is known of a row that is to be written.
    package func finding(_ key: RowKey, _ fingerprint: Fingerprint) -> Finding {
        guard let entry = entries[key.hashValue] else { return .new }
        if entry.isOf(fingerprint) { return .undone }
        return entry.count >= Self.mostWrites ? .restless : .new
    }

    /// Notes that a row was written.
    ///
    /// - Returns: Whether it had no vector of this run before.
    @discardableResult
    package mutating func insert(_ key: RowKey, _ fingerprint: Fingerprint) -> Bool {
        let hash = key.hashValue
        let earlier = entries[hash]
        guard earlier != nil || entries.count < capacity else { return true }
        entries[hash] = Entry(fingerprint, count: min((earlier?.count ?? 0) + 1, Entry.mostCounted))
        return earlier?.isStored != true
    }

    /// Notes that a row has no vector.
    ///
    /// - Returns: Whether it had one of this run before.
    package mutating func lose(_ key: RowKey) -> Bool {
        guard entries[key.hashValue]?.isStored == true else { return false }
        entries[key.hashValue]?.isStored = false
        return true
    }

    /// Forgets a row that will not be written again.
    package mutating func remove(_ key: RowKey) {
        entries[key.hashValue] = nil
    }

    /// Forgets the texts of all rows, so that none is undone: another server may lack what was written last.
    package mutating func forgetTexts() {
        for hash in entries.keys { entries[hash]?.forgetText() }
    }
}

/// Rows that are counted once however often they come, up to a number of rows; beyond it they count each time.
struct CountedRows: Sendable {
    private static let capacity = 1_000_000
    private var hashes: Set<Int> = []

    /// Whether the row is to be counted.
    mutating func insert(_ key: RowKey) -> Bool {
        guard hashes.count < Self.capacity else { return !hashes.contains(key.hashValue) }
        return hashes.insert(key.hashValue).inserted
    }
}
