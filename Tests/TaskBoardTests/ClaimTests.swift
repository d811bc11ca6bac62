import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import TaskBoard
import Testing

@Suite("A claim of tasks", .requiresPostgres, .timeLimit(.minutes(30)))
struct ClaimTests {
    @Test("gives each task to one of several that claim at once, and all tasks to somebody")
    func disjoint() async throws {
        try await withBoard { fixture in
            for limit in 1...20 { try await fixture.queue(limit) }
            let claims = try await withThrowingTaskGroup(of: TaskClaims.self) { group in
                for number in 0..<4 { group.addTask { try await fixture.claim(runner: "runner \(number)") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            var ids: [String] = []
            for claims in claims { ids += await claims.tasks.map(\.id.text) }
            #expect(ids.count == Set(ids).count)
            // Whoever passes over a row that another has in hand leaves it to that one.
            #expect(ids.count == 20)
            #expect(try await fixture.recoverLost().isEmpty)
            for claims in claims { await claims.end(0) }
            let succeeded = "SELECT count(*) FROM embedding_task WHERE state = 'succeeded' AND attempt = 1"
            #expect(try await fixture.database.number(succeeded) == 20)
        }
    }

    /// Statements of a claim, on which connection they are sent, and whether the task runs once they are let through.
    enum Moment: String, CaseIterable, Sendable {
        case pick = "\0-- Locks the row of a task that is due"
        case lock = "\0-- Takes the lock of a task up to"
        case start = "\0-- Begins a task whose row"
        case commit = "COMMIT\0"

        var isOfKeeper: Bool { self == .lock }
    }

    @Test("has no moment at which the task runs and its lock is free", arguments: Moment.allCases)
    func noGap(moment: Moment) async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            try await withFaultProxy(to: fixture.database.url) { proxy in
                let proxied = try proxy.url(from: fixture.database.url)
                proxy.set(.holdFrom(moment.rawValue), for: .clientToServer)
                async let claiming = fixture.claim(
                    runner: "slow", url: moment.isOfKeeper ? nil : proxied, keeperURL: moment.isOfKeeper ? proxied : nil
                )
                try await proxy.waitUntil(seen: moment.rawValue, .clientToServer)
                // As long as it has not begun, nobody sees it run, and so nobody takes it for lost.
                #expect(try await fixture.find(task).state == .queued)
                #expect(try await fixture.recoverLost().isEmpty)
                // The row or the lock keeps others away, once it is looked at.
                if moment != .pick {
                    let other = try await fixture.claim(runner: "fast")
                    #expect(await other.tasks.isEmpty)
                    await other.end(0)
                }
                proxy.set(.pass)
                let claims = try await claiming
                #expect(await claims.tasks.map(\.id) == [task.id])
                #expect(try await fixture.recoverLost().isEmpty)
                #expect(try await fixture.find(task).runner == "slow")
                await claims.end(0)
                #expect(try await fixture.find(task).state == .succeeded)
            }
        }
    }

    @Test("that breaks at any moment leaves the task queued, or lost and found again", arguments: Moment.allCases)
    func broken(moment: Moment) async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            try await withFaultProxy(to: fixture.database.url) { proxy in
                let proxied = try proxy.url(from: fixture.database.url)
                proxy.set(.cutInsteadOf(moment.rawValue), for: .clientToServer)
                await #expect(throws: PostgresError.self) {
                    try await fixture.claim(
                        url: moment.isOfKeeper ? nil : proxied, keeperURL: moment.isOfKeeper ? proxied : nil)
                }
            }
            let keepers = "SELECT FROM pg_stat_activity WHERE application_name = '\(BoardFixture.keeper)'"
            try await fixture.database.wait(
                until: "NOT EXISTS (\(keepers) AND datname = current_database())")
            let next = try await fixture.claim()
            #expect(await next.tasks.map(\.id) == [task.id])
            await next.end(0)
            #expect(try await fixture.find(task).state == .succeeded)
        }
    }

    @Test("of one task says why it cannot be begun")
    func obstacles() async throws {
        try await withBoard { fixture in
            let task = try await fixture.queue()
            let claims = try await fixture.claim(task, runner: "the first")
            func expectRefusal(_ words: String) async {
                await #expect {
                    try await fixture.claim(task)
                } throws: {
                    ($0 as? RunFailure)?.reason == .configuration && "\($0)".contains(words)
                }
            }
            await expectRefusal("is run by the first")
            await claims.end(75)
            // Not due for half a minute; asked for by its name, it begins.
            #expect(try await fixture.claim().tasks.isEmpty)
            let second = try await fixture.claim(task)
            await second.end(0)
            await expectRefusal("has ended: it is succeeded")
            try await fixture.database.run("DELETE FROM embedding_task")
            await expectRefusal("there is no task")
        }
    }

    @Test(
        "keeps its locks in a transaction that idles without limit, without a snapshot and without a lock on the board")
    func idle() async throws {
        try await withBoard { fixture in
            try await fixture.database.run(
                """
                ALTER DATABASE \(fixture.database.name) SET idle_in_transaction_session_timeout = '200ms';
                ALTER DATABASE \(fixture.database.name) SET default_transaction_read_only = off
                """)
            let version = try await fixture.database.number("SELECT current_setting('server_version_num')::int")
            if version >= 170_000 {
                try await fixture.database.run(
                    "ALTER DATABASE \(fixture.database.name) SET transaction_timeout = '200ms'")
            }
            let task = try await fixture.queue()
            let claims = try await fixture.claim()
            for _ in 0..<2 {
                let idle = """
                    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                        AND application_name = '\(BoardFixture.keeper)' AND state = 'idle in transaction'
                        AND backend_xmin IS NULL AND backend_xid IS NULL
                    """
                #expect(try await fixture.database.number(idle) == 1)
                try await Task.sleep(for: .milliseconds(400))
                #expect(try await fixture.recoverLost().isEmpty)
                #expect(await !claims.lookAfter())
            }
            let locks = "SELECT count(*) FROM pg_locks WHERE relation = 'embedding_task'::regclass"
            #expect(try await fixture.database.number(locks) == 0)
            try await fixture.database.run("ALTER TABLE embedding_task ADD note text")
            await claims.end(0)
            #expect(try await fixture.find(task).state == .succeeded)
        }
    }
}
