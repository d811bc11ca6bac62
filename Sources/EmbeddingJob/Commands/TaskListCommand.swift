public import ArgumentParser
import Benchmarking
import CommandSupport
public import TaskBoard

/// `embedding-job task list`: the tasks of the board.
struct TaskListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List tasks about the column, the latest first.",
        discussion: "On a terminal a table; otherwise, or with --json, one object a line.")

    @Option(
        help: ArgumentHelp(
            "Those of this state only: queued, running, succeeded, failed or cancelled.", valueName: "state"))
    var state: TaskState?

    @Option(help: ArgumentHelp("Most tasks, at most 1000 (default: 20).", valueName: "tasks"))
    var limit: PositiveCount?

    @Flag(help: "Print JSON lines on a terminal, too.")
    var json = false

    @OptionGroup(title: "Database") var database: DatabaseOptions

    func validate() throws {
        guard limit?.value ?? 1 <= 1000 else { throw ValidationError("--limit is more than 1000") }
    }

    func run() async throws {
        try await Self.reportingFailures {
            let page = try await TaskCommand.withBoard(database, for: .read) {
                try await $0.list(state, limit: limit?.value ?? 20)
            }
            guard !json, StandardStreams.isTerminal else {
                for task in page.tasks { try StandardOutput.print(task.json) }
                return
            }
            guard !page.tasks.isEmpty else { return try StandardOutput.print("there are no tasks") }
            let rows = page.tasks.map { task in
                [
                    task.id.text, task.state.rawValue, String(task.attempt), task.createdAt, task.runner ?? "-",
                    task.exitStatus.map { String($0) } ?? "-",
                ]
            }
            try StandardOutput.print(
                TextTable(
                    heading: ["task", "state", "attempt", "queued at", "runner", "exit status"], rows: rows,
                    nameColumns: [0, 1, 3, 4]
                ).description)
        }
    }
}

// Public as both sides are; nobody imports an executable.
extension TaskState: ExpressibleByArgument {}
