import DatasetTable
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("Several runs at once", .requiresPostgres, .timeLimit(.minutes(30)))
struct ManyProcessesTests {
    @Test("27: eight processes share a table: each row is written once, next to nothing is encoded in vain")
    func eight() async throws {
        try await withProxiedJob(rows: 2400) { job in
            let runs = try (0..<8).map { _ in try job.start(url: job.database.url) }
            var (processed, workers, wasted) = (0, 0, 0)
            for run in runs {
                let outcome = try await run.outcome()
                #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
                let report = try RunReportLine(outcome)
                processed += report.processed
                workers += report.processed > 0 ? 1 : 0
                wasted += report.skippedStale + report.skippedLocked
            }
            #expect(processed == 2400)
            #expect(workers > 1, "the processes did not run at the same time")
            #expect(wasted <= 2400 / 50, "\(wasted) vectors were computed in vain")
            try await job.expectDrained(2400)
        }
    }
}
