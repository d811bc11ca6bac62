import ArgumentParser
import CommandSupport
import DatasetTable
import TaskBoard

/// `embedding-job task queue`: puts a task on the board.
struct TaskQueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Queue a task, unless one with the same arguments waits already.",
        discussion: """
            Prints one object of JSON with task_id; deduplicated says that the task was there before.
            """)

    @Option(
        help: ArgumentHelp("Most rows of a batch of its run, 1 to 1000 (default: 100).", valueName: "rows"))
    var batchSize: PositiveCount?

    @Option(help: ArgumentHelp("Most rows that its run attempts (default: all).", valueName: "rows"))
    var limit: PositiveCount?

    @OptionGroup(title: "Database") var database: DatabaseOptions

    func validate() throws {
        _ = try arguments()
    }

    private func arguments() throws -> TaskArguments {
        do {
            return try TaskArguments(batchSize: batchSize?.value ?? 100, limit: limit?.value)
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() async throws {
        let arguments = try arguments()
        try await Self.reportingFailures {
            let queued = try await TaskCommand.withBoard(database, for: .queue) { try await $0.enqueue(arguments) }
            let id = queued.task.id.text
            // The keys of the original system's answer, and whether somebody was faster.
            try StandardOutput.print(
                JSONLine.object([
                    ("task_name", JSONLine.text(queued.task.name)), ("status", JSONLine.text("queued")),
                    ("message", JSONLine.text("Task queued with ID: \(id)")), ("task_id", JSONLine.text(id)),
                    ("deduplicated", queued.isDeduplicated ? "true" : "false"),
                ]))
        }
    }
}
