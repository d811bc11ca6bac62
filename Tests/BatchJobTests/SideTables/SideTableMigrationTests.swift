import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("The migration of side tables", .requiresPostgres, .timeLimit(.minutes(30)))
struct SideTableMigrationTests {
    /// What the state table says, but for the column that a migration adds.
    private static let states = """
        SELECT concat_ws(' ', dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated, embedded_at)
        FROM embedding_state ORDER BY dataset_id, column_name
        """
    private static let left = "rows of embedding_state were left under the empty table_name"

    @Test("gives a row to the table whose text it was made from, or to the only one with its key and column")
    func assigns() async throws {
        try await withTwoTables { database, datasets in
            // 1 to 6 are in both tables, 7 and 8 in the first, 9 in the second, 10 in none.
            try await database.run(
                """
                INSERT INTO datasets (title, enrichment_status) SELECT 'Dataset ' || i, 'enriched'
                    FROM generate_series(1, 8) AS i;
                INSERT INTO articles (title, enrichment_status) SELECT 'Article ' || i, 'enriched'
                    FROM generate_series(1, 9) AS i;
                DELETE FROM articles WHERE id IN (7, 8);
                UPDATE datasets SET title = 'Both' WHERE id = 3; UPDATE articles SET title = 'Both' WHERE id = 3
                """)
            try await note(1, "Dataset 1", in: database)
            try await note(2, "Article 2", in: database)
            try await note(3, "Both", in: database)
            try await note(4, "Edited since", in: database)
            try await note(7, "Edited since", in: database)
            try await note(8, "Dataset 8", "embedding_old", in: database)
            try await note(9, "Edited since", in: database)
            try await note(10, "Deleted since", in: database)
            let before = try await database.texts(Self.states)

            let log = RecordedLog()
            try await SideTableMigrating.migrate(database, log)
            #expect(
                try await database.texts(SideTableMigrating.owners) == [
                    "1 public.datasets", "2 public.articles", "3 ", "4 ", "7 public.datasets", "8 ",
                    "9 public.articles", "10 ",
                ])
            #expect(try await database.texts(Self.states) == before)
            let note = try #require(log.entries(SideTableMigrating.migrated).first)
            #expect(note.values["assigned"] == "public.articles 2, public.datasets 2")
            #expect(note.values["unassigned"] == "4")
            let warning = try #require(log.entries(containing: Self.left).first)
            #expect(warning.values["unassigned"] == "4")
            #expect(warning.values["remedy"]?.contains("--include-unknown") == true)
            // The rows are what runs take them for.
            #expect(try await datasets.drain(StubEncoder()).processed == 8)
        }
    }

    @Test("gives failures to their tables too")
    func assignsFailures() async throws {
        try await withTwoTables { database, _ in
            try await database.run(
                """
                INSERT INTO datasets (title, enrichment_status) SELECT 'Dataset ' || i, 'enriched'
                    FROM generate_series(1, 3) AS i;
                INSERT INTO articles (title, enrichment_status) SELECT 'Article ' || i, 'enriched'
                    FROM generate_series(1, 2) AS i;
                INSERT INTO embedding_failure (dataset_id, model_fingerprint, source_fingerprint, error_class, error_code,
                    next_attempt_at)
                SELECT i, '\\x07', sha256(convert_to(t, 'UTF8')), 'VECTOR', 'zero', now() + interval '1 hour'
                FROM (VALUES (1, 'Article 1 Article 1'), (2, 'Edited'), (3, 'Edited'), (4, 'Gone')) AS v(i, t)
                """)
            let log = RecordedLog()
            try await SideTableMigrating.migrate(database, log)
            let owners = "SELECT dataset_id || ' ' || table_name FROM embedding_failure ORDER BY 1"
            #expect(try await database.texts(owners) == ["1 public.articles", "2 ", "3 public.datasets", "4 "])
            #expect(log.entries(containing: "rows of embedding_failure were left").first?.values["unassigned"] == "2")
        }
    }

    @Test("changes nothing the second time, and then gives away what is left only by its text")
    func twice() async throws {
        try await withTwoTables { database, _ in
            try await database.run(
                """
                CREATE TABLE notes (key bigint PRIMARY KEY, headline text, body text, vector vector(4));
                INSERT INTO notes VALUES (1, 'Note 1', 'Long'), (2, 'Note 2', 'Long'), (4, 'Note 4', 'Long');
                ALTER TABLE notes RENAME vector TO embedding;
                INSERT INTO datasets (title, enrichment_status) SELECT 'Dataset ' || i, 'enriched'
                    FROM generate_series(1, 2) AS i;
                INSERT INTO datasets (id, title) OVERRIDING SYSTEM VALUE VALUES (4, 'Dataset 4')
                """)
            try await note(1, "Dataset 1", in: database)
            try await database.run(
                """
                INSERT INTO embedding_state (dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated)
                SELECT i, 'embedding', '\\x07', sha256(convert_to(t, 'UTF8')), 9, false
                FROM (VALUES (2, 'Note 2 Note 2 Long'), (3, 'Gone Gone'), (4, 'Note 4 Note 4 Long')) AS v(i, t)
                """)
            try await SideTableMigrating.migrate(database, RecordedLog())
            #expect(try await database.texts(SideTableMigrating.owners) == ["1 public.datasets", "2 ", "3 ", "4 "])

            // A row that came later must not get what was noted of another.
            try await database.run(
                "INSERT INTO datasets (id, title, enrichment_status) OVERRIDING SYSTEM VALUE VALUES (3, 'New', 'enriched')"
            )
            let rows = "SELECT xmin || ' ' || e::text FROM embedding_state e ORDER BY 1"
            let before = try await database.texts(rows)
            let log = RecordedLog()
            try await SideTableMigrating.migrate(database, log)
            #expect(try await database.texts(rows) == before)
            #expect(log.entries(SideTableMigrating.migrated).isEmpty)
            #expect(log.entries(containing: Self.left).first?.values["unassigned"] == "3")

            // Applied with the names of the other table, the migration can read its text.
            var names = DatasetNames()
            (names.table, names.id, names.title, names.description) = ("notes", "key", "headline", "body")
            try await database.run(
                "ALTER TABLE notes ADD enrichment_status text DEFAULT 'enriched', ADD is_active boolean DEFAULT true")
            // Where a run has noted something newer, that stays.
            try await database.run(
                """
                INSERT INTO embedding_state (table_name, dataset_id, column_name, model_fingerprint, source_fingerprint, tokens,
                    truncated)
                VALUES ('public.notes', 4, 'embedding', '\\x09', '\\x09', 9, false)
                """)
            try await SideTableMigrating.migrate(database, log, names)
            #expect(
                try await database.texts(SideTableMigrating.owners) == [
                    "1 public.datasets", "2 public.notes", "3 ", "4 ", "4 public.notes",
                ])
        }
    }

    /// What else there may be in a database.
    enum Neighbor: String, CaseIterable, Sendable {
        /// A partition has the keys of its table.
        case partitions =
            """
            ALTER TABLE datasets RENAME TO part;
            ALTER TABLE part ALTER id DROP IDENTITY;
            CREATE TABLE datasets (LIKE part INCLUDING DEFAULTS, PRIMARY KEY (id)) PARTITION BY RANGE (id);
            ALTER TABLE datasets ATTACH PARTITION part FOR VALUES FROM (0) TO (1000)
            """
        /// A child that is no partition has keys of its own, which its parent shows as well.
        case child =
            """
            CREATE TABLE child (PRIMARY KEY (id)) INHERITS (datasets);
            INSERT INTO child (id, title) VALUES (900, 'Child');
            INSERT INTO embedding_state (dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated)
            VALUES (900, 'embedding', '\\x07', '\\x00', 9, false)
            """
        /// Runs on it have always used the side tables of its schema.
        case ownSideTables =
            """
            CREATE SCHEMA own; CREATE TABLE own.datasets (LIKE datasets INCLUDING ALL);
            INSERT INTO own.datasets (title) SELECT title FROM datasets ORDER BY id;
            CREATE TABLE own.embedding_state (LIKE embedding_state INCLUDING ALL);
            CREATE TABLE own.embedding_failure (LIKE embedding_failure INCLUDING ALL)
            """
        case otherKeyType =
            """
            CREATE TABLE articles (id int PRIMARY KEY, title text, description text, embedding vector(4));
            INSERT INTO articles SELECT id, title, description FROM datasets
            """
        case withoutVectors =
            """
            CREATE TABLE articles (id bigint PRIMARY KEY, title text, description text);
            INSERT INTO articles SELECT id, title, description FROM datasets
            """
    }

    @Test("is not confused by neighbors that cannot be meant", arguments: Neighbor.allCases)
    func neighbors(neighbor: Neighbor) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            _ = try await fixture.drain(StubEncoder())
            try await fixture.giveSideTablesTheirEarlierForm()
            try await database.run("UPDATE datasets SET title = 'Edited since' WHERE id = 3")
            try await database.run(neighbor.rawValue)
            // Applied for a table that has nothing to do with it, the migration is the same.
            var names = DatasetNames()
            names.table = "new"
            try await SideTableMigrating.migrate(database, RecordedLog(), names)
            let owners = "SELECT table_name || ' ' || count(*) FROM embedding_state GROUP BY table_name ORDER BY 1"
            let child = neighbor == .child ? ["public.child 1"] : []
            #expect(try await database.texts(owners) == child + ["public.datasets 5"])
        }
    }

    /// What else the side tables may be.
    enum Peculiarity: String, CaseIterable, Sendable {
        case tokensLostMissing = "ALTER TABLE embedding_state DROP COLUMN tokens_lost"
        case uniqueIndexForAKey =
            """
            ALTER TABLE embedding_state DROP CONSTRAINT embedding_state_pkey;
            CREATE UNIQUE INDEX mine ON embedding_state (column_name, dataset_id)
            """
        case columnAddedByHand = "ALTER TABLE embedding_state ADD table_name text NOT NULL DEFAULT ''"
        /// A table that is published takes updates only while it has a key.
        case published = "CREATE PUBLICATION all_states FOR TABLE embedding_state, embedding_failure"
        case partitioned =
            """
            ALTER TABLE embedding_state RENAME TO former;
            CREATE TABLE embedding_state (LIKE former INCLUDING DEFAULTS, PRIMARY KEY (dataset_id, column_name))
                PARTITION BY HASH (dataset_id);
            CREATE TABLE states_0 PARTITION OF embedding_state FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE TABLE states_1 PARTITION OF embedding_state FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            INSERT INTO embedding_state SELECT * FROM former; DROP TABLE former
            """
    }

    @Test("takes side tables as they are", arguments: Peculiarity.allCases)
    func peculiarities(peculiarity: Peculiarity) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let poison = StubEncoder.Marker.zero.rawValue
            try await fixture.insert(20)
            try await database.run("UPDATE datasets SET description = '\(poison)' WHERE id = 17")
            _ = try await fixture.drain(StubEncoder())
            try await fixture.giveSideTablesTheirEarlierForm()
            try await database.run(peculiarity.rawValue)
            try await SideTableMigrating.migrate(database, RecordedLog())

            try await fixture.insert(5, titled: "New")
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 5 && report.failed == 0 && report.quarantined == 1)
            // Added by hand, the column may have been there for long: then only the text tells.
            #expect(try await fixture.verify(StubEncoder()).states == VectorStates(current: 24))
            #expect(try await database.number("SELECT count(*) FROM embedding_state WHERE table_name = ''") == 0)
            let defaults =
                "SELECT count(*) FROM information_schema.columns WHERE column_name = 'table_name' AND column_default <> ''"
            #expect(try await database.number(defaults) == 0)
        }
    }

    @Test("says which tables it could not look into, and goes by those that it could")
    func invisible() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            _ = try await fixture.drain(StubEncoder())
            try await fixture.giveSideTablesTheirEarlierForm()
            try await database.run(
                """
                CREATE TABLE secret (LIKE datasets INCLUDING ALL); CREATE TABLE "Guarded" (LIKE datasets INCLUDING ALL);
                ALTER TABLE "Guarded" ENABLE ROW LEVEL SECURITY
                """)
            try await database.withRole { role, url in
                try await database.run(
                    """
                    GRANT ALL ON SCHEMA public TO \(role); GRANT SELECT ON "Guarded" TO \(role);
                    ALTER TABLE datasets OWNER TO \(role); ALTER TABLE embedding_model OWNER TO \(role);
                    ALTER TABLE embedding_state OWNER TO \(role); ALTER TABLE embedding_failure OWNER TO \(role)
                    """)
                let log = RecordedLog()
                try await SideTableMigrating.migrate(database, log, url: url)
                let warnings = log.entries(
                    "tables were not looked at for keys in embedding_state, because this role cannot see their rows")
                #expect(warnings.map { $0.values["tables"] } == ["public.\"Guarded\", public.secret"])
                #expect(try await fixture.verify(StubEncoder()).states == VectorStates(current: 5))
                try await database.run("REASSIGN OWNED BY \(role) TO CURRENT_USER")
            }
        }
    }

    @Test("keeps the rights of others to the side tables")
    func keepsGrants() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            try await fixture.giveSideTablesTheirEarlierForm()
            try await database.withEmbedder { _, url in
                try await SideTableMigrating.migrate(database, RecordedLog())
                let log = RecordedLog()
                #expect(try await fixture.drain(StubEncoder(), url: url, log: log.logger).processed == 5)
                #expect(log.entries(containing: "side table").isEmpty)
            }
        }
    }

    // MARK: - Set-up

    /// `datasets` and `articles`, empty, with side tables of an earlier version.
    private func withTwoTables(_ body: (TemporaryDatabase, DatasetFixture) async throws -> Void) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run("CREATE TABLE articles (LIKE datasets INCLUDING ALL)")
            try await fixture.giveSideTablesTheirEarlierForm()
            try await body(database, fixture)
        }
    }

    /// Puts an entry into the state table as an earlier version did, for a row of this title and no description.
    private func note(
        _ id: Int, _ title: String, _ column: String = "embedding", in database: TemporaryDatabase
    ) async throws {
        try await database.run(
            """
            INSERT INTO embedding_state (dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated)
            VALUES (\(id), '\(column)', decode(repeat('07', 32), 'hex'), sha256('\(title) \(title)'), 9, false)
            """)
    }
}
