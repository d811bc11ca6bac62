import ComputeTestSupport
import DatasetTable
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// Standard output, standard error and the termination log, when nobody is there to read them.
@Suite("A run that cannot speak", .requiresPostgres, .timeLimit(.minutes(30)))
struct StreamTests {
    @Test("33: a log that nobody reads, its pipe full, neither holds up a run nor changes its exit status")
    func blockedLog() async throws {
        try await withProxiedJob(rows: 60) { job in
            // A line of the log each.
            try await job.database.run("UPDATE datasets SET title = ' ', description = NULL WHERE id <= 10")
            let outcome = try await job.start(errors: .fullPipe).outcome(within: .seconds(30))
            #expect(outcome.exitStatus == 0)
            let report = try RunReportLine(outcome)
            #expect(report.processed == 50 && report.failed == 10)
            try await job.checker.expectIntact(processed: 50, Fixtures.toyEncoder())
        }
    }

    @Test("33: a log that nobody reads does not keep signals from ending a run")
    func blockedLogAndSignal() async throws {
        try await withProxiedJob(rows: 60) { job in
            let run = try await job.start(at: .write, errors: .fullPipe)
            // Again and again, since the log does not tell when the first has arrived. It alone may take 20 seconds.
            async let signals: Void = { while run.isRunning { run.send(SIGTERM); await Task.yield() } }()
            let outcome = try await run.outcome(within: .seconds(15))
            await signals
            #expect(outcome.exitStatus == 143)
            #expect(try RunReportLine(outcome).processed == 0)
        }
    }

    @Test(
        "33: standard streams that are closed are not replaced by what the run opens",
        arguments: [">&-", "2>&-", "<&- >&- 2>&-"])
    func closed(redirection: String) async throws {
        try await withProxiedJob(rows: 60) { job in
            let launcher = ["/bin/sh", "-c", "exec \"$@\" \(redirection)", "sh"]
            let run = try await job.start(at: .write, launcher: launcher)
            for stream in 0..<3 {
                let target = try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(run.processIdentifier)/fd/\(stream)")
                #expect(target.hasPrefix("/"), "stream \(stream) is \(target)")
            }
            job.proxy.set(.pass)
            #expect(try await run.outcome(within: .seconds(30)).exitStatus == 0)
            try await job.expectDrained(60)
        }
    }
}
