import DatasetTable
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("embedding-job status", .requiresPostgres)
struct StatusTests {
    private static let rows = """
        INSERT INTO datasets (title, enrichment_status, is_active, embedding, created_at) VALUES
            ('a', 'enriched', true, array_fill(1, ARRAY[32])::vector, '2020-01-01 00:00:00+00'),
            ('b', 'enriched', true, array_fill(1, ARRAY[32])::vector, '2020-01-01 00:00:00+00'),
            ('c', 'enriched', true, NULL, '2021-03-04 05:06:07+00'),
            ('d', 'enriched', false, NULL, '2019-01-01 00:00:00+00'),
            ('e', 'pending', true, NULL, '2019-01-01 00:00:00+00')
        """

    @Test("prints a table for people")
    func table() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            let outcome = try await datasets.run(["status"])
            #expect(outcome.exitStatus == 0)
            #expect(outcome.standardError.isEmpty)
            #expect(
                outcome.output == """
                    enriched           4
                    pending            1
                    eligible           3
                    embedded           2
                    pending            1
                    coverage           66.66 %
                    oldest pending     2021-03-04 05:06:07+00
                    quarantined        0
                    orphaned failures  0
                    orphaned states    0

                    """)
        }
    }

    @Test("prints no status as a command to the terminal")
    func controlCharacters() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('a', E'\\x1b[2Jgone\\u009b1m')")
            for arguments in [["status"], ["status", "--json"]] {
                let outcome = try await datasets.run(arguments)
                #expect(outcome.exitStatus == 0)
                #expect(outcome.output.contains(#"\u001b[2Jgone\u009b1m"#))
                #expect(!outcome.output.unicodeScalars.contains { "\u{1B}\u{9B}".unicodeScalars.contains($0) })
            }
        }
    }

    private struct Line: Decodable {
        let byStatus: [String: Int]
        let eligible, embedded, pending: Int
        let coverage: Double
        let oldestPending: String?
    }

    private func json(_ datasets: Datasets) async throws -> Line {
        let outcome = try await datasets.run(["status", "--json"])
        #expect(outcome.exitStatus == 0)
        #expect(outcome.outputLines.count == 1)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Line.self, from: outcome.standardOutput)
    }

    @Test("prints the same numbers as one line of JSON")
    func json() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            let line = try await json(datasets)
            #expect(line.byStatus == ["enriched": 4, "pending": 1])
            #expect((line.eligible, line.embedded, line.pending) == (3, 2, 1))
            #expect(abs(line.coverage - 2.0 / 3.0) < 1e-9)
            #expect(line.oldestPending == "2021-03-04 05:06:07+00")
        }
    }

    @Test(
        "leaves the age of pending rows out, and says so, if the column for it holds no times",
        arguments: ["bigint DEFAULT 1577836800", "text DEFAULT 'yesterday'", "jsonb"])
    func unknownAge(type: String) async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            try await datasets.database.run(
                "ALTER TABLE datasets DROP COLUMN created_at, ADD COLUMN created_at \(type)")
            let outcome = try await datasets.run(["status"])
            #expect(outcome.exitStatus == 0)
            #expect(outcome.outputLines.contains("coverage           66.66 %"))
            #expect(!outcome.output.contains("oldest pending"))
            #expect(outcome.standardError.contains("the age of pending rows is not known"))
            #expect(outcome.standardError.contains("created_at"))
            let line = try await json(datasets)
            #expect(line.pending == 1 && line.oldestPending == nil)
        }
    }

    @Test("needs no column for the age of rows")
    func noAge() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            try await datasets.database.run("ALTER TABLE datasets DROP COLUMN created_at")
            let outcome = try await datasets.run(["status"])
            #expect(outcome.exitStatus == 0 && outcome.standardError.isEmpty)
            #expect(outcome.outputLines.contains("oldest pending     -"))
            #expect(try await json(datasets).oldestPending == nil)
        }
    }

    @Test(
        "takes dates and times without a zone as they are",
        arguments: [("date", "2020-01-02"), ("timestamp", "2020-01-02 03:04:05"), ("moment", "2020-01-02 03:04:05+00")])
    func otherTimes(type: String, value: String) async throws {
        try await withDatasets { datasets in
            try await datasets.database.run("CREATE DOMAIN moment AS timestamptz")
            try await datasets.database.run(Self.rows)
            try await datasets.database.run(
                "ALTER TABLE datasets DROP COLUMN created_at, ADD COLUMN created_at \(type) DEFAULT '\(value)'")
            #expect(try await json(datasets).oldestPending == value)
        }
    }

    @Test("of an enum without the value names the values that there are")
    func enumStatus() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                """
                CREATE TYPE state AS ENUM ('PENDING', 'ENRICHED');
                ALTER TABLE datasets DROP COLUMN enrichment_status CASCADE, ADD COLUMN enrichment_status state
                """)
            let outcome = try await datasets.run(["status"])
            #expect(outcome.exitStatus == 78)
            #expect(outcome.errorMessage.contains("its values are PENDING, ENRICHED; set --status-value"))
            #expect(try await datasets.run(["status", "--status-value", "ENRICHED"]).exitStatus == 0)
        }
    }

    @Test("of an empty table is complete coverage of nothing")
    func empty() async throws {
        try await withDatasets { datasets in
            let line = try await json(datasets)
            #expect(line.byStatus.isEmpty)
            #expect((line.eligible, line.embedded, line.pending) == (0, 0, 0))
            #expect(line.coverage == 1)
            #expect(line.oldestPending == nil)
        }
    }

    @Test("agrees with what a run has done")
    func afterRun() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            #expect(try RunReportLine(try await datasets.run()).processed == 1)
            let line = try await json(datasets)
            #expect((line.eligible, line.embedded, line.pending) == (3, 3, 0))
            #expect(line.coverage == 1)
        }
    }

    @Test("needs neither a model nor the right to write")
    func readOnly() async throws {
        try await withDatasets { datasets in
            try await datasets.withRole { role, url in
                try await datasets.database.run("GRANT SELECT ON datasets TO \(role)")
                let outcome = try await datasets.job.run(["status"], environment: ["DATABASE_URL": url])
                #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            }
        }
    }

    @Test("names a table that does not exist")
    func absentTable() async throws {
        try await withDatasets { datasets in
            let outcome = try await datasets.run(["status", "--table", "absent"])
            #expect(outcome.exitStatus == 78)
            #expect(outcome.standardOutput.isEmpty)
            #expect(outcome.standardError.contains("table absent does not exist"))
        }
    }
}
