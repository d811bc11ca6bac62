import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing
import Tokenization

@Suite("Rows with the same text", .requiresPostgres)
struct DeduplicationTests {
    @Test("are encoded once a run, within a batch and across batches", arguments: [10, 33, 100])
    func encodesOnce(batchSize: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(70)
            try await database.run(
                """
                INSERT INTO datasets (title, description, enrichment_status)
                SELECT title, description, enrichment_status FROM datasets WHERE id <= 30
                """)
            let seen = Recorder()
            let encoder = StubEncoder { texts in await seen.add(texts.filter { $0.hasPrefix("Dataset") }) }
            let report = try await fixture.drain(encoder, connections: 1) { $0.batchSize = batchSize }
            #expect(report.processed == 100 && report.deduplicated == 30)
            let texts = await seen.texts
            #expect(texts.count == 70 && Set(texts).count == 70)
            // The stub's tokens are bytes, between two special ones.
            let tokens = texts.reduce(0) { $0 + $1.utf8.count + 2 }
            #expect(report.tokens == tokens)
            try await checker.expectIntact(report)
            #expect(try await fixture.expectNoStaleVector(encoder) == 100)
        }
    }

    @Test("up to the limit share a vector and keep count of their own lost tokens", arguments: [3, 50])
    func losesTokens(batchSize: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                INSERT INTO datasets (title, description, enrichment_status)
                SELECT 'Equal', repeat('x', 10 * i), 'enriched' FROM generate_series(1, 10) AS i
                """)
            // `Equal Equal ` and ten letters are read of each.
            let report = try await fixture.drain(CuttingEncoder(limit: 22), connections: 1) { $0.batchSize = batchSize }
            #expect(report.processed == 10 && report.deduplicated == 9)
            #expect(report.truncated == 9 && report.tokensLost == 10 * (1...9).reduce(0, +))
            let lost = "SELECT tokens_lost FROM embedding_state ORDER BY dataset_id"
            #expect(try await database.texts(lost) == (0..<10).map { String(10 * $0) })
            #expect(try await database.number("SELECT count(DISTINCT embedding) FROM datasets") == 1)
        }
    }

    @Test("are all to blame when it cannot be encoded", arguments: [StubEncoder.Marker.throwing, .zero], [3, 50])
    func blamesAll(marker: StubEncoder.Marker, batchSize: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(30)
            try await database.run(
                "UPDATE datasets SET title = '\(marker.rawValue)', description = NULL WHERE id IN (2, 3, 20, 29)")
            let report = try await fixture.drain(StubEncoder(), connections: 1) { $0.batchSize = batchSize }
            #expect(report.processed == 26 && report.failed == 4 && report.deduplicated == 0)
            let blamed = "SELECT dataset_id FROM embedding_failure ORDER BY 1"
            #expect(try await database.texts(blamed) == ["2", "3", "20", "29"])
            try await checker.expectIntact(report)
        }
    }
}

/// A stub that reads so many bytes of a text and no more.
private struct CuttingEncoder: TextEncoder {
    let stub = StubEncoder()
    let limit: Int

    var dimension: Int { stub.dimension }
    var normalizes: Bool { stub.normalizes }
    var deviceDescription: String { stub.deviceDescription }

    func tokenize(_ text: String) -> TokenizedText {
        let whole = stub.tokenize(text).ids
        let lost = max(0, whole.count - limit - 2)
        return TokenizedText(ids: Array(whole.prefix(limit + 1)) + whole.suffix(1), truncatedTokenCount: lost)
    }

    func encode(_ texts: [TokenizedText]) async throws -> [[Float]] {
        try await stub.encode(texts)
    }
}

@Suite("The cache of vectors")
struct VectorCacheTests {
    /// 400 bytes: 20 ids and 80 components.
    private func entry(_ number: Int) -> (key: [Int32], vector: [Float]) {
        ([Int32](repeating: Int32(number), count: 20), [Float](repeating: Float(number), count: 80))
    }

    @Test("keeps what came last and no more than its capacity")
    func isBounded() async {
        let cache = VectorCache(capacity: 40_000)
        for number in 0..<1000 {
            let (key, vector) = entry(number)
            await cache.insert([key: vector])
        }
        let found = await cache.vectors(for: (0..<1000).map { entry($0).key })
        // A hundred entries fill it; a generation may be one over its half.
        #expect((50...102).contains(found.count))
        let missing = (950..<1000).filter { found[entry($0).key] != entry($0).vector }
        #expect(missing == [])
        #expect(found[entry(0).key] == nil)
    }

    @Test("keeps what is asked for again and again")
    func keepsWhatIsUsed() async {
        let cache = VectorCache(capacity: 4000)
        let (favourite, vector) = entry(-1)
        await cache.insert([favourite: vector])
        for number in 0..<100 {
            let (key, other) = entry(number)
            await cache.insert([key: other])
            #expect(await cache.vectors(for: [favourite])[favourite] == vector)
        }
        #expect(await cache.vectors(for: [entry(0).key]).isEmpty)
    }
}
