import DatasetTable
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

/// A process that is asked to end: a node is drained, somebody presses Control-C.
@Suite("A run that is asked to stop", .requiresPostgres, .timeLimit(.minutes(30)))
struct StopSignalTests {
    /// Far less than the grace time of an orchestrator, usually 30 seconds; most of it is for a busy machine.
    private static let grace = Duration.seconds(15)

    @Test(
        "3: SIGTERM and SIGINT at any point of a batch: the batches in hand are finished, none is begun, 143",
        arguments: WirePoint.allCases, [SIGTERM, SIGINT])
    func stopped(point: WirePoint, signal: Int32) async throws {
        try await withProxiedJob(rows: 200) { job in
            let run = try await job.start(at: point)
            run.send(signal)
            try await run.waitUntil(logged: "stopping")
            job.proxy.set(.pass)

            let report = try await report(of: run)
            #expect(report.processed > 0 && report.processed.isMultiple(of: ProxiedJob.batchSize))
            // At most two batches of each of the two workers.
            #expect(report.processed <= 4 * ProxiedJob.batchSize)
            #expect(report.remaining == 200 - report.processed)
            #expect(try await job.embedded() == report.processed)
            #expect(try await job.rerun().processed == 200 - report.processed)
            try await job.expectDrained(200)
        }
    }

    @Test(
        "3: a second signal gives the batches in hand up at once, at whichever point",
        arguments: WirePoint.allCases, [SIGTERM, SIGINT])
    func aborted(point: WirePoint, signal: Int32) async throws {
        try await withProxiedJob(rows: 60) { job in
            let run = try await job.start(at: point)
            run.send(signal)
            try await run.waitUntil(logged: "stopping")
            run.send(signal)
            // Nothing is let through: what the run waits for never comes.
            let report = try await report(of: run)
            try await job.hangUp()
            let visible = try await job.embedded()
            #expect(point.visibleCounts.contains(visible), "\(visible) rows are visible")
            // Rows count once their COMMIT is answered; the second worker may still wait for that of its batch.
            #expect(report.processed <= (point == .nextClaim ? visible : 0))
            #expect(try await job.rerun().processed == 60 - visible)
            try await job.expectDrained(60)
        }
    }

    @Test("3: SIGTERM while the server is absent, from the start or in the middle of a batch, ends the wait for it")
    func stoppedWhileWaiting() async throws {
        try await withProxiedJob(rows: 60) { job in
            try job.proxy.set(.refused)
            let early = try job.start()
            try await early.waitUntil(logged: "trying again")
            early.send(SIGTERM)
            #expect(try await report(of: early).processed == 0)

            try job.proxy.set(.accepted)
            let late = try await job.start(at: .write)
            try job.proxy.set(.refused)
            try await job.hangUp()
            try await late.waitUntil(logged: "trying again")
            late.send(SIGTERM)
            let report = try await report(of: late)
            #expect(report.processed == 0 && report.remaining == nil)
            #expect(try await job.rerun().processed == 60)
            try await job.expectDrained(60)
        }
    }

    @Test("3: SIGTERM while the server says nothing to the log-in ends the run at once")
    func stoppedWhileConnecting() async throws {
        try await withProxiedJob(rows: 20) { job in
            job.proxy.set(.hold)
            let run = try job.start()
            try await job.proxy.waitUntil(connections: 1)
            run.send(SIGTERM)
            #expect(try await report(of: run).processed == 0)
        }
    }

    @Test("3: SIGTERM before the run can take notice ends it like any other program")
    func stoppedAtOnce() async throws {
        try await withProxiedJob(rows: 20) { job in
            let run = try job.start()
            run.send(SIGTERM)
            let outcome = try await run.outcome(within: Self.grace)
            // For a shell and a container runtime both are 143.
            #expect(outcome.signal == SIGTERM || outcome.exitStatus == 143, "\(outcome)")
            try await job.waitUntilGone()
            let visible = try await job.embedded()
            #expect(try await job.rerun().processed == 20 - visible)
            try await job.expectDrained(20)
        }
    }

    /// The report of a run that a signal has ended.
    private func report(of run: RunningJob) async throws -> RunReportLine {
        let outcome = try await run.outcome(within: Self.grace)
        #expect(outcome.exitStatus == 143, "\(outcome)")
        outcome.expectNoSecretAndNoTrace()
        let report = try RunReportLine(outcome)
        #expect(report.exitReason == "signal" && report.failed == 0)
        return report
    }
}
