import BatchJob
import ComputeTestSupport
import DatasetTable
import Testing

@Suite("The schedule of shards")
struct ShardScheduleTests {
    /// Reads for an assignment as the database does: shard after shard, each in key order from where it was left.
    private func read(
        _ assignment: ShardSchedule.Assignment, from table: [Int32: [RowKey]], granted: Set<Int32>
    ) -> [(shard: Int32, key: RowKey)] {
        var rows: [(shard: Int32, key: RowKey)] = []
        for position in assignment.positions where granted.contains(position.shard) {
            let keys = (table[position.shard] ?? []).filter { key in
                position.after.map { $0.bytes.lexicographicallyPrecedes(key.bytes) } ?? true
            }
            rows += keys.prefix(assignment.rowLimit).map { (position.shard, $0) }
        }
        return Array(rows.prefix(assignment.rowLimit))
    }

    /// Shards of random sizes, the keys of each in order.
    private func randomTable(_ generator: inout SeededGenerator) -> [Int32: [RowKey]] {
        var table: [Int32: [RowKey]] = [:]
        for shard in Int32(0)..<64 where Bool.random(using: &generator) {
            let count = UInt8.random(in: 1...40, using: &generator)
            table[shard] = (0..<count).map { RowKey([UInt8(shard), $0]) }
        }
        return table
    }

    @Test(
        "hands out every row once, counted or listed, to connections that take turns", arguments: [1, 7, 100, 5000],
        [true, false])
    func everyRowOnce(batchSize: Int, isListed: Bool) async throws {
        var generator = SeededGenerator(seed: UInt64(batchSize))
        let table = randomTable(&generator)
        let plan = isListed ? PassPlan(keys: table) : PassPlan(counts: table.mapValues(\.count))
        let schedule = ShardSchedule(plan, firstShard: 5, rowLimit: nil)
        var seen: [RowKey] = []
        var open: [ShardSchedule.Assignment] = []
        while true {
            let assignment = await schedule.next(batchSize: batchSize)
            if let assignment {
                // No shard is with two connections at a time.
                let taken = Set(open.flatMap(\.positions).map(\.shard))
                #expect(taken.isDisjoint(with: assignment.positions.map(\.shard)))
                open.append(assignment)
            }
            guard assignment == nil || open.count == 3 else { continue }
            guard !open.isEmpty else { break }
            let done = open.remove(at: Int.random(in: 0..<open.count, using: &generator))
            let granted = Set(done.positions.map(\.shard))
            let listed = done.listedKeys(of: granted)?.map { (shard: Int32($0.bytes[0]), key: $0) }
            let rows = listed ?? read(done, from: table, granted: granted)
            #expect(rows.count <= batchSize)
            seen += rows.map(\.key)
            await schedule.finish(done, granted: granted, rows: rows)
        }
        #expect(seen.count == plan.count)
        #expect(Set(seen) == Set(table.values.joined()))
    }

    @Test("reserves rows of the limit and takes back those that were not found")
    func reservesLimit() async throws {
        let schedule = ShardSchedule(
            PassPlan(counts: Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, 10) })), firstShard: 0, rowLimit: 25)
        let first = try #require(await schedule.next(batchSize: 10))
        let second = try #require(await schedule.next(batchSize: 10))
        let third = try #require(await schedule.next(batchSize: 10))
        #expect([first, second, third].map(\.rowLimit) == [10, 10, 5])
        #expect(await schedule.next(batchSize: 10) == nil)
        // The first connection found 4 of its 10 rows.
        let shard = first.positions[0].shard
        let rows = (0..<4).map { (shard: shard, key: RowKey([UInt8($0)])) }
        await schedule.finish(first, granted: [shard], rows: rows)
        #expect(await schedule.next(batchSize: 10)?.rowLimit == 6)
        #expect(await schedule.next(batchSize: 10) == nil)
    }

    @Test("visits the fullest shards first, and equally full ones from its own place on")
    func fullestFirst() async throws {
        let schedule = ShardSchedule(
            PassPlan(counts: [3: 5, 10: 9, 20: 5, 40: 5, 50: 0]), firstShard: 15, rowLimit: nil)
        var visited: [Int32] = []
        while let assignment = await schedule.next(batchSize: 1) { visited += assignment.positions.map(\.shard) }
        #expect(visited == [10, 20, 40, 3])
    }

    @Test("fills a batch from several shards and goes on where the last one was left")
    func fillsBatch() async throws {
        let schedule = ShardSchedule(PassPlan(counts: [1: 6, 2: 5, 3: 4]), firstShard: 0, rowLimit: nil)
        let first = try #require(await schedule.next(batchSize: 8))
        #expect(first.positions.map(\.shard) == [1, 2])
        let rows: [(shard: Int32, key: RowKey)] = (0..<6).map { (1, RowKey([$0])) } + [(2, [0]), (2, [1])]
        await schedule.finish(first, granted: [1, 2], rows: rows)
        let second = try #require(await schedule.next(batchSize: 8))
        #expect(second.positions.map(\.shard) == [3, 2])
        #expect(second.positions.map(\.after) == [nil, [1]])
        #expect(second.positions.map(\.pending) == [4, 3])
    }

    @Test("leaves shards that were not granted to whoever holds them", arguments: [true, false])
    func skipsForeignShards(isListed: Bool) async throws {
        let table: [Int32: [RowKey]] = [1: [[1, 0], [1, 1], [1, 2], [1, 3]], 2: [[2, 0], [2, 1], [2, 2]]]
        let plan = isListed ? PassPlan(keys: table) : PassPlan(counts: table.mapValues(\.count))
        let schedule = ShardSchedule(plan, firstShard: 0, rowLimit: nil)
        let first = try #require(await schedule.next(batchSize: 5))
        #expect(first.positions.map(\.shard) == [1, 2])
        let listed = first.listedKeys(of: [2])
        #expect(listed == (isListed ? table[2] : nil))
        await schedule.finish(first, granted: [2], rows: (table[2] ?? []).map { (2, $0) })
        #expect(await schedule.next(batchSize: 5) == nil)
    }

    @Test("asks for listed keys in their order, and for no more than fit")
    func listedKeys() async throws {
        let schedule = ShardSchedule(
            PassPlan(keys: [1: [[10], [11], [12]], 2: [[20], [21]]]), firstShard: 0, rowLimit: nil)
        let first = try #require(await schedule.next(batchSize: 4))
        #expect(first.listedKeys(of: [1, 2]) == [[10], [11], [12], [20]])
        // One of them no longer qualified.
        await schedule.finish(first, granted: [1, 2], rows: [(1, [10]), (1, [12]), (2, [20])])
        let second = try #require(await schedule.next(batchSize: 4))
        #expect(second.listedKeys(of: [2]) == [[21]])
        await schedule.finish(second, granted: [2], rows: [])
        #expect(await schedule.next(batchSize: 4) == nil)
    }
}

extension RowKey: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: UInt8...) {
        self.init(elements)
    }
}
