import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("Before a run, the log", .requiresPostgres)
struct AdviceTests {
    /// Drains and returns the warnings that hold a text.
    private func warnings(
        _ text: String, _ fixture: DatasetFixture, limit: Int? = nil
    ) async throws -> [[String: String]] {
        let log = RecordedLog()
        let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.limit = limit }
        #expect(report.exitReason == .drained || report.exitReason == .limit)
        return log.entries(containing: text).map(\.values)
    }

    /// Runs statements one by one: CONCURRENTLY does not work within a transaction, which several together are.
    private func runEach(_ statements: String?, _ database: TemporaryDatabase) async throws {
        for statement in try #require(statements).split(separator: "; ") { try await database.run(String(statement)) }
    }

    // MARK: - The pending index

    @Test("holds the statement that creates the index for pending rows, which then is found")
    func pendingIndex() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            #expect(try await warnings("no partial index", fixture).isEmpty)
            try await database.run("DROP INDEX datasets_embedding_pending")
            let remedy = try #require(try await warnings("no partial index", fixture).first?["remedy"])
            #expect(
                remedy == """
                    CREATE INDEX CONCURRENTLY IF NOT EXISTS datasets_embedding_pending ON public.datasets (id) \
                    WHERE enrichment_status OPERATOR(pg_catalog.=) 'enriched' AND embedding IS NULL AND is_active;
                    """)
            try await database.run(remedy)
            #expect(try await warnings("no partial index", fixture).isEmpty)
        }
    }

    @Test("quotes names in that statement as the server does")
    func quotedNames() async throws {
        try await withTemporaryDatabase { database in
            var names = DatasetNames()
            (names.table, names.column, names.statusValue) = ("Data sets", "vec\"tor", "it's {ID}")
            let fixture = try await DatasetFixture(database, names: names)
            try await database.run(#"DROP INDEX "Data sets_vec""tor_pending""#)
            let remedy = try #require(try await warnings("no partial index", fixture).first?["remedy"])
            #expect(remedy.contains(#""Data sets_vec""tor_pending" ON public."Data sets" (id)"#))
            #expect(remedy.contains("enrichment_status OPERATOR(pg_catalog.=) 'it''s {ID}'"))
            try await database.run(remedy)
            #expect(try await warnings("no partial index", fixture).isEmpty)
        }
    }

    @Test("has a statement for a partitioned table, too")
    func partitionedTable() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                DROP TABLE datasets;
                CREATE TABLE datasets (id bigint PRIMARY KEY, title text, description text, enrichment_status text,
                    is_active boolean, embedding vector(4)) PARTITION BY HASH (id);
                CREATE TABLE part PARTITION OF datasets FOR VALUES WITH (MODULUS 1, REMAINDER 0);
                INSERT INTO datasets VALUES (1, 'One', NULL, 'enriched', true, NULL)
                """)
            let remedy = try #require(try await warnings("no partial index", fixture).first?["remedy"])
            try await database.run(remedy)
            #expect(try await warnings("no partial index", fixture).isEmpty)
        }
    }

    @Test(
        "asks the planner whether an index holds the rows that wait, whatever its condition looks like",
        arguments: [
            ("(id) WHERE enrichment_status = 'enriched' AND embedding IS NULL", true),
            ("(id) WHERE NOT (embedding IS NOT NULL)", true),
            ("(id) WHERE embedding IS NULL AND is_active IS TRUE AND enrichment_status IN ('new', 'enriched')", true),
            ("(enrichment_status, is_active, id) WHERE embedding IS NULL", true),
            ("(id DESC) INCLUDE (title) WHERE embedding IS NULL", true),
            ("(id) WHERE enrichment_status = 'raw' AND embedding IS NULL", false),
            ("(id) WHERE embedding IS NULL AND NOT is_active", false),
            ("(id) WHERE embedding IS NULL AND created_at > '2020-01-01+00'", false),
            ("(id) WHERE enrichment_status = 'enriched' AND is_active", false),
            ("(title, id) WHERE embedding IS NULL", false), ("(title) WHERE embedding IS NULL", false), ("(id)", false),
            ("(id) WHERE other IS NULL", false),
        ])
    func otherIndexes(index: String, isFound: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                ALTER TABLE datasets ADD COLUMN other vector(4);
                DROP INDEX datasets_embedding_pending;
                CREATE INDEX datasets_embedding_pending ON datasets \(index)
                """)
            let found = try await warnings("no partial index", fixture)
            #expect(found.isEmpty == isFound)
            // The name is taken, so the statement has another: it is followed with effect.
            guard let remedy = found.first?["remedy"] else { return }
            #expect(remedy.contains("datasets_embedding_pending_2 ON"))
            try await database.run(remedy)
            #expect(try await warnings("no partial index", fixture).isEmpty)
        }
    }

    @Test("has a statement that can be followed if PostgreSQL computes the status when it is read")
    func virtualColumns() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.makeStatusVirtual()
            let remedy = try #require(try await warnings("no partial index", fixture).first?["remedy"])
            #expect(remedy.hasSuffix("ON public.datasets (id) WHERE embedding IS NULL;"))
            try await database.run(remedy)
            #expect(try await warnings("no partial index", fixture).isEmpty)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 2)
        }
    }

    // MARK: - The status

    @Test(
        "warns of a status that no row has, with those that there are",
        arguments: [
            ("text", "'raw'), ('enriched'", "\"enriched\"", "enriched, raw"), ("text", "'enriched'", "enriched", nil),
            ("smallint", "1), (2", "3", "1, 2"), ("smallint", "1), (2", "02", nil), ("boolean", "false", "t", "false"),
            ("boolean", "true", "t", nil), ("text", "NULL", "enriched", "none"),
            ("text", (1...21).map { "'text of row \($0)'" }.joined(separator: "), ("), "enriched", "more than 20"),
        ] as [(String, String, String, String?)], [false, true])
    func unknownStatus(_ status: (String, String, String, String?), isAnalyzed: Bool) async throws {
        let (type, rows, value, expected) = status
        try await withTemporaryDatabase { database in
            var names = DatasetNames()
            names.statusValue = value
            try await database.run(
                """
                CREATE EXTENSION IF NOT EXISTS vector;
                CREATE TABLE datasets (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, description text,
                    enrichment_status \(type), is_active boolean DEFAULT true, embedding vector(4));
                """)
            let fixture = try await DatasetFixture(database, names: names)
            #expect(try await warnings("no row is known", fixture).isEmpty)
            try await database.run("INSERT INTO datasets (enrichment_status) VALUES (\(rows))")
            if isAnalyzed { try await database.run("ANALYZE datasets") }
            let warnings = try await warnings("no row is known", fixture)
            #expect(warnings.map { $0["statuses"] } == (expected.map { [$0] } ?? []))
            #expect(warnings.allSatisfy { $0["status"] == value })
        }
    }

    @Test("finds the status of a row that waits far behind the first ones")
    func rareStatus() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                INSERT INTO datasets (title, enrichment_status) SELECT 'Rain', 'raw' FROM generate_series(1, 3000);
                ANALYZE datasets
                """)
            let unknown = try await warnings("no row is known", fixture)
            #expect(unknown.map { $0["statuses"] } == ["raw"])
            try await fixture.insert(1)
            #expect(try await warnings("no row is known", fixture).isEmpty)
        }
    }

    // MARK: - Triggers

    @Test(
        "names triggers that may touch updated_at when a vector is written, and no others",
        arguments: [
            ("BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION touch()", true),
            ("BEFORE INSERT OR UPDATE OF title, embedding ON datasets FOR EACH ROW EXECUTE FUNCTION touch()", true),
            ("AFTER UPDATE ON datasets FOR EACH STATEMENT EXECUTE FUNCTION note('updated_at')", true),
            ("BEFORE UPDATE OF title, description ON datasets FOR EACH ROW EXECUTE FUNCTION touch()", false),
            ("BEFORE INSERT OR DELETE ON datasets FOR EACH ROW EXECUTE FUNCTION touch()", false),
            ("AFTER UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION note('title')", false),
            ("BEFORE UPDATE ON other FOR EACH ROW EXECUTE FUNCTION touch()", false),
            (
                """
                BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION touch();
                ALTER TABLE datasets DISABLE TRIGGER "Touch!"
                """, false
            ),
        ])
    func triggers(definition: String, isNamed: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            try await database.run(
                """
                CREATE TABLE other (LIKE datasets);
                CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN IF TG_OP <> 'DELETE' THEN NEW.updated_at := now(); END IF; RETURN NEW; END $$;
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                CREATE TRIGGER "Touch!" \(definition)
                """)
            let named = try await warnings("fires triggers", fixture).map { $0["triggers"] }
            #expect(named == (isNamed ? ["\"Touch!\""] : []))
        }
    }

    // MARK: - Inheritance

    @Test("refuses a table whose heirs hold rows of their own under the same keys, and takes its heirs")
    func inheritance() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            try await database.run(
                """
                CREATE TABLE "Archive" () INHERITS (datasets);
                ALTER TABLE "Archive" ADD PRIMARY KEY (id);
                INSERT INTO "Archive" (id, title, enrichment_status)
                    SELECT i, 'Another text ' || i, 'enriched' FROM generate_series(1, 5) i
                """)
            let thrown = await #expect(throws: RunFailure.self) { try await fixture.drain(StubEncoder()) }
            let failure = try #require(thrown)
            #expect(failure.reason == .configuration && failure.description.contains("public.\"Archive\""))
            let verified = await #expect(throws: RunFailure.self) { try await fixture.verify(StubEncoder()) }
            #expect(verified == failure)
            #expect(try await database.number("SELECT count(embedding) FROM datasets") == 0)

            var names = DatasetNames()
            names.table = "Archive"
            #expect(try await DatasetFixture(database, names: names).drain(StubEncoder()).processed == 5)
            try await database.run("ALTER TABLE \"Archive\" NO INHERIT datasets")
            #expect(try await fixture.drain(StubEncoder()).processed == 30)
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 30)
        }
    }

    // MARK: - pgvector

    @Test(
        "refuses pgvector before 0.5.0, together with everything else that is wrong",
        arguments: [("0.4.4", true), ("0.5.0", false), ("0.10.0", false)])
    func oldVersion(version: String, isRefused: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.pretendVersion(version)
            try await database.run("ALTER TABLE datasets DROP COLUMN is_active CASCADE")
            let thrown = await #expect(throws: RunFailure.self) { try await fixture.drain(StubEncoder()) }
            let error = try #require(thrown)
            #expect(error.reason == .configuration && error.description.contains("no column is_active"))
            let isNamed = error.description.contains("pgvector is version \(version) in this database")
            #expect(isNamed == isRefused)
        }
    }

    @Test(
        "warns of a pgvector that damages HNSW indexes only where the column has one",
        arguments: [
            ("0.8.3", "hnsw (embedding vector_cosine_ops)", true), ("0.5.1", "hnsw (embedding vector_l2_ops)", true),
            ("0.8.3", "hnsw ((embedding::halfvec(4)) halfvec_cosine_ops) WHERE is_active", true),
            ("0.8.4", "hnsw (embedding vector_cosine_ops)", false),
            ("0.8.3", "ivfflat (embedding vector_cosine_ops)", false),
            ("0.8.3", "hnsw (other vector_cosine_ops)", false),
            ("0.8.3", "btree (title)", false),
        ])
    func soundness(version: String, index: String, warns: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                "ALTER TABLE datasets ADD COLUMN other vector(4); CREATE INDEX search ON datasets USING \(index)")
            try await database.pretendVersion(version)
            let warnings = try await warnings("can damage HNSW", fixture)
            #expect(warnings.map { $0["index"] } == (warns ? ["public.search"] : []))
        }
    }

    // MARK: - Search indexes

    @Test(
        "says how to go about many rows if the column has search indexes",
        arguments: [(50_000, false), (50_001, true)])
    func manyRows(rows: Int, warns: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(rows)
            let advice = "entered one by one into a search index"
            #expect(try await warnings(advice, fixture, limit: 1).isEmpty)
            try await database.run(
                """
                INSERT INTO datasets (title, enrichment_status) VALUES ('In place of the last', 'enriched');
                CREATE INDEX "search 1" ON datasets USING hnsw (embedding vector_cosine_ops) WITH (m = 8);
                CREATE INDEX search2 ON datasets USING ivfflat (embedding vector_cosine_ops) WITH (lists = 1)
                """)
            let log = RecordedLog()
            _ = try await fixture.drain(StubEncoder(), log: log.logger) { $0.limit = 1 }
            let found = log.entries(containing: advice)
            #expect(found.count == (warns ? 1 : 0))
            guard let entry = found.first else { return }
            #expect(entry.message.hasPrefix("50001 vectors"))
            let values = entry.values
            #expect(values["index"] == "public.\"search 1\", public.search2")

            // The statements do what they say.
            let parts = try #require(values["remedy"]?.wholeMatch(of: /.*?: (DROP.*); after it: (CREATE.*)/)).output
            let definitions = "SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'search%' ORDER BY 1"
            let before = try await database.texts(definitions)
            try await runEach(String(parts.1), database)
            try await fixture.insert(9)
            #expect(try await database.texts(definitions).isEmpty)
            #expect(try await warnings(advice, fixture, limit: 1).isEmpty)
            try await runEach(String(parts.2), database)
            #expect(try await warnings(advice, fixture, limit: 1).count == 1)
            #expect(try await database.texts(definitions) == before)
        }
    }
}

extension TemporaryDatabase {
    /// Makes the catalog name another version of pgvector.
    fileprivate func pretendVersion(_ version: String) async throws {
        try await run("UPDATE pg_extension SET extversion = '\(version)' WHERE extname = 'vector'")
    }
}
