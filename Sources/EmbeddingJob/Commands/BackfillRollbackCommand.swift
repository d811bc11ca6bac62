import ArgumentParser
import BatchJob

/// `embedding-job backfill rollback`: lets the old column serve again.
struct BackfillRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Let the old column serve again.",
        discussion: """
            The same exchange of names backwards. The old column's vectors are those of the cutover: with --model naming its \
            model, rows that were edited since are embedded again; otherwise the log says how many there are.
            """)

    @OptionGroup var options: BackfillOptions

    @Flag(help: "Also if views, triggers and the like stay with the column that served; the log names them.")
    var leaveDependents = false

    func run() async throws {
        let leavesDependents = leaveDependents
        try await options.report("backfill rollback") { await $0.rollBack($1, leavesDependents: leavesDependents) }
    }
}
