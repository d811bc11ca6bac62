import DatasetTable
import JobTestSupport
import Logging
import Postgres
import PostgresTestSupport
import TaskBoard
import Testing

/// A database with a table and its board of tasks.
struct BoardFixture: Sendable {
    let database: TemporaryDatabase
    var names = DatasetNames()
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The name of the connections that keep the locks of tasks.
    static let keeper = "keeper"

    /// Opens a board on a connection of its own, hands it to the body and closes it.
    func withBoard<Result>(
        _ access: TaskBoard.Access = .queue, _ body: (TaskBoard) async throws -> Result
    ) async throws -> Result {
        let session = try await database.connect()
        do {
            let result = try await body(try await TaskBoard(of: names, for: access, session: session))
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    /// Queues a task with a limit that makes it different from others.
    @discardableResult
    func queue(_ limit: Int? = nil) async throws -> EmbeddingTask {
        let arguments = try TaskArguments(limit: limit)
        return try await withBoard { try await $0.enqueue(arguments).task }
    }

    /// The task as it is now.
    func find(_ task: EmbeddingTask) async throws -> EmbeddingTask {
        try #require(try await withBoard { try await $0.find(task.id) })
    }

    /// Claims what is due, or one task, as a process does.
    func claim(
        _ task: EmbeddingTask? = nil, runner: String = "runner", url: String? = nil, keeperURL: String? = nil
    ) async throws -> TaskClaims {
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "tests")
        let keeperURL = keeperURL ?? database.url
        let open: TaskClaims.Open = { () async throws(PostgresError) in
            try await PostgresSession.connect(to: keeperURL, applicationName: Self.keeper)
        }
        do {
            let claims =
                if let task {
                    try await TaskClaims.claim(
                        task.id, of: names, runner: runner, session: session, open: open, log: log)
                } else {
                    try await TaskClaims.claimDue(of: names, runner: runner, session: session, open: open, log: log)
                }
            await session.close()
            return claims
        } catch {
            await session.close()
            throw error
        }
    }

    /// The tasks that whoever looks finds lost.
    func recoverLost() async throws -> [EmbeddingTask] {
        try await withBoard(.run) { try await $0.recoverLost() }
    }

    /// Ends the connections that keep locks, as a crash of their process would.
    func loseKeepers() async throws {
        let keepers = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = '\(Self.keeper)'"
        _ = try await database.query("SELECT pg_terminate_backend(pid) \(keepers)")
        try await database.wait(until: "NOT EXISTS (SELECT \(keepers))")
    }

    /// Makes tasks that are tried again later due now.
    func passTime() async throws {
        try await database.run("UPDATE embedding_task SET run_after = now() WHERE state = 'queued'")
    }

    /// How many seconds a queued task has to wait.
    func wait(of task: EmbeddingTask, since column: String = "now()") async throws -> Int {
        try await database.number(
            "SELECT round(extract(epoch FROM run_after - \(column))) FROM embedding_task WHERE id = '\(task.id.text)'")
    }
}

extension TaskClaims {
    /// Ends as a run does.
    func end(_ status: Int32, error: String? = nil) async {
        await end(exitStatus: status, report: #"{"processed":1}"#, error: error)
    }
}

/// Makes a database with a table and its board, hands it to the body and drops it.
func withBoard(_ body: (BoardFixture) async throws -> Void) async throws {
    try await withTemporaryDatabase { database in
        _ = try await DatasetFixture(database)
        let fixture = BoardFixture(database: database)
        let session = try await database.connect()
        try await TaskSchema(of: fixture.names, reading: session).apply(session)
        await session.close()
        try await body(fixture)
    }
}
