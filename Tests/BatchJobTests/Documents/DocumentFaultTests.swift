import BatchJob
import DatasetSearch
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import Testing

/// Documents that cannot be written: no row loses its vector over them.
@Suite("Documents that cannot be written", .requiresPostgres, .timeLimit(.minutes(30)))
struct DocumentFaultTests {
    private static let goingOn = "going on without the side table embedding_document"
    private static let storing =
        "storing vectors without what the side table embedding_document is to note about them"
    private static let counted =
        "rows are found by their vectors alone, because the server can make no document of them"

    /// What a role lacks, and what the warning says of it.
    enum Lack: String, CaseIterable, Sendable {
        case everything = "REVOKE ALL ON embedding_document FROM ROLE_NAME"
        case reading = "REVOKE SELECT ON embedding_document FROM ROLE_NAME"
        case updating = "REVOKE UPDATE ON embedding_document FROM ROLE_NAME"
        case deleting = "REVOKE DELETE ON embedding_document FROM ROLE_NAME"
        case tags = "REVOKE SELECT (tags) ON datasets FROM ROLE_NAME"
        case sourceRef = "REVOKE SELECT (source_ref) ON datasets FROM ROLE_NAME"
        case policy = "ALTER TABLE embedding_document ENABLE ROW LEVEL SECURITY"
        case column = "ALTER TABLE embedding_document DROP COLUMN extras_hash"
        case key = "ALTER TABLE embedding_document DROP CONSTRAINT embedding_document_pkey"
        case keyType = "ALTER TABLE embedding_document ALTER COLUMN dataset_id TYPE text"
        case rule = "CREATE RULE no AS ON INSERT TO embedding_document DO INSTEAD NOTHING"

        func sql(_ role: String) -> String { rawValue.replacing("ROLE_NAME", with: role) }

        var reason: String {
            switch self {
            case .everything, .updating, .deleting: "this role may not write it"
            case .reading: "this role may not write it"
            case .tags, .sourceRef: "permission denied for table datasets"
            case .policy: "row-level security closes it to this role"
            case .column: "it has no column extras_hash"
            case .key: "it has no unique index over the columns of its key"
            case .keyType: "its dataset_id is not of the key's type"
            case .rule: "what is written to it is rewritten by the rules no"
            }
        }
    }

