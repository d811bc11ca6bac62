import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("embedding-job schema", .requiresPostgres)
struct SchemaTests {
    /// Hands the body an empty database.
    private func withEmptyDatabase(_ body: (Datasets) async throws -> Void) async throws {
        try await withTemporaryDatabase { database in
            try await body(Datasets(database: database, job: try BuiltExecutable()))
        }
    }

    /// The statements of a script, each by itself as psql sends them.
    private func statements(of script: String) -> [String] {
        script.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: "\n").split(separator: ";")
            .map { $0.trimmingPrefix(while: \.isWhitespace) }.filter { !$0.isEmpty }.map(String.init)
    }

    /// The names of the indexes of a table.
    private func indexes(_ datasets: Datasets, of table: String = "datasets") async throws -> Set<String> {
        let sql = "SELECT indexname::text AS name FROM pg_indexes WHERE tablename = $1"
        let rows = try await datasets.database.query(sql, [.text(table)])
        return Set(try rows.map { try $0.text("name") })
    }

    @Test("prints DDL that a server takes statement by statement, twice, and that suits the model")
    func script() async throws {
        try await withEmptyDatabase { datasets in
            let outcome = try await datasets.run(["schema", "--hnsw"])
            #expect(outcome.exitStatus == 0)
            #expect(outcome.standardError.isEmpty)
            let statements = statements(of: outcome.output)
            #expect(statements.count >= 4)
            for statement in statements + statements { try await datasets.database.run(statement) }
            try await expectUsable(datasets)
            #expect(
                try await indexes(datasets).isSuperset(
                    of: ["datasets_pkey", "datasets_embedding_pending", "datasets_embedding_hnsw"]))
        }
    }

    @Test("applies itself, and changes nothing the second time")
    func apply() async throws {
        try await withEmptyDatabase { datasets in
            for attempt in 1...2 {
                let outcome = try await datasets.run(["schema", "--apply"])
                #expect(outcome.exitStatus == 0, "\(attempt): \(outcome.standardError)")
                #expect(outcome.standardOutput.isEmpty)
                #expect(outcome.errorMessage == "schema applied")
            }
            try await expectUsable(datasets)
            let names = try await indexes(datasets)
            #expect(names.contains("datasets_embedding_pending"))
            #expect(!names.contains("datasets_embedding_hnsw"))
            let again = try await datasets.run(["schema", "--apply", "--hnsw"])
            #expect(again.exitStatus == 0)
            #expect(try await indexes(datasets).contains("datasets_embedding_hnsw"))
        }
    }

    /// Four columns are enough for an INSERT, and a run embeds the row.
    private func expectUsable(_ datasets: Datasets) async throws {
        try await datasets.database.run(
            """
            INSERT INTO datasets (title, description, enrichment_status, is_active)
                VALUES ('Sea ice', 'Monthly means', 'enriched', true)
            """)
        let outcome = try await datasets.run()
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        #expect(try RunReportLine(outcome).processed == 1)
        #expect(!outcome.standardError.contains("index"), "the run must find the index for pending rows")
    }

    @Test("makes a column of the dimension that is asked for, which a run of another model refuses")
    func dimension() async throws {
        try await withEmptyDatabase { datasets in
            let outcome = try await datasets.job.run(
                ["schema", "--apply", "--dimension", "768"], environment: ["DATABASE_URL": datasets.database.url])
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let sql = """
                SELECT atttypmod FROM pg_attribute WHERE attrelid = 'datasets'::regclass AND attname = 'embedding'
                """
            #expect(try await datasets.database.number(sql) == 768)
            try await datasets.run().expectRefusal(78, "configuration", naming: ["768 components, the model gives 32"])
        }
    }

    @Test("creates the names that the options give, quoted where they must be, and a run uses them")
    func names() async throws {
        try await withEmptyDatabase { datasets in
            try await datasets.database.run("CREATE SCHEMA other")
            let arguments = [
                "--table", "other.My Table", "--id-column", "Key", "--title-column", "select", "--column", "vec\"tor",
                "--description-column", "user", "--active-column", "is active", "--status-column", "State",
                "--status-value", "it's done",
            ]
            let outcome = try await datasets.run(["schema", "--apply"] + arguments)
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            try await datasets.database.run(
                "INSERT INTO other.\"My Table\" (\"select\", \"State\") VALUES ('Sea ice', 'it''s done')")
            #expect(try RunReportLine(try await datasets.run(["run"] + arguments)).processed == 1)
            #expect(try await indexes(datasets, of: "My Table").contains("My Table_vec\"tor_pending"))
        }
    }

    // MARK: - A table that exists

    /// A table with a key of a type and the columns of the original names.
    private func makeTable(_ datasets: Datasets, key: String, partitioned: String = "") async throws {
        try await datasets.database.run(
            """
            CREATE TABLE datasets (id \(key) PRIMARY KEY, title text, description text,
                enrichment_status text DEFAULT 'enriched', is_active boolean DEFAULT true, embedding vector(32)) \(partitioned)
            """)
    }

    @Test(
        "gives side tables the type of the key that the table has",
        arguments: [
            ("uuid DEFAULT gen_random_uuid()", "uuid"), ("integer DEFAULT 1", "integer"), ("text DEFAULT 'a'", "text"),
            ("varchar(9) DEFAULT 'a'", "character varying(9)"), ("number DEFAULT 1", "numeric(12,0)"),
        ])
    func keyType(key: String, expected: String) async throws {
        try await withEmptyDatabase { datasets in
            try await datasets.database.run("CREATE DOMAIN number AS numeric(12)")
            try await makeTable(datasets, key: key)
            let printed = try await datasets.run(["schema"])
            #expect(printed.exitStatus == 0, "\(printed.standardError)")
            #expect(printed.output.contains("-- public.datasets exists and is left as it is"))
            #expect(!printed.output.contains("CREATE TABLE IF NOT EXISTS public.datasets"))
            for statement in statements(of: printed.output) { try await datasets.database.run(statement) }
            let types = """
                SELECT format_type(atttypid, atttypmod) FROM pg_attribute
                WHERE attname = 'dataset_id' AND attrelid IN ('embedding_failure'::regclass, 'embedding_state'::regclass)
                """
            #expect(try await datasets.database.texts(types) == [expected, expected])
            try await datasets.database.run("INSERT INTO datasets (title) VALUES ('Sea ice')")
            let outcome = try await datasets.run()
            #expect(try RunReportLine(outcome).processed == 1)
            #expect(!outcome.standardError.contains("going on without"))
            #expect(try await datasets.run(["schema", "--apply"]).exitStatus == 0)
            let plan = try await datasets.run(["backfill", "plan"])
            #expect(plan.exitStatus == 0, "\(plan.standardError)")
        }
    }

    @Test("says which side table was made for another key, and what to do")
    func otherKeyType() async throws {
        try await withEmptyDatabase { datasets in
            try await makeTable(datasets, key: "uuid")
            try await datasets.database.run("CREATE TABLE embedding_state (dataset_id bigint)")
            for arguments in [["schema"], ["schema", "--apply"]] {
                let outcome = try await datasets.run(arguments)
                #expect(outcome.exitStatus == 78 && outcome.standardOutput.isEmpty)
                #expect(
                    outcome.errorMessage.contains(
                        "public.embedding_state was made for keys of type bigint, and public.datasets.id is uuid; "
                            + "drop public.embedding_state"))
            }
        }
    }

    @Test("builds no index concurrently on a partitioned table")
    func partitioned() async throws {
        try await withEmptyDatabase { datasets in
            try await makeTable(datasets, key: "bigint", partitioned: "PARTITION BY RANGE (id)")
            try await datasets.database.run("CREATE TABLE part PARTITION OF datasets FOR VALUES FROM (1) TO (9)")
            let printed = try await datasets.run(["schema", "--hnsw"])
            #expect(printed.output.contains("-- PostgreSQL builds no index on a partitioned table CONCURRENTLY"))
            for _ in 1...2 {
                let outcome = try await datasets.run(["schema", "--apply", "--hnsw"])
                #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            }
            #expect(
                try await indexes(datasets).isSuperset(of: ["datasets_embedding_pending", "datasets_embedding_hnsw"]))
            try await datasets.database.run("INSERT INTO datasets (id, title) VALUES (1, 'Sea ice')")
            let outcome = try await datasets.run()
            #expect(try RunReportLine(outcome).processed == 1)
            #expect(!outcome.standardError.contains("\"level\":\"warning\""), "\(outcome.standardError)")
        }
    }

    @Test("leaves columns that are computed when they are read out of the condition of an index")
    func virtualColumns() async throws {
        try await withEmptyDatabase { datasets in
            try await datasets.database.run(
                """
                CREATE TABLE datasets (id bigint PRIMARY KEY, title text, description text, embedding vector(32),
                    enrichment_status text GENERATED ALWAYS AS (coalesce('enriched', title)) VIRTUAL,
                    is_active boolean GENERATED ALWAYS AS (title IS NOT NULL) VIRTUAL)
                """)
            #expect(try await datasets.run(["schema"]).output.contains("(id)\n    WHERE embedding IS NULL;"))
            for _ in 1...2 {
                let outcome = try await datasets.run(["schema", "--apply"])
                #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            }
            #expect(!(try await datasets.run(["schema"]).output.contains("CREATE INDEX")))
            try await datasets.database.run("INSERT INTO datasets (id, title) VALUES (1, 'Sea ice'), (2, NULL)")
            let outcome = try await datasets.run()
            #expect(try RunReportLine(outcome).processed == 1)
            #expect(!outcome.standardError.contains("\"level\":\"warning\""), "\(outcome.standardError)")
        }
    }

    @Test(
        "reads the name of a table as a run does", arguments: ["My Schema.Order.Items", #""My Schema"."Order.Items""#])
    func dottedName(name: String) async throws {
        try await withEmptyDatabase { datasets in
            try await makeTable(datasets, key: "bigint")
            try await datasets.database.run(
                #"CREATE SCHEMA "My Schema"; ALTER TABLE datasets SET SCHEMA "My Schema""#)
            try await datasets.database.run(#"ALTER TABLE "My Schema".datasets RENAME TO "Order.Items""#)
            let outcome = try await datasets.run(["schema", "--apply", "--table", name])
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            try await datasets.database.run(#"INSERT INTO "My Schema"."Order.Items" VALUES (1, 'Sea ice')"#)
            let run = try await datasets.run(["run", "--table", name])
            #expect(try RunReportLine(run).processed == 1)
            #expect(!run.standardError.contains("going on without"))
        }
    }

    @Test("makes a table with dots in its name if it stands in quotes, and asks for them otherwise")
    func newDottedName() async throws {
        try await withEmptyDatabase { datasets in
            try await datasets.database.run("CREATE SCHEMA \"my.schema\"")
            let verbatim = try await datasets.run(["schema", "--apply", "--table", "my.schema.my.table"])
            #expect(verbatim.exitStatus == 78)
            #expect(verbatim.errorMessage.contains(#"write it with quotes, as in "my.schema"."my.table""#))
            let name = #""my.schema"."my.table""#
            #expect(try await datasets.run(["schema", "--apply", "--table", name]).exitStatus == 0)
            try await datasets.database.run(
                "INSERT INTO \(name) (title, enrichment_status) VALUES ('Sea ice', 'enriched')")
            #expect(try RunReportLine(try await datasets.run(["run", "--table", name])).processed == 1)
        }
    }

    @Test("adds a vector column where there is none, also if pgvector is off the search path")
    func vectorColumn() async throws {
        try await withEmptyDatabase { datasets in
            try await makeTable(datasets, key: "bigint")
            try await datasets.database.run(
                """
                ALTER TABLE datasets DROP COLUMN embedding;
                CREATE SCHEMA extensions;
                ALTER EXTENSION vector SET SCHEMA extensions
                """)
            let printed = try await datasets.run(["schema"])
            #expect(
                printed.output.contains(
                    "ALTER TABLE public.datasets ADD COLUMN IF NOT EXISTS embedding extensions.vector(32);"))
            #expect(printed.output.contains("GRANT USAGE ON SCHEMA public, extensions TO ROLE"))
            #expect(try await datasets.run(["schema", "--apply", "--hnsw"]).exitStatus == 0)
            try await datasets.database.run("INSERT INTO datasets (id, title) VALUES (1, 'Sea ice')")
            #expect(try RunReportLine(try await datasets.run()).processed == 1)
        }
    }

    @Test("leaves an index for pending rows alone that has another name, and a column of another type")
    func existing() async throws {
        try await withEmptyDatabase { datasets in
            try await makeTable(datasets, key: "bigint")
            try await datasets.database.run(
                """
                ALTER TABLE datasets ALTER COLUMN embedding TYPE halfvec(32);
                CREATE INDEX mine ON datasets (id) WHERE embedding IS NULL
                """)
            #expect(try await datasets.run(["schema", "--apply", "--hnsw"]).exitStatus == 0)
            #expect(try await indexes(datasets) == ["datasets_pkey", "mine", "datasets_embedding_hnsw"])
            let outcome = try await datasets.run(["schema", "--dimension", "48"])
            #expect(outcome.exitStatus == 78)
            #expect(outcome.errorMessage.contains("public.datasets.embedding holds vectors of 32 components, not 48"))
        }
    }

    @Test("names what an existing table lacks, all at once")
    func unusable() async throws {
        try await withEmptyDatabase { datasets in
            try await datasets.database.run("CREATE TABLE datasets (id date PRIMARY KEY, title text, embedding text)")
            let outcome = try await datasets.run(["schema", "--apply"])
            #expect(outcome.exitStatus == 78)
            for mention in [
                "public.datasets has no column description; name it with --description-column",
                "no column is_active", "public.datasets.id is date; a key is", "embedding is text, not vector",
            ] { #expect(outcome.errorMessage.contains(mention)) }
            #expect(
                try await datasets.database.number("SELECT count(*) FROM pg_class WHERE relname = 'embedding_state'")
                    == 0)
        }
    }

    @Test("prints grants that are enough for a run with all its tables")
    func grants() async throws {
        try await withEmptyDatabase { datasets in
            try await datasets.database.run("CREATE SCHEMA \"my data\"")
            let table = ["--table", "my data.datasets"]
            #expect(try await datasets.run(["schema", "--apply"] + table).exitStatus == 0)
            try await datasets.database.run(
                "INSERT INTO \"my data\".datasets (title, enrichment_status) VALUES ('Sea ice', 'enriched')")
            let printed = try await datasets.run(["schema"] + table)
            let grants = printed.outputLines.filter { $0.hasPrefix("-- GRANT ") }
            #expect(grants.count == 4)
            try await datasets.withRole { role, url in
                for grant in grants {
                    try await datasets.database.run(
                        String(grant.dropFirst(3)).replacing(" TO ROLE;", with: " TO \(role)"))
                }
                let outcome = try await datasets.run(["run"] + table, url: url)
                #expect(try RunReportLine(outcome).processed == 1)
                #expect(!outcome.standardError.contains("\"level\":\"warning\""), "\(outcome.standardError)")
            }
        }
    }

    @Test("needs no database to be printed")
    func offline() async throws {
        let job = try BuiltExecutable()
        let outcome = try await job.run(["schema", "--dimension", "32"])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        #expect(outcome.output.contains("CREATE TABLE IF NOT EXISTS datasets ("))
        #expect(outcome.output.contains("dataset_id bigint NOT NULL"))
    }

    @Test("names the statement that the server refuses, with its hint")
    func refusedStatement() async throws {
        try await withEmptyDatabase { datasets in
            try await makeTable(datasets, key: "bigint")
            try await datasets.database.run(
                "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql"
                    + " AS $$ BEGIN RAISE 'no indexes here' USING ERRCODE = '0A000', HINT = 'ask first'; END $$;"
                    + " CREATE EVENT TRIGGER t ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION f()")
            let outcome = try await datasets.run(["schema", "--apply"])
            #expect(outcome.exitStatus == 78)
            #expect(
                outcome.errorMessage.contains(
                    "the server refuses the statement \"schema-pending-index\": no indexes here (SQLSTATE 0A000; "
                        + "the server's hint: ask first)"))
        }
    }

    @Test("says why it cannot be applied")
    func refused() async throws {
        try await withEmptyDatabase { datasets in
            try await datasets.withRole { _, url in
                let outcome = try await datasets.run(["schema", "--apply"], url: url)
                #expect(outcome.exitStatus == 78)
                #expect(outcome.errorMessage.contains("permission denied"))
                outcome.expectNoSecretAndNoTrace()
            }
        }
    }
}
