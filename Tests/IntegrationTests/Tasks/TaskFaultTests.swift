import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("A run of tasks in trouble", .requiresPostgres, .timeLimit(.minutes(30)))
struct TaskFaultTests {
    /// A point in the life of a task, told by what goes over the wire.
    enum Moment: String, CaseIterable, Sendable {
        case pick = "\0-- Locks the row of a task that is due"
        case lock = "\0-- Takes the lock of a task up to"
        case begin = "\0-- Begins a task whose row"
        case claimed = "\0-- The rows of a list that still qualify"
        case write = "\0-- The one statement that correctness rests on"
        case end = "\0-- Notes the end of a run of a task"

        /// Whether the task has begun by then.
        var hasBegun: Bool { [.claimed, .write, .end].contains(self) }
    }

    @Test(
        "80: kill -9 at any point: the task is lost, and the next run that takes tasks has it",
        arguments: Moment.allCases)
    func killed(moment: Moment) async throws {
        try await withTaskedJob { job in
            let id = try await job.queue()
            job.proxy.set(.holdFrom(moment.rawValue), for: .clientToServer)
            let run = try job.start(["--adopt-tasks"])
            try await job.proxy.waitUntil(seen: moment.rawValue, .clientToServer)
            if moment.hasBegun {
                // Nobody takes it from a process that is only slow.
                try await job.passTime()
                try await job.adopt(0)
                #expect(try await job.show(id).state == "running")
            } else {
                #expect(try await job.show(id).state == "queued")
            }
            run.send(SIGKILL)
            #expect(try await run.outcome().signal == SIGKILL)
            try await job.hangUp()

            try await job.adopt(1)
            let task = try await job.show(id)
            #expect(task.state == "succeeded" && task.attempt == (moment.hasBegun ? 2 : 1))
            try await job.expectDrained(60)
        }
    }

    @Test("80: kill -9 of a run of one task: it is lost, and can be run again")
    func killedWithOneTask() async throws {
        try await withTaskedJob { job in
            let id = try await job.queue()
            for attempt in 1...3 {
                let run = try await job.start(at: .write, ["--task", id])
                run.send(SIGKILL)
                _ = try await run.outcome()
                try await job.hangUp()
                job.proxy.set(.pass)
                #expect(try await job.show(id).attempt == attempt)
            }
            // Three times are enough.
            try await job.datasets.run(["run", "--task", id]).expectRefusal(
                78, "configuration", naming: ["has ended: it is failed"], retries: true)
            #expect(try await job.show(id).error == "its runner went away; it was tried 3 times")
        }
    }

    @Test("80: SIGTERM, once or twice: the task is queued again", arguments: [1, 2])
    func stopped(signals: Int) async throws {
        try await withTaskedJob { job in
            let id = try await job.queue()
            let run = try await job.start(at: .write, ["--adopt-tasks"])
            run.send(SIGTERM)
            try await run.waitUntil(logged: "stopping")
            if signals > 1 {
                run.send(SIGTERM)
                try await run.waitUntil(logged: #""count":"2""#)
            }
            job.proxy.set(.pass)
            let outcome = try await run.outcome(within: .seconds(30))
            #expect(outcome.exitStatus == 143, "\(outcome.standardError)")
            let task = try await job.show(id)
            #expect(task.state == "queued" && task.exitStatus == 143 && task.report?.exitReason == "signal")
            #expect(task.error == "the run ended with exit status 143 (signal)")
            try await job.passTime()
            try await job.adopt(1)
            #expect(try await job.show(id).state == "succeeded")
        }
    }

    @Test("81: the connection that keeps the locks is lost: they are taken again, and the drain goes on")
    func keeperLost() async throws {
        try await withTaskedJob(rows: 400) { job in
            let id = try await job.queue()
            job.proxy.set(.delay(.milliseconds(40)))
            let run = try job.start(["--adopt-tasks", "--batch-size", "1", "--limit", "150"])
            try await job.database.wait(until: "(SELECT count(embedding) FROM datasets) > 0")
            try await job.database.run("SELECT pg_terminate_backend(pid) FROM (\(ProxiedJob.keepers)) AS k")
            try await run.waitUntil(logged: "took the lock of a task again")
            #expect(try await job.database.number("SELECT count(*) FROM (\(ProxiedJob.keepers)) AS k") == 1)
            try await job.adopt(0)
            job.proxy.set(.pass)
            let outcome = try await run.outcome()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let task = try await job.show(id)
            #expect(task.state == "succeeded" && task.attempt == 1)
            let intruder = try await job.datasets.run(["run"])
            #expect(intruder.exitStatus == 0)
            try await job.expectDrained(400)
        }
    }

    @Test("81: a run whose task somebody else was given meanwhile goes on, and does not touch the task")
    func taskTaken() async throws {
        try await withTaskedJob(rows: 400) { job in
            let id = try await job.queue()
            job.proxy.set(.delay(.milliseconds(40)))
            let run = try job.start(["--adopt-tasks", "--batch-size", "1", "--limit", "150"])
            try await job.database.wait(until: "(SELECT count(embedding) FROM datasets) > 0")
            try await job.passTime()
            try await job.database.run("SELECT pg_terminate_backend(pid) FROM (\(ProxiedJob.keepers)) AS k")
            try await job.database.wait(until: "NOT EXISTS (\(ProxiedJob.keepers))")
            try await job.adopt(1)
            try await run.waitUntil(logged: "was given to another runner")
            job.proxy.set(.pass)
            let outcome = try await run.outcome()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let task = try await job.show(id)
            #expect(task.state == "succeeded" && task.attempt == 2)
            try await job.expectDrained(400)
        }
    }
}
