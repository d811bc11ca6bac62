import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// What was made of the column that serves, when another takes its name.
@Suite("A cutover, and what was made of the column,", .requiresPostgres)
struct ModelChangeDependentsTests {
    private static let old = StubEncoder()
    private static let next = StubEncoder(dimension: 6, seed: 77)

    /// A table whose rows all have vectors of the old model, after a preparation, and then those of the next one.
    private func withNextColumn(
        _ preparation: String, _ body: (DatasetFixture, TemporaryDatabase) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(9)
            #expect(try await fixture.drain(Self.old).processed == 9)
            try await database.run(
                """
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                \(preparation)
                """)
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            try await body(fixture, database)
        }
    }

    /// A statement that makes something of the column, and what the server calls that.
    static let kinds = [
        ("CREATE VIEW shown AS SELECT id, embedding FROM datasets", "view public.shown"),
        ("CREATE MATERIALIZED VIEW kept AS SELECT embedding FROM datasets", "materialized view public.kept"),
        ("ALTER TABLE datasets ADD n float8 GENERATED ALWAYS AS (vector_norm(embedding)) STORED", "generated column n"),
        (
            "CREATE TRIGGER told AFTER UPDATE OF embedding ON datasets FOR EACH ROW EXECUTE FUNCTION note()",
            "trigger told on table datasets"
        ),
        ("CREATE PUBLICATION sent FOR TABLE datasets (id, embedding)", "in publication sent"),
        (
            "ALTER TABLE datasets ADD CONSTRAINT sound CHECK (embedding IS NULL OR vector_norm(embedding) > 0)",
            "constraint sound on table datasets"
        ),
        ("CREATE POLICY seen ON datasets USING (embedding IS NOT NULL)", "policy seen on table datasets"),
        ("CREATE INDEX embedded ON datasets (id) WHERE embedding IS NOT NULL", "index embedded"),
        ("CREATE STATISTICS together ON title, embedding FROM datasets", "statistics object together"),
        (
            "CREATE FUNCTION count_all() RETURNS bigint BEGIN ATOMIC SELECT count(embedding) FROM datasets; END",
            "function count_all()"
        ),
        ("ALTER TABLE datasets ALTER embedding SET NOT NULL", "NOT NULL of column embedding"),
        ("ALTER TABLE datasets ALTER embedding SET DEFAULT '[0,0,0,1]'", "the default of column embedding"),
    ]

    @Test("is refused by what would stay behind, unless that is accepted", arguments: kinds)
    func refuses(statement: String, name: String) async throws {
        try await withNextColumn(statement) { fixture, _ in
            let plan = try await fixture.change().plan(Self.next)
            #expect(plan.details.first { $0.name == "left behind" }?.value.contains(name) == true)

            let log = RecordedLog()
            let refused = await fixture.change(log: log.logger).cutOver(Self.next)
            #expect(refused.exitReason == .configuration && refused.exitReason.exitCode == 78)
            let message = try #require(log.entries(containing: "would stay with it").first?.message)
            #expect(message.contains(name) && message.contains("have them refer to embedding_abababababab as well"))
            #expect(message.hasSuffix("--leave-dependents"))
            #expect(try await fixture.expectNoStaleVector(Self.old) == 9)

            let accepted = await fixture.change(log: log.logger).cutOver(Self.next, leavesDependents: true)
            #expect(accepted.exitReason == .drained)
            let warning = try #require(log.entries(containing: "stays with it under its new name").first?.values)
            #expect(warning["column"] == "embedding_old")
            #expect(warning["dependents"]?.contains(name) == true)
            #expect(try await fixture.expectNoStaleVector(Self.next) == 9)
            let after = try await fixture.change().plan(Self.next)
            #expect(after.details.first { $0.name == "left behind" }?.value != "nothing")
            // What was left behind is where it belongs again.
            #expect(await fixture.change().rollBack(nil).exitReason == .drained)
        }
    }

    @Test(
        "is not refused by what refers to both columns, nor by the indexes that a change makes anew",
        arguments: [
            """
            CREATE TRIGGER told AFTER UPDATE OF embedding, embedding_abababababab ON datasets FOR EACH ROW
                EXECUTE FUNCTION note()
            """,
            "CREATE PUBLICATION sent FOR TABLE datasets (id, embedding, embedding_abababababab)",
            "CREATE VIEW shown AS SELECT embedding, embedding_abababababab FROM datasets",
            "CREATE POLICY seen ON datasets USING (embedding IS NOT NULL OR embedding_abababababab IS NOT NULL)",
            """
            CREATE INDEX waiting ON datasets (id) WHERE embedding IS NULL;
            CREATE VIEW shown AS SELECT id, title FROM datasets
            """,
        ])
    func moved(statement: String) async throws {
        try await withNextColumn("CREATE INDEX by_meaning ON datasets USING hnsw (embedding vector_l2_ops)") {
            fixture, database in
            try await database.run(statement)
            let plan = try await fixture.change().plan(Self.next)
            #expect(plan.details.first { $0.name == "left behind" }?.value == "nothing")
            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
        }
    }

    @Test("has a way back that obeys the same rule")
    func rollback() async throws {
        try await withNextColumn("") { fixture, database in
            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
            try await database.run("CREATE VIEW shown AS SELECT id, embedding FROM datasets")
            let log = RecordedLog()
            let refused = await fixture.change(log: log.logger).rollBack(nil)
            #expect(refused.exitReason == .configuration)
            let message = try #require(log.entries(containing: "would stay with it").first?.message)
            #expect(message.contains("view public.shown") && message.contains("embedding_old"))
            #expect(try await fixture.expectNoStaleVector(Self.next) == 9)
            #expect(await fixture.change().rollBack(nil, leavesDependents: true).exitReason == .drained)
            #expect(try await fixture.expectNoStaleVector(Self.old) == 9)
        }
    }

    @Test("finds how the column is stored copied to the new one")
    func settings() async throws {
        try await withNextColumn(
            """
            ALTER TABLE datasets ALTER embedding SET STORAGE PLAIN, ALTER embedding SET COMPRESSION pglz,
                ALTER embedding SET STATISTICS 7, ALTER embedding SET (n_distinct = -0.5)
            """
        ) { fixture, database in
            let settings = try await database.texts(
                """
                SELECT format('%s %s %s %s %s', attname, attstorage, attcompression, attstattarget, attoptions)
                FROM pg_attribute WHERE attrelid = 'datasets'::regclass AND attname LIKE 'embedding%' ORDER BY attnum
                """)
            #expect(
                settings == ["embedding p p 7 {n_distinct=-0.5}", "embedding_abababababab p p 7 {n_distinct=-0.5}"])
        }
    }

    @Test("says if vectors of the new model are too large to be stored in the row like those of the old one")
    func largeVectors() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(2)
            #expect(try await fixture.drain(Self.old).processed == 2)
            try await database.run("ALTER TABLE datasets ALTER embedding SET STORAGE PLAIN")
            let log = RecordedLog()
            let change = fixture.change(dimension: 3000, log: log.logger)
            #expect(await change.fill(StubEncoder(dimension: 3000)).processed == 2)
            let remedy = log.entries(containing: "too large to be stored").first?.values["remedy"]
            #expect(remedy?.hasSuffix("embedding_abababababab SET STORAGE PLAIN") == true)
        }
    }

    @Test("goes on where columns that are computed when they are read say which rows are eligible")
    func virtualColumns() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.makeStatusVirtual()
            #expect(try await fixture.drain(Self.old).processed == 2)
            #expect(await fixture.change().fill(Self.next).processed == 2)
            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
            let index = "SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%ab_pending'"
            #expect(try await database.texts(index).first?.hasSuffix("(id) WHERE (embedding IS NULL)") == true)
        }
    }
}

extension TemporaryDatabase {
    /// Gives the table a status and an active column that PostgreSQL 18 computes when they are read, and two rows.
    func makeStatusVirtual() async throws {
        try await run(
            """
            ALTER TABLE datasets DROP COLUMN enrichment_status CASCADE, DROP COLUMN is_active CASCADE,
                ADD COLUMN deleted_at timestamptz,
                ADD COLUMN enrichment_status text
                    GENERATED ALWAYS AS (CASE WHEN title = '' THEN 'raw' ELSE 'enriched' END) VIRTUAL,
                ADD COLUMN is_active boolean GENERATED ALWAYS AS (deleted_at IS NULL) VIRTUAL;
            INSERT INTO datasets (title) VALUES ('Sea ice'), ('Rain'), ('')
            """)
    }
}
