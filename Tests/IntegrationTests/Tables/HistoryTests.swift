import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("The history of runs", .requiresPostgres, .timeLimit(.minutes(30)))
struct HistoryTests {
    private func applySchema(_ datasets: Datasets) async throws {
        let outcome = try await datasets.run(["schema", "--history", "--apply"])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
    }

    private static let rows = """
        INSERT INTO datasets (title, enrichment_status, created_at) VALUES ('a title', 'enriched', '2024-01-02'),
            ('another', 'enriched', '2024-01-03'), (' ', 'enriched', '2024-01-01'), ('waits', 'pending', '2020-01-01')
        """

    @Test("has a row for each run with the line that it printed, and status --runs shows the last ones")
    func runs() async throws {
        try await withDatasets { datasets in
            try await applySchema(datasets)
            try await datasets.database.run(Self.rows)
            let first = try await datasets.run()
            let second = try await datasets.run()
            let dry = try await datasets.run(["run", "--dry-run"])
            let refused = try await datasets.run(["run", "--title-column", "missing"])
            #expect(first.exitStatus == 0 && second.exitStatus == 0 && dry.exitStatus == 0 && refused.exitStatus == 78)
            let noted = try await datasets.database.texts(
                """
                SELECT concat_ws(' ', table_name, column_name, command, exit_status, exit_reason, report->>'processed',
                    finished_at >= started_at) FROM embedding_run ORDER BY id
                """)
            #expect(
                noted == [
                    "public.datasets embedding run 0 drained 2 t", "public.datasets embedding run 0 drained 0 t",
                    "public.datasets embedding run 78 configuration 0 t",
                ])
            let line = try #require(first.outputLines.first)
            #expect(
                try await datasets.database.number("SELECT count(*) FROM embedding_run WHERE report = '\(line)'::jsonb")
                    == 1)
            let table = try await datasets.run(["status", "--runs", "2"])
            #expect(table.outputLines.count == 3 && table.outputLines[1].contains("configuration"), "\(table.output)")
            let lines = try await datasets.run(["status", "--runs", "9", "--json"])
            #expect(lines.outputLines.count == 3)
            let last = try #require(
                JSONSerialization.jsonObject(with: Data(lines.outputLines[2].utf8)) as? [String: Any])
            #expect(
                last["exit_reason"] as? String == "drained"
                    && (last["report"] as? [String: Any])?["failed"] as? Int == 1)
            #expect((last["runner"] as? String)?.contains("/") == true)
            // Those of another table are its own.
            try await datasets.database.run("CREATE TABLE other (LIKE datasets INCLUDING ALL)")
            #expect(try await datasets.run(["run", "--table", "other"]).exitStatus == 0)
            #expect(try await datasets.run(["status", "--runs", "9", "--table", "other"]).outputLines.count == 2)
        }
    }

    @Test("is optional, and a run ends alike whatever becomes of it")
    func failsOpen() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            let without = try await datasets.run()
            #expect(without.exitStatus == 0 && !without.standardError.contains("embedding_run"))
            let refused = try await datasets.run(["status", "--runs", "1"])
            #expect(refused.exitStatus == 78 && refused.standardError.contains("schema --history --apply"))
            try await applySchema(datasets)
            try await datasets.database.run("ALTER TABLE embedding_run ADD CHECK (command <> 'run')")
            let unnoted = try await datasets.run()
            #expect(unnoted.exitStatus == 0 && unnoted.standardError.contains("the run is not noted in embedding_run"))
            #expect(unnoted.outputLines.count == 1)
            try await datasets.database.run("DROP TABLE embedding_run CASCADE; CREATE TABLE embedding_run (id int)")
            #expect(try await datasets.run().exitStatus == 0)
        }
    }

    @Test("has views that follow a change of the model, and keep no column from going")
    func views() async throws {
        try await withDatasets { datasets in
            try await applySchema(datasets)
            try await datasets.database.run(Self.rows)
            let coverage = """
                SELECT concat_ws(' ', eligible, embedded, pending, round(coverage::numeric, 2), oldest_pending::date,
                    oldest_pending_age > '1 year') FROM datasets_embedding_coverage
                """
            #expect(try await datasets.database.texts(coverage) == ["3 0 3 0.00 2024-01-01 t"])
            #expect(try await datasets.run().exitStatus == 0)
            #expect(try await datasets.database.texts(coverage) == ["3 2 1 0.67 2024-01-01 t"])
            #expect(
                try await datasets.database.texts(
                    "SELECT concat_ws(' ', error_class, error_code, rows, attempts) FROM datasets_embedding_failures")
                    == ["EMPTY NO_TEXT 1 1"])
            // As backfill cutover and drop-old do.
            try await datasets.database.run(
                """
                ALTER TABLE datasets RENAME embedding TO embedding_old;
                ALTER TABLE datasets ADD embedding vector(8);
                ALTER TABLE datasets DROP embedding_old
                """)
            #expect(try await datasets.database.texts(coverage) == ["3 0 3 0.00 2024-01-01 t"])
            // Once more changes nothing.
            try await applySchema(datasets)
            #expect(try await datasets.database.texts(coverage) == ["3 0 3 0.00 2024-01-01 t"])
        }
    }

    @Test("the printed rights are enough to note runs, and to look")
    func rights() async throws {
        try await withDatasets { datasets in
            try await applySchema(datasets)
            try await datasets.database.run(Self.rows)
            let script = try await datasets.run(["schema", "--history"]).output
            let grants = script.split(separator: "\n").filter { $0.hasPrefix("-- GRANT ") }.map {
                String($0.dropFirst(3))
            }
            try await datasets.withRole { role, url in
                for grant in grants where grant.contains(" ROLE;") && !grant.contains("embedding_run") {
                    try await datasets.database.run(grant.replacing("ROLE", with: role))
                }
                let unnoted = try await datasets.run(["run"], url: url)
                #expect(
                    unnoted.exitStatus == 0 && unnoted.standardError.contains("GRANT INSERT ON public.embedding_run"))
                for grant in grants where grant.contains(" ROLE;") {
                    try await datasets.database.run(grant.replacing("ROLE", with: role))
                }
                #expect(try await !datasets.run(["run"], url: url).standardError.contains("not noted"))
                #expect(try await datasets.database.number("SELECT count(*) FROM embedding_run") == 1)
            }
            try await datasets.withRole { role, url in
                for grant in grants where grant.contains("LOOKER;") {
                    try await datasets.database.run(grant.replacing("LOOKER", with: role))
                }
                for view in ["datasets_embedding_coverage", "datasets_embedding_failures", "embedding_run"] {
                    try await datasets.database.run("SET ROLE \(role); SELECT * FROM \(view)")
                }
            }
        }
    }
}
