import BatchJob
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("A row that cannot be embedded", .requiresPostgres)
struct PoisonRowTests {
    @Test("is counted and costs none of its neighbors their vector", arguments: StubEncoder.Marker.allCases)
    func encoderFailure(marker: StubEncoder.Marker) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            try await database.run("UPDATE datasets SET description = '\(marker.rawValue)' WHERE id = 17")
            let report = try await fixture.drain(StubEncoder()) { $0.batchSize = 60 }
            #expect(report.processed == 59 && report.failed == 1 && report.exitReason == .drained)
            #expect(report.remaining == 0 && report.quarantined == 1)
            try await fixture.expectNoStaleVector(StubEncoder())
        }
    }

    @Test("is found when the database refuses its write")
    func writeFailure() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            try await database.run(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation'; END $$;
                CREATE TRIGGER refuse BEFORE UPDATE ON datasets FOR EACH ROW WHEN (NEW.id IN (3, 44)) EXECUTE FUNCTION refuse()
                """)
            let report = try await fixture.drain(StubEncoder()) { $0.batchSize = 60 }
            #expect(report.processed == 58 && report.failed == 2 && report.exitReason == .drained)
        }
    }

    @Test("is one without any text, and is tried once a run", arguments: ["''", "E' \\t\\n'", "NULL"])
    func emptyText(title: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                ALTER TABLE datasets ALTER COLUMN title DROP NOT NULL;
                INSERT INTO datasets (title, description, enrichment_status)
                VALUES (\(title), \(title), 'enriched'), ('fine', NULL, 'enriched'), (NULL, 'only this', 'enriched')
                """)
            let report = try await fixture.drain(StubEncoder()) { $0.batchSize = 1 }
            #expect(report.processed == 2 && report.failed == 1)
            try await fixture.expectNoStaleVector(StubEncoder())
        }
    }

    @Test("without any text starves no other, however many there are", arguments: [true, false], [nil, 15])
    func manyEmptyTexts(hasLedger: Bool, limit: Int?) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            if !hasLedger { try await database.run("DROP TABLE embedding_failure") }
            try await fixture.insert(300)
            try await database.run("UPDATE datasets SET title = '', description = NULL")
            try await fixture.insert(20)
            let forecast = try await fixture.forecast(StubEncoder()) { ($0.batchSize, $0.limit) = (10, limit) }
            #expect(forecast.exitReason == .dryRun && forecast.tokens > 0)
            let report = try await fixture.drain(StubEncoder()) { ($0.batchSize, $0.limit) = (10, limit) }
            // Rows without text cost nothing, so a limit is not about them.
            #expect(report.processed == limit ?? 20)
            #expect(report.exitReason == (limit == nil ? .drained : .limit))
            if limit == nil { #expect(report.failed == 300) }
            let rest = try await fixture.drain(StubEncoder()) { $0.batchSize = 10 }
            #expect(report.processed + rest.processed == 20 && rest.exitReason == .drained)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 20)
        }
    }

    @Test("without any text needs no other that has some")
    func onlyEmptyTexts() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            try await database.run("UPDATE datasets SET title = ' ', description = NULL")
            let report = try await fixture.drain(StubEncoder())
            #expect(report.failed == 60 && report.processed == 0 && report.exitReason == .drained)
        }
    }

    @Test("is not blamed when the encoder no longer works at all")
    func brokenMachine() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            let once = Once()
            let encoder = StubEncoder { _ in
                // The canary of the start passes, everything after it fails.
                if await !once.first() { throw StubEncoder.Failure() }
            }
            let report = try await fixture.drain(encoder)
            #expect(report.exitReason == .canary && report.exitReason.exitCode == 70)
            #expect(report.processed == 0 && report.failed == 0)
        }
    }

    @Test("ends the run when many fail and none succeeds")
    func nothingSucceeds() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60, titled: StubEncoder.Marker.zero.rawValue)
            let report = try await fixture.drain(StubEncoder())
            #expect(report.exitReason == .noSuccess && report.exitReason.exitCode == 70)
        }
    }
}
