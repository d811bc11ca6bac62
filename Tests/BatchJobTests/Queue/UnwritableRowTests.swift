import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// Rows that are read, encoded and not written, though nothing fails.
@Suite("A row that is not written", .requiresPostgres, .timeLimit(.minutes(30)))
struct UnwritableRowTests {
    /// Enables row-level security with policies for everybody, and hands out the role's URL.
    private func withPolicies(
        _ policies: [String], rows: Int = 30,
        _ body: (_ fixture: DatasetFixture, _ role: String, _ url: String) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(rows)
            try await database.withEmbedder { role, url in
                try await database.run("ALTER TABLE datasets ENABLE ROW LEVEL SECURITY")
                for (number, policy) in policies.enumerated() {
                    try await database.run("CREATE POLICY p\(number) ON datasets \(policy)")
                }
                try await body(fixture, role, url)
            }
        }
    }

    // MARK: - Locks

    @Test("because it is locked counts once a run, however many passes meet it", arguments: [false, true])
    func locked(isRestricted: Bool) async throws {
        let policies = isRestricted ? ["USING (true)"] : []
        try await withPolicies(policies) { fixture, _, url in
            if !isRestricted { try await fixture.database.run("ALTER TABLE datasets DISABLE ROW LEVEL SECURITY") }
            let application = try await fixture.database.connect()
            try await application.executeScript(
                .init(name: "lock", sql: "BEGIN; SELECT FROM datasets WHERE id <= 10 FOR UPDATE"))
            let report = try await fixture.drain(StubEncoder(), url: url) { $0.batchSize = 12 }
            #expect(report.processed == 20 && report.failed == 0 && report.exitReason == .drained)
            #expect(report.skippedLocked == 10 && report.skippedStale == 0 && report.remaining == 10)
            await application.close()
            #expect(try await fixture.drain(StubEncoder(), url: url).processed == 10)
        }
    }

    @Test("because it is edited each time counts once a run")
    func stale() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let batches = Recorder()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.contains("number 5") }) else { return }
                await batches.add(["batch"])
                guard await batches.texts.count <= 3 else { return }
                try await database.run("UPDATE datasets SET title = title || '.' WHERE id = 5")
                // Otherwise the second pass would have nothing to show for.
                try await fixture.insert(1, titled: "New")
            }
            let report = try await fixture.drain(encoder, connections: 1)
            #expect(report.processed == 23 && report.skippedStale == 1 && report.failed == 0)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 23)
        }
    }

    // MARK: - Triggers

    @Test("because a trigger suppresses the update is blamed, not taken for locked")
    func suppressed() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            try await database.run(
                """
                CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                CREATE TRIGGER skip BEFORE UPDATE ON datasets FOR EACH ROW WHEN (NEW.id <= 10) EXECUTE FUNCTION skip()
                """)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 7 }
            #expect(report.processed == 20 && report.failed == 10 && report.exitReason == .drained)
            #expect(report.skippedLocked == 0 && report.skippedStale == 0)
            #expect(report.remaining == 0 && report.quarantined == 10)
            let codes = "SELECT DISTINCT error_class || error_code FROM embedding_failure"
            #expect(try await database.texts(codes) == ["WRITESUPPRESSED"])
            #expect(log.entries(containing: "triggers keep them away").count == 1)
            #expect(try await fixture.drain(StubEncoder()).failed == 0)
        }
    }

    @Test("because a trigger suppresses the update of its partition is blamed, and the trigger is named")
    func suppressedInPartition() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                DROP TABLE datasets;
                CREATE TABLE datasets (id bigint PRIMARY KEY, title text, description text, enrichment_status text,
                    is_active boolean, embedding vector(4)) PARTITION BY RANGE (id);
                CREATE TABLE low PARTITION OF datasets FOR VALUES FROM (1) TO (6);
                CREATE TABLE high PARTITION OF datasets FOR VALUES FROM (6) TO (99);
                INSERT INTO datasets SELECT i, 'Title ' || i, NULL, 'enriched', true FROM generate_series(1, 20) i;
                CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                CREATE TRIGGER skip BEFORE UPDATE ON low FOR EACH ROW EXECUTE FUNCTION skip()
                """)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger)
            #expect(report.processed == 15 && report.failed == 5 && report.exitReason == .drained)
            let warnings = log.entries(containing: "triggers keep them away").map(\.values)
            #expect(warnings.map { $0["triggers"] } == ["skip on low"])
        }
    }

    // MARK: - Row-level security

    @Test(
        "because no policy lets the role update any ends the run with 78 and the policy to create",
        arguments: [
            ["FOR SELECT USING (true)"],
            // Without USING it finds no row to check.
            ["FOR SELECT USING (true)", "FOR UPDATE WITH CHECK (true)"],
            ["FOR SELECT USING (true)", "FOR UPDATE TO pg_monitor USING (true)"],
            ["FOR SELECT USING (true)", "AS RESTRICTIVE FOR UPDATE USING (true)"],
        ])
    func noUpdatePolicy(policies: [String]) async throws {
        try await withPolicies(policies) { fixture, role, url in
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
            #expect(report.exitReason == .configuration && report.exitReason.exitCode == 78)
            #expect(report.processed == 0 && report.failed == 0 && report.skippedLocked == 0)
            #expect(try await fixture.database.number("SELECT count(*) FROM embedding_failure") == 0)
            let error = try #require(log.entries("run ended early").first?.values["error"])
            let remedy = try #require(error.firstMatch(of: /CREATE POLICY [^,]*USING \(true\)/)).output
            #expect(remedy.contains("TO \(role) "))
            try await fixture.database.run(String(remedy))
            let rerun = try await fixture.drain(StubEncoder(), url: url)
            #expect(rerun.processed == 30 && rerun.failed == 0)
        }
    }

    @Test(
        "because a policy may hide it is warned of, and there is no warning where none can",
        arguments: [
            (["USING (true)"], false),
            (["USING (id > 7)", "FOR SELECT USING (true)", "FOR UPDATE USING (true)"], false),
            (["USING (true)", "AS RESTRICTIVE FOR SELECT USING (true)"], false),
            (["USING (true)", "AS RESTRICTIVE FOR SELECT TO pg_monitor USING (id > 7)"], false),
            (["USING (id > 0)"], true), (["FOR SELECT TO pg_monitor USING (true)", "USING (id > 0)"], true),
            (["USING (true)", "AS RESTRICTIVE FOR SELECT USING (id > 0)"], true),
            (["USING (true)", "AS RESTRICTIVE USING (id > 0)"], true),
        ])
    func hiddenRows(policies: [String], isWarned: Bool) async throws {
        try await withPolicies(policies) { fixture, _, url in
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
            #expect(report.processed == 30 && report.exitReason == .drained)
            #expect(log.entries(containing: "row-level security may hide rows").isEmpty == !isWarned)
        }
    }

    @Test("because a policy denies its update is blamed, and one that is locked is not")
    func somePolicy() async throws {
        try await withPolicies(["FOR SELECT USING (true)", "FOR UPDATE USING (id > 10)"]) { fixture, _, url in
            let application = try await fixture.database.connect()
            try await application.executeScript(
                .init(name: "lock", sql: "BEGIN; SELECT FROM datasets WHERE id IN (5, 6, 25, 26) FOR UPDATE"))
            let report = try await fixture.drain(StubEncoder(), url: url) { $0.batchSize = 30 }
            #expect(report.processed == 18 && report.failed == 10 && report.exitReason == .drained)
            #expect(report.skippedLocked == 2 && report.skippedStale == 0)
            #expect(report.remaining == 2 && report.quarantined == 10)
            let codes = "SELECT string_agg(dataset_id || error_code, ' ' ORDER BY dataset_id) FROM embedding_failure"
            let expected = (1...10).map { "\($0)POLICY" }.joined(separator: " ")
            #expect(try await fixture.database.texts(codes) == [expected])
            await application.close()
            let rerun = try await fixture.drain(StubEncoder(), url: url)
            #expect(rerun.processed == 2 && rerun.failed == 0)
        }
    }

    @Test("because the row with its vector violates a policy is blamed alone")
    func violatesPolicy() async throws {
        let policies = ["FOR SELECT USING (true)", "FOR UPDATE USING (true) WITH CHECK (id <> 7)"]
        try await withPolicies(policies) { fixture, _, url in
            let report = try await fixture.drain(StubEncoder(), url: url) { $0.batchSize = 30 }
            #expect(report.processed == 29 && report.failed == 1 && report.exitReason == .drained)
            let codes = try await fixture.database.texts("SELECT dataset_id || error_code FROM embedding_failure")
            #expect(codes == ["742501"])
        }
    }

    @Test("because a policy hides rows that have their vector is told by the server")
    func hiddenOnceWritten() async throws {
        try await withPolicies(["USING (embedding IS NULL OR id > 3)"]) { fixture, _, url in
            let report = try await fixture.drain(StubEncoder(), url: url) { $0.batchSize = 30 }
            #expect(report.processed == 27 && report.failed == 3 && report.exitReason == .drained)
        }
    }
}
