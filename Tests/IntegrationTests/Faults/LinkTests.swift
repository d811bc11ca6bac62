import DatasetTable
import JobTestSupport
import PostgresTestSupport
import Testing

/// Links that are slow, go silent or break within a message.
///
/// A statement that is never answered is given up after its own 30 seconds, which the tests of the session shorten and
/// these cannot.
@Suite("A run over a bad link", .requiresPostgres, .timeLimit(.minutes(30)))
struct LinkTests {
    @Test("9: a round trip of 200 ms makes a run slow, not wrong")
    func slow() async throws {
        try await withProxiedJob(rows: ProxiedJob.batchSize) { job in
            let run = try await job.start(at: .claim)
            job.proxy.set(.delay(.milliseconds(100)))
            try await expectDrained(run, job)
            // Slowness is no reason to connect again, but for the history of runs after the last row.
            #expect(job.proxy.connectionCount == 3)
        }
    }

    @Test(
        "9: a link that breaks within the rows that are read, or within the vectors that are written, is replaced",
        arguments: [
            (WirePoint.read, FaultProxy.Direction.serverToClient, 1), (.read, .serverToClient, 700),
            (.encode, .clientToServer, 1), (.encode, .clientToServer, 3000),
        ])
    func cut(point: WirePoint, direction: FaultProxy.Direction, byteCount: Int) async throws {
        try await withProxiedJob(rows: 60) { job in
            let run = try await job.start(at: point)
            job.proxy.set(.cut(afterByteCount: byteCount), for: direction)
            job.proxy.set(direction == .clientToServer ? .cut(afterByteCount: byteCount) : .pass, for: .clientToServer)
            try await expectDrained(run, job)
            // The other connection may have sent as much by then.
            #expect(job.proxy.connectionCount > 2, "the connection was not cut")
        }
    }

    @Test("9: a link that goes silent after the read and is reset later is replaced")
    func silent() async throws {
        try await withProxiedJob(rows: 60) { job in
            let run = try await job.start(at: .encode)
            job.proxy.set(.blackHole)
            job.proxy.set(.pass)
            job.proxy.cut(withReset: true)
            try await expectDrained(run, job)
            #expect(job.proxy.connectionCount > 2)
        }
    }

    @Test("9: a server that says nothing to the log-in costs a time-out each time, and 75 when the budget is spent")
    func stalledLogIn() async throws {
        try await withProxiedJob(rows: 20) { job in
            try job.proxy.set(.leftWaiting)
            let url = try job.proxy.url(from: job.database.url) + "?connect_timeout=1"
            let run = try job.start(["--db-retry-seconds", "1"], url: url)
            let outcome = try await run.outcome(within: .seconds(30))
            try outcome.expectRefusal(75, "database", naming: ["127.0.0.1:\(job.proxy.port)"], retries: true)
        }
    }

    private func expectDrained(_ run: RunningJob, _ job: ProxiedJob) async throws {
        let outcome = try await run.outcome(within: .seconds(30))
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        let report = try RunReportLine(outcome)
        #expect(report.skippedStale == 0 && report.skippedLocked == 0 && report.failed == 0)
        try await job.expectDrained(report.processed)
    }
}
