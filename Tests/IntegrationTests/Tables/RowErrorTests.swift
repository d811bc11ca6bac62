import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// What the commands say and do about rows that failed, and about rows whose text was edited.
@Suite("A row that failed or was edited", .requiresPostgres)
struct RowErrorTests {
    private static let rows = """
        INSERT INTO datasets (title, enrichment_status) VALUES (' ', 'enriched'), ('Sea', 'enriched'), ('', 'enriched')
        """

    @Test("is tried again at once after retry-failed, all rows or those that are named")
    func retry() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            #expect(try RunReportLine(try await datasets.run()).failed == 2)
            #expect(try RunReportLine(try await datasets.run()).failed == 0)

            let one = try await datasets.run(["retry-failed", "--id", "3", "--id", "2"])
            #expect(one.exitStatus == 0, "\(one.standardError)")
            #expect(one.output == "{\"forgotten\":1}\n")
            #expect(try RunReportLine(try await datasets.run()).failed == 1)

            let all = try await datasets.run(["retry-failed"])
            #expect(all.output == "{\"forgotten\":2}\n")
            #expect(try RunReportLine(try await datasets.run()).failed == 2)
        }
    }

    @Test("makes the exit status 65 if the run was told so, by flag or variable")
    func exitStatus() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            let outcome = try await datasets.run(["run", "--fail-on-row-errors"])
            #expect(outcome.exitStatus == 65)
            let report = try RunReportLine(outcome)
            #expect(report.exitReason == "row_errors")
            #expect(report.processed == 1 && report.failed == 2)

            for (value, status) in [("true", 65), ("false", 0)] as [(String, Int32)] {
                _ = try await datasets.run(["retry-failed"])
                try datasets.job.write("EMBEDDING_FAIL_ON_ROW_ERRORS=\(value)\n", to: ".env")
                let again = try await datasets.run()
                #expect(again.exitStatus == status)
                #expect(try RunReportLine(again).failed == 2)
            }
        }
    }

    /// What a trigger does to some rows.
    enum Will: String, CaseIterable, Sendable {
        case raises = "RAISE EXCEPTION 'this row is frozen';"
        case clears = "NEW.embedding := NULL;"
        case suppresses = "RETURN NULL;"

        var code: String {
            switch self {
            case .raises: "P0001"
            case .clears: "UNDONE"
            case .suppresses: "SUPPRESSED"
            }
        }
    }

    @Test("by the will of a trigger is blamed alone, once, and the run ends with 0", arguments: Will.allCases)
    func trigger(will: Will) async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                """
                INSERT INTO datasets (title, enrichment_status) SELECT 'sea ' || i, 'enriched' FROM generate_series(1, 30) i;
                CREATE FUNCTION will() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN IF NEW.id = 7 THEN \(will.rawValue) END IF; RETURN NEW; END $$;
                CREATE TRIGGER will BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION will()
                """)
            let outcome = try await datasets.run()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.processed == 29 && report.failed == 1 && report.exitReason == "drained")
            #expect(outcome.standardError.contains(will.code))
            let rerun = try RunReportLine(try await datasets.run())
            #expect(rerun.processed == 0 && rerun.failed == 0)
        }
    }

    @Test("gets the vector of its new text by --stale, and not before")
    func stale() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                """
                INSERT INTO datasets (title, enrichment_status)
                    SELECT (ARRAY['sea', 'ice', 'rain', 'wind', 'city', 'bus'])[i], 'enriched'
                    FROM generate_series(1, 6) i
                """)
            #expect(try RunReportLine(try await datasets.run()).processed == 6)
            // The vector of another row with the same text shows what the new one must be.
            try await datasets.database.run("UPDATE datasets SET title = 'ice' WHERE title = 'sea'")
            let equalVectors = """
                SELECT count(*) FROM datasets a JOIN datasets b ON a.id < b.id AND a.embedding <-> b.embedding < 1e-5
                """
            #expect(try RunReportLine(try await datasets.run()).processed == 0)
            #expect(try await datasets.database.number(equalVectors) == 0)
            #expect(try RunReportLine(try await datasets.run(["run", "--stale"])).processed == 1)
            #expect(try await datasets.database.number(equalVectors) == 1)
            #expect(try RunReportLine(try await datasets.run(["run", "--stale"])).processed == 0)
        }
    }

    @Test("is named by a value: a key that no row has forgets nothing and is named, what is no key is refused")
    func foreignKey() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(Self.rows)
            #expect(try RunReportLine(try await datasets.run()).failed == 2)
            let mistake = "x'; DROP TABLE datasets; --"
            let refused = try await datasets.run(["retry-failed", "--id", "99", "--id", mistake])
            #expect(refused.exitStatus == 64 && refused.standardOutput.isEmpty)
            #expect(refused.errorMessage.contains("--id \(mistake) is no key of public.datasets, whose id is bigint"))
            let outcome = try await datasets.run(["retry-failed", "--id", "99"])
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(outcome.output == "{\"forgotten\":0}\n")
            #expect(outcome.standardError.contains("no failure is known") && outcome.standardError.contains("\"99\""))
            #expect(try RunReportLine(try await datasets.run()).failed == 0)
        }
    }
}
