import DatasetTable
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("A run that is frozen", .requiresPostgres, .timeLimit(.minutes(30)))
struct FrozenProcessTests {
    @Test("4: SIGSTOP between read and write holds up neither edits nor other runs, and after SIGCONT nothing is stale")
    func frozen() async throws {
        try await withProxiedJob(rows: 200) { job in
            let frozen = try await job.start(at: .encode)
            try await frozen.freeze()
            job.proxy.set(.pass)

            // The rest is for others; what the frozen run holds is claimed.
            let other = try await job.start(url: job.database.url).outcome()
            #expect(other.exitStatus == 0, "\(other.standardError)")
            let others = try RunReportLine(other)
            let claimed = try await job.database.number("SELECT count(*) FROM datasets WHERE embedding IS NULL")
            #expect(others.processed == 200 - claimed && others.remaining == claimed)
            #expect((ProxiedJob.batchSize..<100).contains(claimed), "\(claimed) rows are claimed")

            // An error if it had to wait: for a row, or for the table.
            try await job.database.run(
                "SET lock_timeout = '50ms'; UPDATE datasets SET title = 'wind ' || title WHERE embedding IS NULL")

            frozen.send(SIGCONT)
            let outcome = try await frozen.outcome(within: .seconds(30))
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.skippedStale >= ProxiedJob.batchSize)
            // The next pass reads the new texts.
            #expect(report.processed == claimed && report.remaining == 0)
            try await job.expectDrained(200)
        }
    }
}
