import DatasetTable
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

/// What other programs do to the table while a run is at work, or right after.
@Suite("A table that changes under a run", .requiresPostgres, .timeLimit(.minutes(30)))
struct TableChangeTests {
    @Test("15: an edit right after the write takes the vector away by a trigger, and the new text is embedded")
    func editedRightAfterTheWrite() async throws {
        try await withProxiedJob(rows: 60) { job in
            try await job.database.run(
                """
                CREATE FUNCTION invalidate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.embedding IS NOT DISTINCT FROM OLD.embedding
                        AND ROW(NEW.title, NEW.description) IS DISTINCT FROM ROW(OLD.title, OLD.description)
                    THEN NEW.embedding := NULL; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER invalidate BEFORE UPDATE OF title, description ON datasets
                    FOR EACH ROW EXECUTE FUNCTION invalidate()
                """)
            let edit = "UPDATE datasets SET title = 'wind ' || title WHERE embedding IS NOT NULL AND id % 2 = 0"
            // Before the run knows that its first batch is committed.
            let run = try await job.start(at: .answer)
            try await job.database.run(edit)
            let edited = try await job.database.number("SELECT count(*) FROM datasets WHERE title LIKE 'wind %'")
            #expect(edited > 0)
            job.proxy.set(.pass)
            let outcome = try await run.outcome()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(try RunReportLine(outcome).processed == 60)

            // After the run.
            try await job.database.run(edit)
            #expect(try await job.embedded() == 30)
            #expect(try await job.rerun().processed == 30)
            try await job.expectDrained(90 + edited)
        }
    }

    /// What becomes of the vector column.
    enum Migration: String, CaseIterable, Sendable {
        case replaced =
            "ALTER TABLE datasets RENAME embedding TO former; ALTER TABLE datasets ADD embedding vector(64)"
        case replacedAlike =
            "ALTER TABLE datasets RENAME embedding TO former; ALTER TABLE datasets ADD embedding vector(32)"
        case renamed = "ALTER TABLE datasets RENAME embedding TO former"

        /// What the message must name.
        var mention: String { self == .renamed ? "embedding" : "another table or column has taken the name" }
    }

    @Test(
        "28: a column that makes way for another during a run ends it with 78, and nothing goes astray",
        arguments: Migration.allCases, [WirePoint.claim, .write, .nextClaim])
    func columnChanges(migration: Migration, point: WirePoint) async throws {
        try await withProxiedJob(rows: 60) { job in
            let run = try await job.start(at: point)
            // A transaction that has read the table keeps it as it is, so the migration needs its end.
            try job.proxy.set(.refused)
            try await job.hangUp()
            try await job.database.run(migration.rawValue)
            job.proxy.set(.pass)
            try job.proxy.set(.accepted)

            let outcome = try await run.outcome(within: .seconds(30))
            #expect(outcome.exitStatus == 78, "\(outcome.standardError)")
            #expect(outcome.standardError.contains(migration.mention), "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.exitReason == "configuration" && report.failed == 0)
            let former = try await job.database.number("SELECT count(former) FROM datasets")
            #expect(point.visibleCounts.contains(former) && report.processed <= former)
            if migration != .renamed { #expect(try await job.embedded() == 0) }
            #expect(try await job.database.number("SELECT count(*) FROM embedding_failure") == 0)
            #expect(try await job.database.number("SELECT count(*) FROM embedding_state") == former)
        }
    }

    @Test(
        "64: a table that makes way for another during a run ends it with 78, and nothing goes to the other",
        arguments: [WirePoint.claim, .write, .nextClaim])
    func tableSwapped(point: WirePoint) async throws {
        try await withProxiedJob(rows: 60) { job in
            // Half of its rows hold vectors of another model, one has no text to be blamed for.
            try await job.database.run(
                """
                CREATE TABLE datasets_green (LIKE datasets INCLUDING ALL);
                INSERT INTO datasets_green (id, title, description, enrichment_status, embedding)
                    OVERRIDING SYSTEM VALUE
                    SELECT id, CASE WHEN id = 1 THEN '' ELSE title END, CASE WHEN id > 1 THEN description END,
                        enrichment_status, CASE WHEN id % 2 = 0 THEN ('[1' || repeat(',0', 31) || ']')::vector END
                    FROM datasets
                """)
            let run = try await job.start(at: point)
            try job.proxy.set(.refused)
            try await job.hangUp()
            try await job.database.run(
                "ALTER TABLE datasets RENAME TO datasets_blue; ALTER TABLE datasets_green RENAME TO datasets")
            job.proxy.set(.pass)
            try job.proxy.set(.accepted)

            let outcome = try await run.outcome(within: .seconds(30))
            #expect(outcome.exitStatus == 78, "\(outcome.standardError)")
            let mention = "another table or column has taken the name public.datasets.embedding"
            #expect(outcome.standardError.contains(mention), "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.exitReason == "configuration" && report.failed == 0)
            #expect(try await job.embedded() == 30)
            let blue = try await job.database.number("SELECT count(embedding) FROM datasets_blue")
            #expect(point.visibleCounts.contains(blue) && report.processed <= blue)
            #expect(try await job.database.number("SELECT count(*) FROM embedding_failure") == 0)
            #expect(try await job.database.number("SELECT count(*) FROM embedding_state") == blue)
        }
    }
}
