import BatchJob
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("A side table that cannot be used", .requiresPostgres)
struct SideTableTests {
    /// Why it cannot.
    enum Defect: String, CaseIterable, Sendable {
        case absent = "DROP TABLE TABLE_NAME"
        case notReadable = "REVOKE SELECT ON TABLE_NAME FROM ROLE_NAME"
        case notWritable = "REVOKE INSERT ON TABLE_NAME FROM ROLE_NAME"
        case otherKeyType = "ALTER TABLE TABLE_NAME ALTER COLUMN dataset_id TYPE text"
        case columnMissing = "ALTER TABLE TABLE_NAME DROP COLUMN model_fingerprint"

        func sql(_ table: String, _ role: String) -> String {
            rawValue.replacing("TABLE_NAME", with: table).replacing("ROLE_NAME", with: role)
        }
    }

    @Test(
        "is done without, after one warning", arguments: ["embedding_failure", "embedding_state"], Defect.allCases)
    func isDoneWithout(table: String, defect: Defect) async throws {
        try await withPoisonedTable { fixture, role, url in
            try await fixture.database.run(defect.sql(table, role))
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
            #expect(report.processed == 59 && report.failed == 1 && report.exitReason == .drained)
            let isLedger = table == "embedding_failure"
            #expect(report.quarantined == (isLedger ? nil : 1))
            // Without the ledger the next run tries the row again.
            #expect(report.remaining == (isLedger ? 1 : 0))
            let warnings = log.entries(containing: "going on without")
            #expect(warnings.map(\.message) == ["going on without the side table \(table)"])
            let rerun = try await fixture.drain(StubEncoder(), url: url)
            #expect(rerun.processed == 0 && rerun.failed == (isLedger ? 1 : 0))
        }
    }

    /// What happens to a table after the preflight has found it.
    enum Loss: String, CaseIterable, Sendable {
        /// Before the first claim; a claim keeps the ledger from being dropped.
        case ledgerDropped = "DROP TABLE embedding_failure"
        case bothDropped = "DROP TABLE embedding_failure, embedding_state"
        /// Between read and write.
        case stateDropped = "DROP TABLE embedding_state"
        case ledgerRevoked = "REVOKE ALL ON embedding_failure FROM ROLE_NAME"
        case stateRevoked = "REVOKE UPDATE ON embedding_state FROM ROLE_NAME"
        case stateAltered = "ALTER TABLE embedding_state DROP COLUMN tokens_lost"

        var isBeforeClaim: Bool { self == .ledgerDropped || self == .bothDropped }
        var lost: Set<String> {
            switch self {
            case .ledgerDropped, .ledgerRevoked: ["embedding_failure"]
            case .stateDropped, .stateRevoked, .stateAltered: ["embedding_state"]
            case .bothDropped: ["embedding_failure", "embedding_state"]
            }
        }
    }

