import ComputeTestSupport
import Foundation
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("A run that takes tasks", .requiresPostgres, .timeLimit(.minutes(30)))
struct TaskRunTests {
    @Test("adopts all that wait, ends them with its own result, and says how many")
    func adopts() async throws {
        try await withTaskedJob { job in
            let ids = [try await job.queue(), try await job.queue(["--limit", "1"])]
            let plain = try await job.datasets.run(["run", "--limit", "20"])
            #expect(try plain.adoptedTasks == nil && !plain.output.contains("adopted_tasks"))
            for id in ids { #expect(try await job.show(id).state == "queued") }

            let outcome = try await job.datasets.run(["run", "--adopt-tasks", "--batch-size", "3"])
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            // The limit of a task is not the run's.
            #expect(try RunReportLine(outcome).processed == 40)
            #expect(outcome.output.contains(#""adopted_tasks":2,"exit_reason":"drained"}"#))
            for id in ids {
                let task = try await job.show(id)
                #expect(task.state == "succeeded" && task.attempt == 1 && task.exitStatus == 0 && task.error == nil)
                #expect(task.report?.processed == 40 && task.report?.adoptedTasks == 2)
                #expect(task.startedAt != nil && task.finishedAt != nil && task.runner?.contains("/") == true)
            }
            try await job.adopt(0)
            try await job.expectDrained(60)
        }
    }

    @Test("adopts tasks by a variable as well, and refuses what cannot be done together")
    func options() async throws {
        try await withTaskedJob(rows: 3) { job in
            let id = try await job.queue()
            func run(_ arguments: [String], _ environment: [String: String]) async throws -> BuiltExecutable.Outcome {
                let all = ["DATABASE_URL": job.database.url].merging(environment) { $1 }
                return try await job.datasets.job.run(
                    ["run", "--model", Fixtures.toyModel] + arguments, environment: all)
            }
            let variable = ["EMBEDDING_ADOPT_TASKS": "true"]
            try await run(["--task", id], variable).expectRefusal(
                78, "configuration", naming: ["--task", "--adopt-tasks"])
            try await run(["--dry-run"], variable).expectRefusal(78, "configuration", naming: ["--dry-run"])
            try await run(["--dry-run", "--task", id], [:]).expectRefusal(78, "configuration", naming: ["--dry-run"])
            #expect(try await run(["--task", "x"], [:]).exitStatus == 64)
            #expect(try await job.show(id).state == "queued")
            #expect(try await run([], variable).adoptedTasks == 1)
            #expect(try await job.show(id).state == "succeeded")
        }
    }

    @Test("ends them as failed when it cannot do its work, with a reason that names neither host nor SQL")
    func fails() async throws {
        try await withTaskedJob(rows: 3) { job in
            let ids = [try await job.queue(), try await job.queue(["--limit", "2"])]
            try await job.database.run("ALTER TABLE datasets RENAME title TO name")
            let adopting = try await job.datasets.run(["run", "--adopt-tasks"])
            #expect(adopting.exitStatus == 78)
            #expect(try adopting.adoptedTasks == 2)
            for id in ids {
                let task = try await job.show(id)
                #expect(task.state == "failed" && task.exitStatus == 78 && task.report?.exitReason == "configuration")
                #expect(task.error == "the run ended with exit status 78 (configuration)")
            }
        }
    }

    @Test("needs the board for one task, and without it takes none but drains all the same")
    func noBoard() async throws {
        try await withProxiedJob(rows: 3) { job in
            let one = try await job.datasets.run(["run", "--task", UUID().uuidString])
            try one.expectRefusal(78, "configuration", naming: ["embedding-job schema --tasks --apply"])
            #expect(try await job.embedded() == 0)
            let all = try await job.datasets.run(["run", "--adopt-tasks"])
            #expect(all.exitStatus == 0 && all.output.contains(#""adopted_tasks":0"#), "\(all.output)")
            #expect(all.standardError.contains("there is no board of tasks"))
            #expect(try await job.embedded() == 3)
        }
    }

    @Test("runs one task with its batch size and limit, whatever its own are")
    func one() async throws {
        try await withTaskedJob { job in
            let limited = try await job.queue(["--limit", "7", "--batch-size", "2"])
            let other = try await job.queue()
            let outcome = try await job.datasets.run(
                ["run", "--task", limited, "--limit", "50", "--batch-size", "50"])
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.processed == 7 && report.exitReason == "limit")
            #expect(!outcome.output.contains("adopted_tasks"))
            #expect(outcome.standardError.contains(#""batch_size":"2""#))
            let task = try await job.show(limited)
            #expect(task.state == "succeeded" && task.report?.processed == 7)
            #expect(try await job.show(other).state == "queued")

            // Without a limit of its own, the run's does not count either.
            #expect(
                try await RunReportLine(job.datasets.run(["run", "--task", other, "--limit", "1"])).processed == 53)
            for id in [limited, UUID().uuidString] {
                let refused = try await job.datasets.run(["run", "--task", id])
                try refused.expectRefusal(
                    78, "configuration", naming: [id == limited ? "has ended" : "there is no task"])
            }
        }
    }

    @Test("leaves a task that another runs to that one")
    func runningElsewhere() async throws {
        try await withTaskedJob { job in
            let id = try await job.queue()
            let run = try await job.start(at: .write, ["--task", id])
            try await job.datasets.run(["run", "--task", id]).expectRefusal(
                78, "configuration", naming: ["is run by", "/\(run.processIdentifier)"])
            try await job.adopt(0)
            job.proxy.set(.pass)
            #expect(try await run.outcome().exitStatus == 0)
            #expect(try await job.show(id).state == "succeeded")
            #expect(try await job.show(id).attempt == 1)
        }
    }

    @Test("takes tasks that no other takes, if several start at once")
    func together() async throws {
        try await withTaskedJob { job in
            var ids: [String] = []
            for limit in 1...6 { ids.append(try await job.queue(["--limit", "\(limit)"])) }
            let runs = try (0..<3).map { _ in try job.start(["--adopt-tasks"], url: job.database.url) }
            var adopted = 0
            for run in runs {
                let outcome = try await run.outcome()
                #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
                adopted += try outcome.adoptedTasks ?? 0
            }
            #expect(adopted == 6)
            for id in ids {
                let task = try await job.show(id)
                #expect(task.state == "succeeded" && task.attempt == 1)
            }
            try await job.expectDrained(60)
        }
    }

    @Test("ends after the batches in hand, with 0, when its task is cancelled")
    func cancelled() async throws {
        try await withTaskedJob(rows: 400) { job in
            let id = try await job.queue(["--batch-size", "1"])
            // So slow that it does not end by itself.
            job.proxy.set(.delay(.milliseconds(40)))
            let run = try job.start(["--task", id])
            try await job.database.wait(until: "(SELECT count(embedding) FROM datasets) > 0")
            #expect(try await job.command(["task", "cancel", id]).contains(#""state":"running""#))
            let outcome = try await run.outcome(within: .seconds(60))
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.exitReason == "cancelled" && report.processed < 400)
            #expect(try await job.embedded() == report.processed)
            let task = try await job.show(id)
            #expect(task.state == "cancelled" && task.report?.exitReason == "cancelled" && task.exitStatus == 0)
            try await job.expectDrainedByRerun(400, report.processed)
        }
    }

    @Test("goes on when a task is cancelled that it has adopted; the task ends as cancelled")
    func adoptedCancelled() async throws {
        try await withTaskedJob { job in
            let id = try await job.queue()
            let run = try await job.start(at: .write, ["--adopt-tasks"])
            try await job.command(["task", "cancel", id])
            job.proxy.set(.pass)
            let outcome = try await run.outcome()
            #expect(try outcome.exitStatus == 0 && RunReportLine(outcome).processed == 60)
            let task = try await job.show(id)
            #expect(task.state == "cancelled" && task.report?.processed == 60)
        }
    }

    @Test("takes and ends tasks through pgbouncer in transaction mode", .requiresPgbouncer)
    func pooled() async throws {
        try await withTaskedJob { job in
            let url = try Pgbouncer.url(of: job.database)
            let lost = try await job.queue()
            let proxied = try withProxyURL(job, url)
            defer { proxied.proxy.stop() }
            proxied.proxy.set(.holdFrom(WirePoint.write.text), for: .clientToServer)
            let killed = try job.start(["--adopt-tasks"], url: proxied.url)
            try await proxied.proxy.waitUntil(seen: WirePoint.write.text, .clientToServer)
            let other = try await job.datasets.run(["run", "--task", lost], url: url)
            try other.expectRefusal(78, "configuration", naming: ["is run by"])
            killed.send(SIGKILL)
            _ = try await killed.outcome()
            proxied.proxy.cut()
            try await job.database.wait(until: "NOT EXISTS (\(ProxiedJob.keepers))")
            try await job.passTime()
            let limited = try await job.queue(["--limit", "5"])
            let outcome = try await job.datasets.run(["run", "--adopt-tasks"], url: url)
            #expect(try outcome.exitStatus == 0 && outcome.adoptedTasks == 2, "\(outcome.standardError)")
            #expect(try await job.show(lost).attempt == 2)
            for id in [lost, limited] { #expect(try await job.show(id).state == "succeeded") }
            let one = try await job.queue()
            #expect(try await job.datasets.run(["run", "--task", one], url: url).exitStatus == 0)
            #expect(try await job.show(one).state == "succeeded")
            #expect(try await job.database.number("SELECT count(*) FROM (\(ProxiedJob.keepers)) AS k") == 0)
            try await job.expectDrained(60)
        }
    }

    private func withProxyURL(_ job: ProxiedJob, _ url: String) throws -> (proxy: FaultProxy, url: String) {
        let proxy = try FaultProxy.start(to: url)
        return (proxy, try proxy.url(from: url))
    }
}

extension ProxiedJob {
    /// Fails the test unless a run embeds what another left.
    func expectDrainedByRerun(_ rows: Int, _ done: Int) async throws {
        proxy.set(.pass)
        #expect(try await rerun().processed == rows - done)
        try await expectDrained(rows)
    }
}
