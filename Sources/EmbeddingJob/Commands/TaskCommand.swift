import ArgumentParser
import CommandSupport
import DatasetTable
import Postgres
import TaskBoard

/// `embedding-job task`: the board of tasks.
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "Queue a run for others to do, look at such tasks, cancel them.",
        discussion: """
            A task asks for one run over the table. It waits on the board, the table embedding_task, which \
            embedding-job schema --tasks --apply creates, until somebody runs it:

              embedding-job run --adopt-tasks    # the half-hourly run takes all that wait
              embedding-job run --task ID        # this one alone, with its batch size and limit

            queued → running → succeeded, failed or cancelled. A run that ended with 75 or 143, or whose process went away, \
            is tried again, after 30 seconds and then two minutes; the third attempt is the last.
            """,
        subcommands: [
            TaskQueueCommand.self, TaskListCommand.self, TaskShowCommand.self, TaskCancelCommand.self,
        ])

    /// Opens the board, hands it to the body and closes the connection.
    static func withBoard<Result: Sendable>(
        _ database: DatabaseOptions, for access: TaskBoard.Access, _ body: (TaskBoard) async throws -> Result
    ) async throws -> Result {
        let settings = try await Settings()
        let names = try database.names(settings)
        return try await database.connection(settings).withSession(access == .read ? .readOnly : .readWrite) {
            session in
            try await body(try await TaskBoard(of: names, for: access, session: session))
        }
    }

    /// A task that is not there.
    static func absent(_ id: TaskIdentifier) -> RunFailure {
        RunFailure(
            .configuration, "there is no task \(id.id.text) about this column; embedding-job task list shows those")
    }
}