    @Test("for want of a right or a column are done without, after one warning", arguments: Lack.allCases)
    func lack(lack: Lack) async throws {
        try await withDocuments { fixture in
            try await fixture.insert(40)
            try await fixture.database.run("ALTER TABLE datasets ADD tags text[], ADD source_ref text")
            try await fixture.database.withEmbedder { role, url in
                try await fixture.database.run(
                    """
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_document TO \(role);
                    GRANT SELECT (source, source_ref, tags) ON datasets TO \(role);
                    \(lack.sql(role))
                    """)
                let log = RecordedLog()
                let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger) { $0.batchSize = 7 }
                #expect(report.exitReason == .drained && report.processed == 40 && report.failed == 0)
                let warnings = log.entries(containing: "side table")
                #expect(warnings.map(\.message) == [Self.goingOn])
                #expect(warnings.first?.values["error"] == lack.reason)
                #expect(try await fixture.database.number("SELECT count(*) FROM embedding_document") == 0)
                #expect(try await fixture.database.number("SELECT count(*) FROM embedding_state") == 40)
            }
        }
    }

    /// A dictionary of `english` that fails for some words, as one whose file has gone does.
    private func breakDictionary(_ fixture: DatasetFixture, for kind: String) async throws {
        try await fixture.database.run(
            """
            CREATE TEXT SEARCH DICTIONARY gone (TEMPLATE = synonym, SYNONYMS = synonym_sample);
            ALTER TEXT SEARCH CONFIGURATION pg_catalog.english ALTER MAPPING FOR \(kind) WITH gone;
            UPDATE pg_ts_dict SET dictinitoption = 'synonyms = ''absent''' WHERE dictname = 'gone'
            """)
    }

    @Test("because the server can make none of one row cost no row its vector, and are counted")
    func oneRow() async throws {
        try await withDocuments { fixture in
            try await fixture.insert(40)
            try await breakDictionary(fixture, for: "email")
            try await fixture.database.run("UPDATE datasets SET description = 'ask me@example.org' WHERE id = 7")
            for _ in 1...2 {
                let log = RecordedLog()
                let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 20 }
                #expect(report.exitReason == .drained && report.failed == 0)
                let warnings = log.entries(Self.counted).map(\.values)
                #expect(warnings.map { $0["rows"] } == ["1"] && warnings.first?["code"] == "F0000")
                #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 40)
                #expect(try await fixture.database.number("SELECT count(*) FROM embedding_state") == 40)
                #expect(try await fixture.database.number("SELECT count(*) FROM embedding_document") == 39)
            }
        }
    }

    @Test("because the server can make none of any row cost no row its vector", arguments: [1, 3, 60])
    func allRows(count: Int) async throws {
        try await withDocuments { fixture in
            try await fixture.insert(count)
            try await breakDictionary(fixture, for: "asciiword")
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 20 }
            #expect(report.exitReason == .drained && report.processed == count && report.failed == 0)
            #expect(log.entries("row failed").isEmpty)
            #expect(log.entries(containing: "embedding_document").count + log.entries(Self.counted).count >= 1)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == count)
            #expect(try await fixture.database.number("SELECT count(*) FROM embedding_state") == count)
        }
    }

    @Test("because their table refuses that of one row cost no row its vector, and are counted")
    func refusedEntry() async throws {
        try await withDocuments { fixture in
            try await fixture.insert(40)
            try await fixture.database.run(
                """
                CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.dataset_id = 7 THEN RAISE 'SECRET'; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER no BEFORE INSERT ON embedding_document FOR EACH ROW EXECUTE FUNCTION no()
                """)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == 40 && report.failed == 0 && report.exitReason == .drained)
            #expect(log.entries(Self.storing).map { $0.values["error"] == nil } == [false])
            #expect(log.entries(Self.counted).map { $0.values["rows"] } == ["1"])
            try await fixture.expectDocuments(39)
        }
    }

    /// What happens to the table in the middle of a run.
    enum Loss: String, CaseIterable, Sendable {
        case dropped = "DROP TABLE embedding_document"
        case altered = "ALTER TABLE embedding_document DROP COLUMN extras_hash"
        case revoked = "REVOKE ALL ON embedding_document FROM ROLE_NAME"
        case tagsRevoked = "REVOKE SELECT (tags) ON datasets FROM ROLE_NAME"
        case tagsDropped = "ALTER TABLE datasets DROP COLUMN tags"
        case tagsAltered = "ALTER TABLE datasets ALTER tags TYPE text"

        /// Whether it has to wait for the batch in hand.
        var locksTable: Bool { self == .tagsDropped || self == .tagsAltered }
    }

    @Test("because their table is lost in the middle of a run are done without", arguments: Loss.allCases)
    func lost(loss: Loss) async throws {
        try await withDocuments { fixture in
            try await fixture.insert(60)
            try await fixture.database.run("ALTER TABLE datasets ADD tags text[]")
            try await fixture.database.withEmbedder { role, url in
                try await fixture.database.run(
                    """
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_document TO \(role);
                    GRANT SELECT (source, tags) ON datasets TO \(role)
                    """)
                let checker = try await InvariantChecker(fixture)
                let once = Once()
                let sql = loss.rawValue.replacing("ROLE_NAME", with: role)
                let (losses, losing) = AsyncStream.makeStream(of: Bool.self)
                let encoder = StubEncoder { texts in
                    guard texts.contains(where: { $0.hasPrefix("Dataset") }), await once.first() else { return }
                    guard loss.locksTable else { return try await fixture.database.run(sql) }
                    Task {
                        try? await fixture.database.run(sql)
                        losing.yield(true)
                    }
                    // Before the next batch can read.
                    try await fixture.database.wait(
                        until: "EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'datasets'::regclass)")
                }
                let log = RecordedLog()
                let report = try await fixture.drain(encoder, connections: 1, url: url, log: log.logger) {
                    $0.batchSize = 20
                }
                if loss.locksTable { for await _ in losses { break } }
                #expect(report.processed == 60 && report.failed == 0 && report.exitReason == .drained)
                #expect(try await checker.firstVectors() == 60)
                #expect(log.entries(containing: "side table").map(\.message) == [Self.goingOn])
            }
        }
    }

    @Test("while rows of before are filled in, because their table goes, end no run")
    func lostWhileFilling() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(600)
            _ = try await fixture.drain(StubEncoder())
            try await fixture.prepareSearch()
            try await withFaultProxy(to: database.url) { proxy in
                let text = "\0-- Writes the documents of rows"
                proxy.set(.holdFrom(text), for: .clientToServer)
                let log = RecordedLog()
                let url = try proxy.url(from: database.url)
                async let running = fixture.drain(StubEncoder(), connections: 1, url: url, log: log.logger)
                try await proxy.waitUntil(seen: text, .clientToServer)
                try await database.run("DROP TABLE embedding_document")
                proxy.set(.pass)
                #expect(try await running.exitReason == .drained)
                #expect(log.entries(containing: "side table").map(\.message) == [Self.goingOn])
            }
        }
    }

    @Test("of two tables that share their table are kept apart")
    func shared() async throws {
        try await withDocuments { fixture in
            try await fixture.database.run("CREATE TABLE others (LIKE datasets INCLUDING ALL)")
            var names = fixture.names
            names.table = "others"
            let others = fixture.naming(names)
            try await others.prepareSearch()
            try await fixture.insert(10)
            try await fixture.database.run(
                """
                INSERT INTO others (id, title, enrichment_status) OVERRIDING SYSTEM VALUE
                SELECT i, 'Other ' || i, 'enriched' FROM generate_series(6, 15) AS i
                """)
            #expect(try await fixture.drain(StubEncoder()).processed == 10)
            #expect(try await others.drain(StubEncoder()).processed == 10)
            try await fixture.database.run("DELETE FROM datasets WHERE id > 8; DELETE FROM others WHERE id < 8")
            for each in [fixture, others] { #expect(try await each.drain(StubEncoder()).exitReason == .drained) }
            let owners = "SELECT table_name || ' ' || count(*) FROM embedding_document GROUP BY table_name ORDER BY 1"
            #expect(try await fixture.database.texts(owners) == ["public.datasets 8", "public.others 8"])
            let words =
                "SELECT count(*) FROM embedding_document WHERE document @@ 'other' AND table_name = 'public.others'"
            #expect(try await fixture.database.number(words) == 8)
            #expect(try await others.search("other").count == 8)
            #expect(try await fixture.search("other").count == 8)
            #expect(try await fixture.search("other").allSatisfy { $0.title?.hasPrefix("Dataset") == true })
        }
    }
}
