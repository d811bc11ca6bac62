import ArgumentParser
import CommandSupport
import DatasetTable
import TaskBoard

/// `embedding-job task cancel`: takes a task back.
struct TaskCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel a task that waits, or ask its runner to end it.",
        discussion: """
            embedding-job run --task looks every five seconds and ends after the batches in hand; a run that has adopted the \
            task goes on, and only the task ends as cancelled. Prints the task as show does. Exit status 78 if there is no \
            such task, or if it has ended.
            """)

    @Argument(help: "The task's identifier.")
    var id: TaskIdentifier

    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Self.reportingFailures {
            switch try await TaskCommand.withBoard(database, for: .queue, { try await $0.cancel(id.id) }) {
            case nil: throw TaskCommand.absent(id)
            case .ended(let task):
                throw RunFailure(
                    .configuration,
                    "task \(id.id.text) has ended as \(task.state.rawValue), so there is nothing to cancel")
            case .cancelled(let task), .requested(let task): try StandardOutput.print(task.json)
            }
        }
    }
}
