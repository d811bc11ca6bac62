package import DatasetTable

/// Which of the 64 virtual shards a connection works on next, and which rows of each are left, for one page of a pass.
///
/// A shard is a part of the keys by hash. A connection takes as many shards as fill a batch, the fullest first, so that all run
/// dry together and the last batches are not short. Claims in the database keep other processes away; this schedule keeps
/// the connections of one process from asking for the same shard.
package actor ShardSchedule {
    /// A shard and the keys of its rows that have not been looked at.
    package struct Position: Sendable, Equatable {
        package let shard: Int32
        package internal(set) var keys: ArraySlice<RowKey>
        /// Whether most of the rows that were last asked for did not qualify any more: another process has been here.
        var isThinned = false
    }

    /// What a connection may read now.
    package struct Assignment: Sendable {
        package let positions: [Position]
        /// Most rows of the batch.
        package let rowLimit: Int
        /// How many keys of each position to ask for.
        let asked: [Int]

        /// The keys to look at, in the order of the shards.
        package func keys(of granted: Set<Int32>) -> [RowKey] {
            zip(positions, asked).filter { granted.contains($0.0.shard) }.flatMap { $0.0.keys.prefix($0.1) }
        }
    }

    /// What came of an assignment.
    package struct Reading: Sendable {
        /// The shards that the database let this process have; the others are left to whoever holds them.
        package var granted: Set<Int32> = []
        /// The shard of each row that was read.
        package var shards: [Int32] = []
        /// How many of the keys were looked at; the rows that were read are the ones among them that qualify.
        package var examined = 0

        package init(granted: Set<Int32> = [], shards: [Int32] = [], examined: Int = 0) {
            (self.granted, self.shards, self.examined) = (granted, shards, examined)
        }
    }

    /// How many times as many keys are asked for as rows are wanted where another process has been.
    private static let widening = 8

    private var waiting: [Position]
    private var rowsLeft: Int?

    /// Starts a page.
    ///
    /// - Parameters:
    ///   - page: The rows that wait, by shard.
    ///   - firstShard: Where this process starts among equally full shards, so that several start apart.
    ///   - rowLimit: The most rows to hand out, `nil` for all.
    package init(_ page: PendingPage, firstShard: Int32, rowLimit: Int?) {
        let count = Int32(ResolvedTable.shardCount)
        waiting = page.keys.map { Position(shard: $0.key, keys: $0.value[...]) }.sorted {
            ($0.shard - firstShard + count) % count < ($1.shard - firstShard + count) % count
        }
        rowsLeft = rowLimit
    }

    /// Takes shards for a batch of at most `batchSize` rows; `nil` when this page has nothing more to give.
    package func next(batchSize: Int) -> Assignment? {
        let limit = min(batchSize, rowsLeft ?? batchSize)
        guard limit > 0, !waiting.isEmpty else { return nil }
        var taken: [Position] = []
        var asked: [Int] = []
        var rows = 0
        while rows < limit, let fullest = waiting.indices.max(by: { waiting[$0].keys.count < waiting[$1].keys.count }) {
            let position = waiting.remove(at: fullest)
            let wanted = (limit - rows) * (position.isThinned ? Self.widening : 1)
            taken.append(position)
            asked.append(min(wanted, position.keys.count))
            rows += position.keys.count
        }
        if let rowsLeft { self.rowsLeft = rowsLeft - limit }
        return Assignment(positions: taken, rowLimit: limit, asked: asked)
    }

    /// Takes back what is left of an assignment.
    ///
    /// - Parameters:
    ///   - assignment: What ``next(batchSize:)`` gave.
    ///   - reading: What came of it.
    ///   - count: How many of the rows count towards the limit of rows; all if nil.
    package func finish(_ assignment: Assignment, _ reading: Reading, counting count: Int? = nil) {
        if let rowsLeft { self.rowsLeft = rowsLeft + assignment.rowLimit - (count ?? reading.shards.count) }
        var examined = reading.examined
        for (var position, asked) in zip(assignment.positions, assignment.asked)
        where reading.granted.contains(position.shard) {
            let looked = min(asked, examined)
            examined -= looked
            position.keys = position.keys.dropFirst(looked)
            guard !position.keys.isEmpty else { continue }
            if looked > 0 { position.isThinned = 2 * reading.shards.count { $0 == position.shard } < looked }
            waiting.append(position)
        }
    }
}

/// Rows that wait, listed in the order of their keys from where the page before ended.
package struct PendingPage: Sendable {
    /// The keys of rows to read by shard, in their order.
    package private(set) var keys: [Int32: [RowKey]] = [:]
    /// How many rows there are, those that are held back among them.
    package private(set) var count = 0
    /// The last key of all; where the next page begins.
    package private(set) var last: RowKey?
    /// Whether nothing comes after this page.
    package var isLast = true

    /// No rows.
    package init() {}

    /// Adds the next row.
    package mutating func append(_ key: RowKey, shard: Int32, isHeldBack: Bool = false) {
        if !isHeldBack { keys[shard, default: []].append(key) }
        (count, last) = (count + 1, key)
    }
}
