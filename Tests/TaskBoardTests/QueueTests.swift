import DatasetTable
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import TaskBoard
import Testing

@Suite("The board of tasks", .requiresPostgres, .timeLimit(.minutes(30)))
struct QueueTests {
    @Test("takes a task with its arguments, and shows it to whoever asks")
    func enqueue() async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue(7)
            #expect(task.state == .queued && task.attempt == 0 && task.name == "enrich.generate_embeddings")
            #expect(task.table == "public.datasets" && task.column == "embedding")
            #expect(task.arguments?.batchSize == 100 && task.arguments?.limit == 7)
            #expect(task.createdAt.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
            let found = try await fixture.find(task)
            #expect(found.json == task.json)
            #expect(try await fixture.withBoard { try await $0.find(UUID()) } == nil)
            var other = fixture
            other.names.column = "other"
            #expect(try await other.withBoard { try await $0.find(task.id) } == nil)
            #expect(try await other.withBoard { try await $0.cancel(task.id) } == nil)
        }
    }

    @Test("has one queued task with the same arguments at most, whoever queues it, and however many at once")
    func deduplicates() async throws {
        try await withBoard { fixture in
            let queued = try await withThrowingTaskGroup(of: (id: UUID, isOld: Bool).self) { group in
                for number in 0..<24 {
                    group.addTask {
                        let arguments = try TaskArguments(limit: 1 + number % 2)
                        return try await fixture.withBoard {
                            let queued = try await $0.enqueue(arguments)
                            return (queued.task.id, queued.isDeduplicated)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(queued.count { !$0.isOld } == 2)
            #expect(Set(queued.map(\.id)).count == 2)
            #expect(try await fixture.database.number("SELECT count(*) FROM embedding_task") == 2)
            // One that runs is no longer in the way.
            let claims = try await fixture.claim()
            #expect(await claims.tasks.count == 2)
            #expect(try await !queued.map(\.id).contains(fixture.queue(1).id))
            await claims.end(0)
        }
    }

    @Test("lists the latest first, by state, page by page")
    func list() async throws {
        try await withBoard { fixture in
            var tasks: [EmbeddingTask] = []
            for limit in 1...5 { tasks.append(try await fixture.queue(limit)) }
            let ids = tasks.reversed().map(\.id)
            let listed = try await fixture.withBoard(.read) { board in
                let first = try await board.list(limit: 2)
                let second = try await board.list(limit: 2, after: first.next)
                let third = try await board.list(limit: 2, after: second.next)
                #expect(third.next == nil && third.tasks.count == 1)
                return first.tasks + second.tasks + third.tasks
            }
            #expect(listed.map(\.id) == ids)
            _ = try await fixture.withBoard { try await $0.cancel(ids[2]) }
            for (state, expected) in [(TaskState.queued, 4), (.cancelled, 1), (.running, 0)] {
                #expect(
                    try await fixture.withBoard(.read) { try await $0.list(state, limit: 10).tasks.count } == expected)
            }
        }
    }

    @Test(
        "cancels what waits at once, asks the runner of what runs, and says what has ended",
        arguments: TaskState.allCases)
    func cancel(state: TaskState) async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            let claims: TaskClaims? =
                [.queued, .cancelled].contains(state) ? nil : try await fixture.claim(task)
            switch state {
            case .queued, .running: break
            case .cancelled: _ = try await fixture.withBoard { try await $0.cancel(task.id) }
            case .succeeded: await claims?.end(0)
            case .failed: await claims?.end(78)
            }
            let before = try await fixture.find(task)
            #expect(before.state == state)
            let cancellation = try await fixture.withBoard { try await $0.cancel(task.id) }
            switch cancellation {
            case .cancelled(let task): #expect(state == .queued && task.state == .cancelled && task.finishedAt != nil)
            case .requested(let task):
                #expect(state == .running && task.state == .running && task.cancelRequestedAt != nil)
            case .ended(let task): #expect(state.isFinal && task.json == before.json)
            case nil: Issue.record("the task is gone")
            }
            // Once more changes nothing.
            let first = try await fixture.find(task)
            _ = try await fixture.withBoard { try await $0.cancel(task.id) }
            #expect(try await fixture.find(task).json == first.json)
            await claims?.end(0)
            #expect(
                try await fixture.find(task).state == (state == .succeeded || state == .failed ? state : .cancelled))
        }
    }

    @Test("refuses arguments out of bounds", arguments: [(0, nil), (1001, nil), (-1, nil), (100, 0), (100, -5)])
    func arguments(batchSize: Int, limit: Int?) {
        #expect(throws: RunFailure.self) { try TaskArguments(batchSize: batchSize, limit: limit) }
    }

    @Test("names what is missing: itself, or a right")
    func missing() async throws {
        try await withTemporaryDatabase { database in
            _ = try await DatasetFixture(database)
            let fixture = BoardFixture(database: database)
            await #expect {
                try await fixture.withBoard { _ in }
            } throws: {
                let failure = $0 as? RunFailure
                return failure?.reason == .configuration
                    && failure?.description.contains("schema --tasks --apply") == true
            }
            let session = try await database.connect()
            for _ in 0..<2 { try await TaskSchema(of: fixture.names, reading: session).apply(session) }
            await session.close()
            try await database.withRole { role, url in
                let session = try await PostgresSession.connect(to: url, applicationName: "tests")
                let grants: [(TaskBoard.Access, String)] = [
                    (.read, "SELECT"), (.run, "UPDATE"), (.queue, "INSERT"),
                ]
                for (access, right) in grants {
                    await #expect {
                        try await TaskBoard(of: fixture.names, for: access, session: session)
                    } throws: {
                        "\($0)".contains("GRANT \(right) ON public.embedding_task TO \(role)")
                    }
                    try await database.run("GRANT \(right) ON embedding_task TO \(role)")
                    _ = try await TaskBoard(of: fixture.names, for: access, session: session)
                }
                // What schema --tasks prints is enough for everything.
                let board = try await TaskBoard(of: fixture.names, for: .queue, session: session)
                let task = try await board.enqueue(TaskArguments()).task
                let open: TaskClaims.Open = { () async throws(PostgresError) in
                    try await PostgresSession.connect(to: url, applicationName: "tests")
                }
                try await database.run("REVOKE INSERT ON embedding_task FROM \(role)")
                let claims = try await TaskClaims.claimDue(
                    of: fixture.names, runner: "r", session: session, open: open, log: fixture.log)
                #expect(await claims.tasks.map(\.id) == [task.id])
                #expect(await !claims.lookAfter())
                await claims.end(0)
                #expect(try await board.find(task.id)?.state == .succeeded)
                await session.close()
            }
        }
    }
}
