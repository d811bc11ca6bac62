import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("A drain", .requiresPostgres)
struct DrainTests {
    let encoder = StubEncoder()

    @Test("gives every eligible row its own vector and leaves the others alone")
    func drainsEligibleRows() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(250)
            try await database.run(
                """
                INSERT INTO datasets (title, enrichment_status, is_active, embedding) VALUES
                    ('not enriched', 'pending', true, NULL), ('inactive', 'enriched', false, NULL),
                    ('embedded before', 'enriched', true, '[1,0,0,0]')
                """)
            let report = try await fixture.drain(encoder)
            #expect(report.exitReason == .drained)
            #expect(report.processed == 250)
            #expect(report.failed == 0 && report.skippedStale == 0 && report.skippedLocked == 0)
            #expect(report.remaining == 0)
            try await database.run(
                "UPDATE datasets SET embedding = NULL WHERE title = 'embedded before' AND embedding = '[1,0,0,0]'")
            #expect(try await fixture.expectNoStaleVector(encoder) == 250)
        }
    }

    @Test("finds nothing to do the second time")
    func secondRunDoesNothing() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            _ = try await fixture.drain(encoder)
            let second = try await fixture.drain(encoder)
            #expect(second.processed == 0 && second.failed == 0 && second.exitReason == .drained)
        }
    }

    @Test(
        "reads every row once, whatever the batch size and the number of connections", arguments: [1, 7, 64, 1000],
        [1, 3])
    func encodesEachRowOnce(batchSize: Int, connections: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(150)
            let seen = Recorder()
            let encoder = StubEncoder { texts in await seen.add(texts.filter { $0.hasPrefix("Dataset") }) }
            let report = try await fixture.drain(encoder, connections: connections) { $0.batchSize = batchSize }
            #expect(report.processed == 150)
            let texts = await seen.texts
            #expect(texts.count == 150 && Set(texts).count == 150)
            #expect(await seen.largestBatch <= batchSize)
        }
    }

    @Test("stops at the limit and says how many rows remain")
    func obeysLimit() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(50)
            let report = try await fixture.drain(encoder) { ($0.batchSize, $0.limit) = (8, 20) }
            #expect(report.processed == 20 && report.exitReason == .limit && report.remaining == 30)
        }
    }

    @Test("works with keys of every supported type", arguments: ["int", "bigint", "uuid", "text"])
    func supportsKeyTypes(type: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let key = type == "uuid" ? "gen_random_uuid()" : "i::\(type)"
            try await database.run(
                """
                DROP TABLE datasets;
                CREATE TABLE datasets (id \(type) PRIMARY KEY, title text, description text, enrichment_status text,
                    is_active boolean, embedding vector(4));
                INSERT INTO datasets
                SELECT \(key), 'Title ' || i, NULL, 'enriched', true, NULL FROM generate_series(1, 90) AS i
                """)
            let report = try await fixture.drain(encoder) { $0.batchSize = 16 }
            #expect(report.processed == 90)
            #expect(try await fixture.expectNoStaleVector(encoder) == 90)
        }
    }

    @Test("writes half-precision columns")
    func writesHalfVectors() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run("ALTER TABLE datasets ALTER COLUMN embedding TYPE halfvec(4)")
            try await fixture.insert(10)
            #expect(try await fixture.drain(encoder).processed == 10)
            #expect(try await fixture.pending() == 0)
        }
    }

    @Test("asks for no column and no privilege beyond those it documents")
    func runsWithLeastPrivilege() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            try await database.withRole { role, url in
                try await database.run(
                    """
                    GRANT USAGE ON SCHEMA public TO \(role);
                    GRANT SELECT (id, title, description, enrichment_status, is_active, embedding), UPDATE (embedding)
                        ON datasets TO \(role)
                    """)
                let report = try await fixture.drain(encoder, url: url)
                #expect(report.processed == 40)
            }
        }
    }

    @Test(
        "takes a status for what it is, whatever it looks like",
        arguments: ["{ID}", "ready {TITLE}", "{STATUS_VALUE}", "{TABLE_OID}", "it's {ELIGIBLE}", "a' or true --"])
    func odd(status: String) async throws {
        try await withTemporaryDatabase { database in
            var names = DatasetNames()
            (names.statusValue, names.title) = (status, "a' or true --")
            let fixture = try await DatasetFixture(database, names: names)
            _ = try await database.query(
                """
                INSERT INTO datasets ("a' or true --", enrichment_status) VALUES ('One', $1), ('Two', 'other')
                """, [.text(status)])
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 1 && report.exitReason == .drained)
            #expect(try await database.texts("SELECT id FROM datasets WHERE embedding IS NOT NULL") == ["1"])
        }
    }
}

/// Collects the texts that an encoder was given.
actor Recorder {
    private(set) var texts: [String] = []
    private(set) var largestBatch = 0

    func add(_ batch: [String]) {
        texts += batch
        largestBatch = max(largestBatch, batch.count)
    }
}
