package import DatasetTable

/// Which of the 64 virtual shards a connection works on next, and where each shard was left, for one pass over the table.
///
/// A shard is a part of the keys by hash. A connection takes as many shards as fill a batch, the fullest first, so that all run
/// dry together and the last batches are not short. Claims in the database keep other processes away; this schedule keeps
/// the connections of one process from asking for the same shard.
package actor ShardSchedule {
    /// A shard and how far it has been read.
    package struct Position: Sendable, Equatable {
        package let shard: Int32
        /// The key of the last row read; `nil` before the first.
        package var after: RowKey?
        /// The keys still to read, if the plan listed them.
        package var listed: [RowKey]?
        /// How many rows are left, by the plan; others may have changed it since.
        package var pending: Int
    }

    /// What a connection may read now.
    package struct Assignment: Sendable {
        package let positions: [Position]
        package let rowLimit: Int

        /// The listed keys to read, in the order of the shards; `nil` if the plan listed none.
        package func listedKeys(of granted: Set<Int32>) -> [RowKey]? {
            guard positions.contains(where: { $0.listed != nil }) else { return nil }
            return Array(positions.filter { granted.contains($0.shard) }.flatMap { $0.listed ?? [] }.prefix(rowLimit))
        }
    }

    private var waiting: [Position]
    private var rowsLeft: Int?

    /// Starts a pass.
    ///
    /// - Parameters:
    ///   - plan: The rows that wait in each shard; shards without any are not visited.
    ///   - firstShard: Where this process starts among equally full shards, so that several start apart.
    ///   - rowLimit: The most rows to hand out, `nil` for all.
    package init(_ plan: PassPlan, firstShard: Int32, rowLimit: Int?) {
        let count = Int32(ResolvedTable.shardCount)
        waiting = plan.positions.filter { $0.pending > 0 }.sorted {
            ($0.shard - firstShard + count) % count < ($1.shard - firstShard + count) % count
        }
        rowsLeft = rowLimit
    }

    /// Takes shards for a batch of at most `batchSize` rows; `nil` when this pass has nothing more to give.
    package func next(batchSize: Int) -> Assignment? {
        let limit = min(batchSize, rowsLeft ?? batchSize)
        guard limit > 0, !waiting.isEmpty else { return nil }
        var taken: [Position] = []
        var rows = 0
        while rows < limit, let fullest = waiting.indices.max(by: { waiting[$0].pending < waiting[$1].pending }) {
            let position = waiting.remove(at: fullest)
            taken.append(position)
            rows += position.pending
        }
        if let rowsLeft { self.rowsLeft = rowsLeft - limit }
        return Assignment(positions: taken, rowLimit: limit)
    }

    /// Gives back what a connection took: shards that may still hold rows return to the schedule with their new position.
    ///
    /// - Parameters:
    ///   - assignment: What ``next(batchSize:)`` gave.
    ///   - granted: The shards that the database let this process have; the others are left to whoever holds them.
    ///   - rows: Shard and key of each row that was read, in the order read.
    ///   - count: How many of them count towards the limit of rows; all if nil.
    package func finish(
        _ assignment: Assignment, granted: Set<Int32>, rows: [(shard: Int32, key: RowKey)], counting count: Int? = nil
    ) {
        if let rowsLeft { self.rowsLeft = rowsLeft + assignment.rowLimit - (count ?? rows.count) }
        if let asked = assignment.listedKeys(of: granted) {
            dropListed(Set(asked), from: assignment.positions.filter { granted.contains($0.shard) })
            return
        }
        // Fewer rows than asked for: the granted shards are empty. Otherwise reading stopped in the last row's shard.
        guard rows.count == assignment.rowLimit, let lastShard = rows.last?.shard else { return }
        for var position in assignment.positions.drop(while: { $0.shard != lastShard })
        where granted.contains(position.shard) {
            let read = rows.filter { $0.shard == position.shard }
            position.after = read.last?.key ?? position.after
            position.pending = max(1, position.pending - read.count)
            waiting.append(position)
        }
    }

    private func dropListed(_ asked: Set<RowKey>, from positions: [Position]) {
        for var position in positions {
            let left = (position.listed ?? []).filter { !asked.contains($0) }
            guard !left.isEmpty else { continue }
            (position.listed, position.pending) = (left, left.count)
            waiting.append(position)
        }
    }
}

/// What waits at the beginning of a pass.
package struct PassPlan: Sendable {
    package let positions: [ShardSchedule.Position]

    /// All rows.
    package var count: Int { positions.reduce(0) { $0 + $1.pending } }

    /// Rows without a vector, counted by shard; reading finds them by an index.
    package init(counts: [Int32: Int]) {
        positions = counts.map { ShardSchedule.Position(shard: $0.key, after: nil, listed: nil, pending: $0.value) }
    }

    /// Rows that no index finds, listed by shard.
    package init(keys: [Int32: [RowKey]]) {
        positions = keys.map {
            ShardSchedule.Position(shard: $0.key, after: nil, listed: $0.value, pending: $0.value.count)
        }
    }
}
