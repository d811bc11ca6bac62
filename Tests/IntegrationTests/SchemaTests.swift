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
