import ArgumentParser
import BatchJob

/// `embedding-job backfill cutover`: lets the new column serve.
struct BackfillCutoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cutover", abstract: "Let the new column serve, under the present one's name.",
        discussion: """
            Drains the new column, checks its index and a sample, then gives it the name of the present one, which is called \
            COLUMN_old from then on, and notes the model in the table embedding_model, if there is one: all in one \
            transaction. Then it drains once more, for rows that were edited meanwhile. Searches must change to the encoder of \
            the new model with the column; an application that reads embedding_model and searches in one transaction does. \
            Refuses to leave behind what was made of the present column, such as views, triggers UPDATE OF it, generated \
            columns, constraints and lists of publications; backfill plan names them. \
            Prints the line of JSON of embedding-job run; the log has the time that the swap took.
            """)

    @OptionGroup var options: BackfillOptions

    @Option(
        help: ArgumentHelp(
            "Most rows that may be without their vector at the swap (default: 100), as many as are edited in a moment.",
            valueName: "rows"))
    var maxPending: Int = 100

    @Flag(help: "Also if views, triggers and the like stay with the column that served; the log names them.")
    var leaveDependents = false

    func run() async throws {
        let (maxPending, leavesDependents) = (maxPending, leaveDependents)
        try await options.report("backfill cutover") {
            await $0.cutOver($1, maxPending: maxPending, leavesDependents: leavesDependents)
        }
    }
}
