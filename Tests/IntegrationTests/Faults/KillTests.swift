import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

/// A process that is gone from one moment to the next: out of memory, evicted, its machine without power.
@Suite("A run that is killed", .requiresPostgres, .timeLimit(.minutes(30)))
struct KillTests {
    @Test(
        "1: kill -9 at any point of a batch leaves nothing or the whole batch, and its claims are free at once",
        arguments: WirePoint.allCases)
    func killed(point: WirePoint) async throws {
        try await withProxiedJob(rows: 60) { job in
            let run = try await job.start(at: point)
            try await kill(run)
            try await job.hangUp()
            let visible = try await job.embedded()
            #expect(point.visibleCounts.contains(visible), "\(visible) rows are visible")

            // A claim that outlived the process would leave its rows to nobody.
            let rerun = try await job.rerun()
            #expect(rerun.processed == 60 - visible)
            #expect(rerun.skippedStale == 0 && rerun.skippedLocked == 0)
            try await job.expectDrained(60)
        }
    }

    @Test("2: kill -9 after COMMIT was sent, before the reply: the rows count once, and a rerun does not touch them")
    func killedWithCommitUnderWay() async throws {
        try await withProxiedJob(rows: 60) { job in
            let run = try await job.start(at: .commit)
            try await kill(run)
            #expect(try await job.embedded() == 0)
            // What a process has sent goes its way without it.
            job.proxy.set(.pass)
            try await job.waitUntilGone()
            let visible = try await job.embedded()
            #expect(WirePoint.answer.visibleCounts.contains(visible), "\(visible) rows are visible")

            #expect(try await job.rerun().processed == 60 - visible)
            try await job.expectDrained(60)
        }
    }

    private func kill(_ run: RunningJob) async throws {
        run.send(SIGKILL)
        let outcome = try await run.outcome()
        #expect(outcome.signal == SIGKILL)
        #expect(outcome.output.isEmpty)
    }
}
