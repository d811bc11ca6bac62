import BatchJob
import ComputeTestSupport
import DatasetTable
import Testing

@Suite("The schedule of shards")
struct ShardScheduleTests {
    /// Reads for an assignment as the database does: the keys that still qualify, in their order, as many as are wanted.
    private func read(
        _ assignment: ShardSchedule.Assignment, granted: Set<Int32>, qualifying: (RowKey) -> Bool = { _ in true }
    ) -> (keys: [RowKey], reading: ShardSchedule.Reading) {
        let asked = assignment.keys(of: granted)
        let found = asked.enumerated().filter { qualifying($0.element) }.prefix(assignment.rowLimit)
        let isFull = found.count == assignment.rowLimit
        let examined = isFull ? (found.last?.offset ?? -1) + 1 : asked.count
        let keys = found.map(\.element)
        return (keys, .init(granted: granted, shards: keys.map { Int32($0.bytes[0]) }, examined: examined))
    }

    private func page(_ table: [Int32: [RowKey]]) -> PendingPage {
        var page = PendingPage()
        for (shard, keys) in table { for key in keys { page.append(key, shard: shard) } }
        return page
    }

    /// Shards of so many rows each.
    private func page(counts: [Int32: UInt8]) -> PendingPage {
        page(
            Dictionary(
                uniqueKeysWithValues: counts.map { shard, count in (shard, (0..<count).map { [UInt8(shard), $0] }) }))
    }

    /// Shards of random sizes, the keys of each in order.
    private func randomTable(_ generator: inout SeededGenerator) -> [Int32: [RowKey]] {
        var table: [Int32: [RowKey]] = [:]
        for shard in Int32(0)..<64 where Bool.random(using: &generator) {
            let count = UInt8.random(in: 1...40, using: &generator)
            table[shard] = (0..<count).map { [UInt8(shard), $0] }
        }
        return table
    }

    @Test(
        "hands out every row once to connections that take turns, also where others have been",
        arguments: [1, 7, 100, 5000], [false, true])
    func everyRowOnce(batchSize: Int, areOthersHere: Bool) async throws {
        var generator = SeededGenerator(seed: UInt64(batchSize))
        let table = randomTable(&generator)
        let isTaken = { (key: RowKey) in areOthersHere && !key.bytes[1].isMultiple(of: 3) }
        let schedule = ShardSchedule(page(table), firstShard: 5, rowLimit: nil)
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
            let (keys, reading) = read(done, granted: Set(done.positions.map(\.shard))) { !isTaken($0) }
            #expect(keys.count <= batchSize)
            seen += keys
            await schedule.finish(done, reading)
        }
        let expected = table.values.joined().filter { !isTaken($0) }
        #expect(seen.count == expected.count)
        #expect(Set(seen) == Set(expected))
    }

    @Test("reserves rows of the limit and takes back those that were not found")
    func reservesLimit() async throws {
        let counts = Dictionary(uniqueKeysWithValues: (Int32(0)..<64).map { ($0, UInt8(10)) })
        let schedule = ShardSchedule(page(counts: counts), firstShard: 0, rowLimit: 25)
        let first = try #require(await schedule.next(batchSize: 10))
        let second = try #require(await schedule.next(batchSize: 10))
        let third = try #require(await schedule.next(batchSize: 10))
        #expect([first, second, third].map(\.rowLimit) == [10, 10, 5])
        #expect(await schedule.next(batchSize: 10) == nil)
        // The first connection found 4 of its 10 rows.
        let shard = first.positions[0].shard
        await schedule.finish(
            first, .init(granted: [shard], shards: [Int32](repeating: shard, count: 4), examined: 10))
        #expect(await schedule.next(batchSize: 10)?.rowLimit == 6)
        #expect(await schedule.next(batchSize: 10) == nil)
    }

    @Test("visits the fullest shards first, and equally full ones from its own place on")
    func fullestFirst() async throws {
        let schedule = ShardSchedule(page(counts: [3: 5, 10: 9, 20: 5, 40: 5]), firstShard: 15, rowLimit: nil)
        var visited: [Int32] = []
        while let assignment = await schedule.next(batchSize: 1) { visited += assignment.positions.map(\.shard) }
        #expect(visited == [10, 20, 40, 3])
    }

    @Test("fills a batch from several shards and goes on where the last one was left")
    func fillsBatch() async throws {
        let schedule = ShardSchedule(page(counts: [1: 6, 2: 5, 3: 4]), firstShard: 0, rowLimit: nil)
        let first = try #require(await schedule.next(batchSize: 8))
        #expect(first.positions.map(\.shard) == [1, 2])
        #expect(first.keys(of: [1, 2]) == (0..<6).map { [1, $0] } + [[2, 0], [2, 1]])
        await schedule.finish(first, read(first, granted: [1, 2]).reading)
        let second = try #require(await schedule.next(batchSize: 8))
        #expect(second.positions.map(\.shard) == [3, 2])
        #expect(second.keys(of: [2]) == [[2, 2], [2, 3], [2, 4]])
    }

    @Test("leaves shards that were not granted to whoever holds them")
    func skipsForeignShards() async throws {
        let schedule = ShardSchedule(page(counts: [1: 4, 2: 3]), firstShard: 0, rowLimit: nil)
        let first = try #require(await schedule.next(batchSize: 7))
        #expect(first.positions.map(\.shard) == [1, 2])
        #expect(first.keys(of: [2]) == [[2, 0], [2, 1], [2, 2]])
        await schedule.finish(first, read(first, granted: [2]).reading)
        #expect(await schedule.next(batchSize: 7) == nil)
    }

    @Test(
        "asks for more keys than it wants rows where another process has been, and keeps those that were not looked at")
    func widens() async throws {
        let schedule = ShardSchedule(page(counts: [1: 100]), firstShard: 0, rowLimit: nil)
        // Somebody else has embedded the first fifty.
        let qualifies = { (key: RowKey) in key.bytes[1] >= 50 }
        let first = try #require(await schedule.next(batchSize: 10))
        #expect(first.keys(of: [1]).count == 10)
        await schedule.finish(first, read(first, granted: [1], qualifying: qualifies).reading)
        let second = try #require(await schedule.next(batchSize: 10))
        #expect(second.keys(of: [1]).count == 80)
        let (found, reading) = read(second, granted: [1], qualifying: qualifies)
        #expect(found == (50..<60).map { [1, $0] })
        await schedule.finish(second, reading)
        let third = try #require(await schedule.next(batchSize: 10))
        #expect(third.keys(of: [1]).first == [1, 60])
    }
}

extension RowKey: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: UInt8...) {
        self.init(elements)
    }
}
