import DatasetTable
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("A run that is short of connections", .requiresPostgres, .timeLimit(.minutes(30)))
struct ConnectionLimitTests {
    @Test("10: a role with one connection makes do with it")
    func oneConnection() async throws {
        try await withLimitedRole { job, url in
            let outcome = try await job.start(url: url).outcome()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(try RunReportLine(outcome).processed == 60)
            #expect(outcome.standardError.contains("going on with fewer connections"))
            try await job.expectDrained(60)
        }
    }

    @Test("10: a role whose connections are all taken waits for one, and ends with 75 when its budget is spent")
    func noConnection() async throws {
        try await withLimitedRole { job, url in
            let holder = try await PostgresSession.connect(to: url, applicationName: "holder")
            let refused = try await job.start(["--db-retry-seconds", "1"], url: url).outcome(within: .seconds(30))
            try refused.expectRefusal(75, "database", naming: ["too many connections"], retries: true)

            let patient = try job.start(url: url)
            try await patient.waitUntil(logged: "trying again")
            await holder.close()
            let outcome = try await patient.outcome(within: .seconds(30))
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(try RunReportLine(outcome).processed == 60)
            try await job.expectDrained(60)
        }
    }

    @Test("10: several processes drain through pgbouncer in transaction mode", .requiresPgbouncer)
    func pooled() async throws {
        try await withProxiedJob(rows: 400) { job in
            let url = try Pgbouncer.url(of: job.database)
            let runs = try (0..<4).map { _ in try job.start(url: url) }
            var processed = 0
            for run in runs {
                let outcome = try await run.outcome(within: .seconds(60))
                #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
                processed += try RunReportLine(outcome).processed
            }
            #expect(processed == 400)
            try await job.expectDrained(400)
        }
    }

    /// A role that may have one connection at a time.
    private func withLimitedRole(_ body: (ProxiedJob, _ url: String) async throws -> Void) async throws {
        try await withProxiedJob(rows: 60) { job in
            try await job.datasets.withRole { role, url in
                try await job.database.run(
                    """
                    GRANT SELECT, UPDATE ON datasets TO \(role);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_failure, embedding_state TO \(role);
                    ALTER ROLE \(role) CONNECTION LIMIT 1
                    """)
                try await body(job, url)
            }
        }
    }
}
