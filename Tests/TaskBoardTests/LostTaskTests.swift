import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import TaskBoard
import Testing

@Suite("A task", .requiresPostgres, .timeLimit(.minutes(30)))
struct LostTaskTests {
    @Test("whose runner went away is found by whoever claims next, and its former runner changes nothing any more")
    func lost() async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            let first = try await fixture.claim(runner: "first")
            #expect(try await fixture.recoverLost().isEmpty)
            try await fixture.loseKeepers()

            let lost = try await fixture.recoverLost()
            #expect(lost.map(\.id) == [task.id])
            #expect(lost.first?.state == .queued && lost.first?.attempt == 1)
            #expect(lost.first?.error == "its runner went away")
            // Nobody knows when it was lost, so it waits from its start.
            #expect(try await fixture.wait(of: task, since: "started_at") == 30)
            #expect(try await fixture.recoverLost().isEmpty)

            try await fixture.passTime()
            let second = try await fixture.claim(runner: "second")
            #expect(await second.tasks.map(\.attempt) == [2])
            await first.end(0)
            let running = try await fixture.find(task)
            #expect(running.state == .running && running.attempt == 2 && running.runner == "second")
            #expect(running.report == nil)
            await second.end(0)
            #expect(try await fixture.find(task).state == .succeeded)
        }
    }

    @Test("that was lost and is its former runner's no more is given up by that one, without a hold on its lock")
    func givenUp() async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            let first = try await fixture.claim(runner: "first")
            try await fixture.loseKeepers()
            #expect(try await fixture.recoverLost().count == 1)
            // The first try finds the connection gone, the second the task.
            _ = await first.lookAfter()
            _ = await first.lookAfter()
            #expect(await first.tasks.isEmpty)
            try await fixture.passTime()
            let second = try await fixture.claim(runner: "second")
            #expect(await second.tasks.map(\.id) == [task.id])
            await first.end(78)
            await second.end(0)
            #expect(try await fixture.find(task).state == .succeeded)
        }
    }

    @Test("whose lock was lost is locked again by its runner, before or after somebody wants it to end")
    func retaken() async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            let claims = try await fixture.claim()
            try await fixture.loseKeepers()
            #expect(await !claims.lookAfter())
            #expect(await !claims.lookAfter())
            #expect(await claims.tasks.count == 1)
            #expect(try await fixture.recoverLost().isEmpty)
            _ = try await fixture.withBoard { try await $0.cancel(task.id) }
            #expect(await claims.lookAfter())
            await claims.end(0)
            #expect(try await fixture.find(task).state == .cancelled)
        }
    }

    @Test("that ends while its lock is gone is ended all the same, if nobody has found it lost")
    func endedWithoutLock() async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            let claims = try await fixture.claim()
            try await fixture.loseKeepers()
            await claims.end(0)
            #expect(try await fixture.find(task).state == .succeeded)
            #expect(try await fixture.recoverLost().isEmpty)
        }
    }

    @Test("that is lost three times has failed")
    func lostTooOften() async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            for attempt in 1...3 {
                try await fixture.passTime()
                #expect(try await fixture.claim().tasks.map(\.attempt) == [attempt])
                try await fixture.loseKeepers()
                #expect(try await fixture.recoverLost().first?.state == (attempt < 3 ? .queued : .failed))
            }
            let failed = try await fixture.find(task)
            #expect(failed.error == "its runner went away; it was tried 3 times" && failed.finishedAt != nil)
            #expect(failed.exitStatus == nil)
        }
    }

    @Test("that was to be cancelled when its runner went away is cancelled")
    func lostAndCancelled() async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            _ = try await fixture.claim()
            _ = try await fixture.withBoard { try await $0.cancel(task.id) }
            try await fixture.loseKeepers()
            #expect(try await fixture.recoverLost().first?.state == .cancelled)
        }
    }

    @Test(
        "that may be tried again is queued with growing pauses, and fails the third time",
        arguments: [75, 143] as [Int32])
    func backsOff(status: Int32) async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            for (attempt, pause) in [(1, 30), (2, 120)] {
                let claims = try await fixture.claim()
                #expect(await claims.tasks.map(\.attempt) == [attempt])
                await claims.end(status, error: "away")
                let queued = try await fixture.find(task)
                #expect(queued.state == .queued && queued.finishedAt == nil && queued.exitStatus == status)
                #expect((pause - 5...pause).contains(try await fixture.wait(of: task)))
                #expect(try await fixture.claim().tasks.isEmpty)
                try await fixture.passTime()
            }
            let last = try await fixture.claim()
            await last.end(status, error: "away")
            let failed = try await fixture.find(task)
            #expect(failed.state == .failed && failed.attempt == 3 && failed.finishedAt != nil)
            #expect(failed.error == "away; it was tried 3 times")
            #expect(failed.report == #"{"processed": 1}"#)
        }
    }

    @Test(
        "ends as the exit status of its run says",
        arguments: [(0, .succeeded), (64, .failed), (65, .failed), (70, .failed), (78, .failed), (75, .queued)]
            as [(Int32, TaskState)])
    func ends(status: Int32, state: TaskState) async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            let claims = try await fixture.claim(runner: "somebody")
            await claims.end(status, error: status == 0 ? nil : "why")
            let ended = try await fixture.find(task)
            #expect(ended.state == state && ended.exitStatus == status && ended.runner == "somebody")
            #expect(ended.error == (status == 0 ? nil : "why"))
            // Its lock is free again.
            #expect(
                try await fixture.database.number(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                ) == 0)
        }
    }

    @Test("that would have to wait beside another with the same arguments leaves the work to that one")
    func twins() async throws {
        try await withBoard { fixture in
            let first = try await fixture.queue()
            let claims = try await fixture.claim()
            let second = try await fixture.queue()
            #expect(first.id != second.id)
            await claims.end(75, error: "away")
            let failed = try await fixture.find(first)
            #expect(failed.state == .failed && failed.error?.hasPrefix("away; a later task") == true)
            #expect(try await fixture.find(second).state == .queued)

            // Likewise if both are lost.
            let again = try await fixture.claim()
            let third = try await fixture.queue()
            let more = try await fixture.claim()
            #expect(await again.tasks.count == 1)
            #expect(await more.tasks.map(\.id) == [third.id])
            try await fixture.loseKeepers()
            let states = try await fixture.recoverLost().map(\.state)
            #expect(states == [.queued, .failed])
        }
    }
}