    @Test("may be lost in the middle of a run", arguments: Loss.allCases)
    func mayBeLost(loss: Loss) async throws {
        try await withPoisonedTable { fixture, role, url in
            let checker = try await InvariantChecker(fixture)
            let once = Once()
            let seen = Recorder()
            let encoder = StubEncoder { texts in
                await seen.add(texts.filter { $0.hasPrefix("Dataset") && !$0.contains("MARKER") })
                let isCanary = !texts.contains { $0.hasPrefix("Dataset") }
                guard isCanary == loss.isBeforeClaim, await once.first() else { return }
                try await fixture.database.run(loss.rawValue.replacing("ROLE_NAME", with: role))
            }
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, connections: 2, url: url, log: log.logger) {
                $0.batchSize = 20
            }
            #expect(report.processed == 59 && report.failed == 1 && report.exitReason == .drained)
            #expect(try await checker.firstVectors() == 59)
            #expect(await seen.texts.count == 59)
            #expect((report.quarantined == nil) == loss.lost.contains("embedding_failure"))
            let warnings = log.entries(containing: "going on without").map(\.message)
            let expected = loss.lost.map { "going on without the side table \($0)" }
            #expect(warnings.sorted() == expected.sorted())
        }
    }

    @Test("because a column was dropped is done without until the schema is applied again")
    func columnDropped() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            _ = try await fixture.drain(StubEncoder())
            try await database.run("ALTER TABLE embedding_state DROP COLUMN tokens_lost")
            try await fixture.insert(1, titled: "New")

            let log = RecordedLog()
            let failure = await #expect(throws: RunFailure.self) {
                try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            }
            #expect(failure?.reason == .configuration && failure?.description.contains("embedding_state") == true)
            #expect(try await fixture.forecast(StubEncoder(), log: log.logger).remaining == 1)
            #expect(try await fixture.drain(StubEncoder(), log: log.logger).processed == 1)
            let warnings = log.entries("going on without the side table embedding_state").map(\.values)
            #expect(warnings.map { $0["error"] } == Array(repeating: "it has no column tokens_lost", count: 2))
            #expect(warnings.allSatisfy { $0["remedy"]?.contains("embedding-job schema --apply") == true })
            // What only reads does not need the column.
            #expect(try await fixture.status(log: log.logger).provenance?.vectors.map(\.count) == [20])
            #expect(log.entries(containing: "leaving out").isEmpty)

            _ = try await DatasetFixture(database)
            #expect(try await database.number("SELECT sum(tokens_lost) FROM embedding_state") == 0)
            try await database.run("UPDATE datasets SET description = repeat('x', 1500) WHERE id = 3")
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.replacesOutdated = true }
            #expect(report.processed == 1 && report.tokensLost == 520)
            #expect(try await database.number("SELECT sum(tokens_lost) FROM embedding_state") == 520)
            #expect(log.entries(containing: "going on without").count == 2)
        }
    }

    @Test("for want of any one of its columns is done without", arguments: ["embedding_failure", "embedding_state"])
    func lacksColumn(table: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let columns = try await database.texts(
                """
                SELECT attname FROM pg_attribute WHERE attrelid = '\(table)'::regclass AND attnum > 0
                    AND attname NOT IN ('table_name', 'dataset_id') ORDER BY attnum
                """)
            #expect(columns.count >= 7)
            for column in columns {
                try await fixture.insert(2, titled: column)
                try await database.run(
                    """
                    UPDATE datasets SET description = '\(StubEncoder.Marker.zero.rawValue)' WHERE title = '\(column) 2';
                    ALTER TABLE \(table) RENAME COLUMN \(column) TO other
                    """)
                let log = RecordedLog()
                let report = try await fixture.drain(StubEncoder(), log: log.logger)
                #expect(report.processed == 1 && report.exitReason == .drained, "\(column)")
                let warnings = log.entries("going on without the side table \(table)")
                #expect(warnings.map { $0.values["error"] } == ["it has no column \(column)"])
                _ = try await fixture.status()
                #expect(try await fixture.verify(StubEncoder()).exitReason == .verified, "\(column)")
                try await database.run(
                    """
                    DELETE FROM datasets WHERE title = '\(column) 2';
                    ALTER TABLE \(table) RENAME COLUMN other TO \(column)
                    """)
            }
        }
    }

    @Test("because row-level security closes it is done without, until the policy exists that the warning names")
    func rowLevelSecurity() async throws {
        try await withPoisonedTable { fixture, role, url in
            let tables = ["embedding_failure", "embedding_state"]
            for table in tables { try await fixture.database.run("ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY") }
            // A policy for others, or for less than is done, does not open the table.
            try await fixture.database.run(
                """
                CREATE POLICY look ON embedding_state FOR SELECT TO \(role) USING (true);
                CREATE POLICY others ON embedding_failure TO postgres USING (true)
                """)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
            #expect(report.processed == 59 && report.failed == 1 && report.exitReason == .drained)
            #expect(report.quarantined == nil)
            for table in tables {
                let warnings = log.entries("going on without the side table \(table)").map(\.values)
                #expect(warnings.map { $0["error"] } == ["row-level security closes it to this role"])
                try await fixture.database.run(try #require(warnings.first?["remedy"]))
            }
            _ = try await fixture.status(url: url, log: log.logger)
            try await fixture.insert(1, titled: "New")
            let again = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
            #expect(again.processed == 1 && again.quarantined == 1)
            #expect(log.entries(containing: "going on without").count == 2)
            #expect(log.entries(containing: "leaving out").isEmpty)
        }
    }

    @Test("because row-level security hides its rows is left out by commands that read, which say so")
    func hiddenRows() async throws {
        try await withPoisonedTable { fixture, _, url in
            _ = try await fixture.drain(StubEncoder())
            try await fixture.database.run("ALTER TABLE embedding_state ENABLE ROW LEVEL SECURITY")
            let log = RecordedLog()
            let status = try await fixture.status(url: url, log: log.logger)
            #expect(status.provenance == nil && status.ledger?.quarantined == 1)
            let warnings = log.entries("leaving out the side table embedding_state").map(\.values)
            #expect(warnings.first?["remedy"]?.hasPrefix("CREATE POLICY") == true)
        }
    }

    @Test("is not blamed when the table itself is closed to the run")
    func tableItselfRevoked() async throws {
        try await withPoisonedTable { fixture, role, url in
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }) else { return }
                try await fixture.database.run("REVOKE UPDATE (embedding) ON datasets FROM \(role)")
            }
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, url: url, log: log.logger)
            #expect(report.exitReason == .configuration && report.exitReason.exitCode == 78 && report.processed == 0)
            #expect(report.remaining == nil && report.quarantined == nil)
            #expect(log.entries(containing: "going on without").isEmpty)
        }
    }

    /// What makes a side table refuse whatever is noted there, and what the warning says of it.
    enum Refusal: String, CaseIterable, Sendable {
        case column = "ALTER TABLE embedding_state ADD tenant int NOT NULL"
        case partition = """
            ALTER TABLE embedding_state RENAME TO former;
            CREATE TABLE embedding_state (LIKE former INCLUDING ALL) PARTITION BY LIST (table_name)
            """
        case trigger = """
            CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'SECRET'; END $$;
            CREATE TRIGGER no BEFORE INSERT ON embedding_state FOR EACH ROW EXECUTE FUNCTION no()
            """
        case statementTrigger = """
            CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'SECRET'; END $$;
            CREATE TRIGGER no BEFORE INSERT ON embedding_state FOR EACH STATEMENT EXECUTE FUNCTION no()
            """
        case ledgerTrigger = """
            CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'SECRET'; END $$;
            CREATE TRIGGER no BEFORE DELETE ON embedding_failure FOR EACH STATEMENT EXECUTE FUNCTION no()
            """

        var sideTable: String { self == .ledgerTrigger ? "embedding_failure" : "embedding_state" }
        var reason: String {
            switch self {
            case .column: "it refuses what is noted there, by column tenant of embedding_state (SQLSTATE 23502)"
            case .partition: "it refuses what is noted there, by table embedding_state (SQLSTATE 23514)"
            case .trigger, .statementTrigger, .ledgerTrigger: "it refuses what is noted there (SQLSTATE P0001)"
            }
        }
    }

    @Test(
        "that refuses whatever is noted there costs no row its vector, and is named once",
        arguments: Refusal.allCases, [1, 3, 60])
    func refusesEntries(refusal: Refusal, count: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(count)
            try await database.run(refusal.rawValue)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == count && report.failed == 0 && report.exitReason == .drained)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == count)
            let warnings = log.entries(containing: refusal.sideTable)
            let message = "storing vectors without what the side table \(refusal.sideTable) is to note about them"
            #expect(warnings.map(\.message) == [message])
            #expect(warnings.map { $0.values["error"] } == [refusal.reason])
            #expect(log.entries("row failed").isEmpty)
        }
    }

    @Test("that refuses what is noted about one row keeps the notes about all others")
    func refusesOneEntry() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            try await database.run("ALTER TABLE embedding_state ADD CHECK (dataset_id <> 7)")
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == 40 && report.failed == 0)
            #expect(try await database.number("SELECT count(*) FROM embedding_state") == 39)
            let warnings = log.entries(containing: "storing vectors without").map { $0.values["error"] }
            let constraint = "constraint embedding_state_dataset_id_check of embedding_state"
            #expect(warnings == ["it refuses what is noted there, by \(constraint) (SQLSTATE 23514)"])
        }
    }

    @Test("ends a run that replaces outdated vectors, which rests on it", arguments: [1, 2])
    func staleNeedsState(connections: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            _ = try await fixture.drain(StubEncoder())
            try await database.run("UPDATE datasets SET title = 'Edited' WHERE id = 1")
            try await fixture.insert(1, titled: "New")
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("New") }), await once.first() else { return }
                try await database.run("DROP TABLE embedding_state")
            }
            let report = try await fixture.drain(encoder, connections: connections) { $0.replacesOutdated = true }
            #expect(report.processed == 1 && report.exitReason == .configuration)
            #expect(try await checker.replacements() == 0)
        }
    }

    /// 60 rows, one of which cannot be embedded, and a role with the documented privileges.
    private func withPoisonedTable(
        _ body: (DatasetFixture, _ role: String, _ url: String) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            let poison = StubEncoder.Marker.zero.rawValue
            try await database.run("UPDATE datasets SET description = '\(poison)' WHERE id = 17")
            try await database.withEmbedder { role, url in try await body(fixture, role, url) }
        }
    }
}

extension TemporaryDatabase {
    /// Creates a role with the privileges that the job documents, and drops it afterwards.
    ///
    /// - Parameter settings: Defaults of the role's sessions, such as `lock_timeout = '1s'`.
    func withEmbedder(
        settings: [String] = [], _ body: (_ role: String, _ url: String) async throws -> Void
    ) async throws {
        try await withRole { role, url in
            try await run(
                """
                GRANT USAGE ON SCHEMA public TO \(role);
                GRANT SELECT (id, title, description, enrichment_status, is_active, embedding), UPDATE (embedding)
                    ON datasets TO \(role);
                GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_failure TO \(role);
                GRANT SELECT, INSERT, UPDATE ON embedding_state TO \(role);
                \(settings.map { "ALTER ROLE \(role) SET \($0);" }.joined())
                """)
            try await body(role, url)
        }
    }
}
