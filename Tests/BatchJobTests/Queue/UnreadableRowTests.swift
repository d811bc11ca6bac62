import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// Rows that the server cannot read; the description of the table is one that it computes from another column.
@Suite("A row that cannot be read", .requiresPostgres, .timeLimit(.minutes(30)))
struct UnreadableRowTests {
    private static let entries = """
        SELECT concat_ws(' ', dataset_id, error_class, error_code, attempts, next_attempt_at - last_failed_at)
        FROM embedding_failure ORDER BY dataset_id
        """

    /// As many rows, some of which have no number where the description needs one.
    private func withRows(
        _ count: Int, unreadable: String, _ body: (DatasetFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                ALTER TABLE datasets DROP description, ADD payload jsonb;
                ALTER TABLE datasets ADD description text GENERATED ALWAYS AS ((payload->>'n')::int::text) VIRTUAL;
                INSERT INTO datasets (title, payload, enrichment_status)
                    SELECT 'Dataset ' || i, jsonb_build_object('n', i), 'enriched' FROM generate_series(1, \(count)) i;
                UPDATE datasets SET payload = '{"n": "SECRET-TEXT"}' WHERE \(unreadable)
                """)
            try await body(fixture)
        }
    }

    private func expectSilence(_ log: RecordedLog) {
        let words = log.entries(containing: "").flatMap { [$0.message] + Array($0.values.values) }
        #expect(!words.isEmpty && !words.contains { $0.contains("SECRET") })
    }

    @Test("is blamed by its code alone, and all others get their vectors", arguments: [1, 7, 100], [1, 2])
    func drained(batchSize: Int, connections: Int) async throws {
        try await withRows(40, unreadable: "id IN (1, 17, 18, 40)") { fixture in
            let checker = try await InvariantChecker(fixture)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), connections: connections, log: log.logger) {
                $0.batchSize = batchSize
            }
            #expect(report.processed == 36 && report.failed == 4 && report.exitReason == .drained)
            #expect(report.remaining == 0 && report.quarantined == 4)
            let entries = [1, 17, 18, 40].map { "\($0) READ 22P02 1 00:30:00" }
            #expect(try await fixture.database.texts(Self.entries) == entries)
            let rows = log.entries("row failed").map(\.values)
            #expect(rows.count == 4 && rows.contains(["row": "17", "failure": "READ", "code": "22P02"]))
            expectSilence(log)
            try await checker.expectIntact(report)
        }
    }

    @Test("is held back without being looked at, and tried again when its time has come")
    func heldBack() async throws {
        try await withRows(20, unreadable: "id = 7") { fixture in
            #expect(try await fixture.drain(StubEncoder()).failed == 1)
            let second = try await fixture.drain(StubEncoder())
            #expect(second.failed == 0 && second.quarantined == 1 && second.exitReason == .drained)
            #expect(try await fixture.status().ledger?.quarantined == 1)

            try await fixture.database.run("UPDATE embedding_failure SET next_attempt_at = now() - interval '1 s'")
            #expect(try await fixture.drain(StubEncoder()).failed == 1)
            #expect(try await fixture.database.texts(Self.entries) == ["7 READ 22P02 2 01:00:00"])

            try await fixture.database.run(
                """
                UPDATE datasets SET payload = '{"n": 7}' WHERE id = 7;
                UPDATE embedding_failure SET next_attempt_at = now() - interval '1 s'
                """)
            let mended = try await fixture.drain(StubEncoder())
            #expect(mended.processed == 1 && mended.quarantined == 0)
            #expect(try await fixture.database.texts(Self.entries) == [])
        }
    }

    @Test("and was blamed for its write before ends no run")
    func blamedBefore() async throws {
        try await withRows(20, unreadable: "false") { fixture in
            try await fixture.database.run("ALTER TABLE datasets ADD CHECK (id <> 7 OR embedding IS NULL)")
            #expect(try await fixture.drain(StubEncoder()).failed == 1)
            #expect(try await fixture.database.texts(Self.entries) == ["7 WRITE 23514 1 00:30:00"])
            try await fixture.database.run("UPDATE datasets SET payload = '{\"n\": \"x\"}' WHERE id = 7")
            let report = try await fixture.drain(StubEncoder())
            #expect(report.failed == 1 && report.quarantined == 1 && report.exitReason == .drained)
            #expect(try await fixture.database.texts(Self.entries) == ["7 READ 22P02 1 00:30:00"])
        }
    }

    @Test("is blamed once a run without a ledger, too")
    func only() async throws {
        try await withRows(3, unreadable: "true") { fixture in
            try await fixture.database.run("DROP TABLE embedding_failure")
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 0 && report.failed == 3 && report.exitReason == .drained)
        }
    }

    @Test("is no fault of the row where no row can be read")
    func allRows() async throws {
        try await withRows(60, unreadable: "true") { fixture in
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == 0 && report.exitReason == .noSuccess)
            expectSilence(log)
        }
    }

    @Test("is counted by a dry run as one that would fail")
    func forecast() async throws {
        try await withRows(20, unreadable: "id = 7") { fixture in
            let log = RecordedLog()
            let report = try await fixture.forecast(StubEncoder(), log: log.logger)
            #expect(report.exitReason == .dryRun && report.remaining == 20 && report.tokens > 0)
            let row = ["row": "7", "failure": "READ", "code": "22P02"]
            #expect(log.entries("row would fail").map(\.values) == [row])
            #expect(log.entries("dry run").first?.values["rows"] == "20")
            expectSilence(log)
        }
    }

    @Test("counts as different in a verification, which looks at the others")
    func verified() async throws {
        try await withRows(20, unreadable: "false") { fixture in
            #expect(try await fixture.drain(StubEncoder()).processed == 20)
            try await fixture.database.run("UPDATE datasets SET payload = '{\"n\": \"SECRET\"}' WHERE id = 7")
            let log = RecordedLog()
            let report = try await fixture.verify(StubEncoder(), log: log.logger)
            #expect(report.exact == 19 && report.different == 1 && report.exitReason == .findings)
            #expect(report.states == nil)
            let row = ["row": "7", "failure": "READ", "code": "22P02"]
            #expect(log.entries("row cannot be read").map(\.values) == [row])
            expectSilence(log)
        }
    }

    @Test("because a character has no equivalent costs that row alone")
    func unconvertible() async throws {
        try await withTemporaryDatabase(encoding: "WIN1252") { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            try await database.run(
                """
                INSERT INTO datasets (title, enrichment_status)
                VALUES ('bad ' || convert_from('\\x81', 'WIN1252'), 'enriched'), ('Caf\u{E9}', 'enriched')
                """)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger)
            #expect(report.processed == 21 && report.failed == 1 && report.exitReason == .drained)
            #expect(try await database.texts(Self.entries) == ["21 READ 22P05 1 00:30:00"])
            #expect(try await fixture.verify(StubEncoder()).exact == 21)
        }
    }

    @Test("and keeps pending rows from being listed ends the run with 78, by its code alone")
    func unlistable() async throws {
        try await withRows(20, unreadable: "id = 7") { fixture in
            try await fixture.database.run(
                """
                ALTER TABLE datasets DROP is_active;
                ALTER TABLE datasets ADD is_active boolean GENERATED ALWAYS AS ((payload->>'n')::int > 0) VIRTUAL
                """)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger)
            #expect(report.exitReason == .configuration && report.failed == 0)
            let reason = log.entries("run ended early").first?.values["error"]
            #expect(reason?.contains("SQLSTATE 22P02") == true)
            expectSilence(log)
        }
    }
}
