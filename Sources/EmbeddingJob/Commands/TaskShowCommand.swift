import ArgumentParser
import CommandSupport
import TaskBoard

/// `embedding-job task show`: one task of the board.
struct TaskShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one task: where it stands, who runs it, how its last run ended.",
        discussion: """
            On a terminal a table; otherwise, or with --json, one object. report is the line of JSON of its run.
            """)

    @Argument(help: "The task's identifier.")
    var id: TaskIdentifier

    @Flag(help: "Print JSON on a terminal, too.")
    var json = false

    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await Self.reportingFailures {
            let task = try await TaskCommand.withBoard(database, for: .read) { try await $0.find(id.id) }
            guard let task else { throw TaskCommand.absent(id) }
            guard !json, StandardStreams.isTerminal else { return try StandardOutput.print(task.json) }
            let lines: [(name: String, value: String)] = [
                ("task", task.id.text), ("name", task.name), ("state", task.state.rawValue),
                ("column", "\(task.table).\(task.column)"), ("arguments", task.argumentsJSON),
                ("attempt", String(task.attempt)), ("queued at", task.createdAt), ("due from", task.runAfter),
                ("started at", task.startedAt ?? "-"), ("finished at", task.finishedAt ?? "-"),
                ("cancel requested at", task.cancelRequestedAt ?? "-"), ("runner", task.runner ?? "-"),
                ("exit status", task.exitStatus.map { String($0) } ?? "-"), ("report", task.report ?? "-"),
                ("error", task.error ?? "-"),
            ]
            try StandardOutput.print(lines.table)
        }
    }
}
