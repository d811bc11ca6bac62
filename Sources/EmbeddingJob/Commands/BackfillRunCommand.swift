import ArgumentParser
import BatchJob

/// `embedding-job backfill run`: fills a new column and indexes it.
struct BackfillRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Add the new column, fill it, then build its indexes.",
        discussion: """
            Drains the new column as embedding-job run does, in as many processes as are started, until all rows have a \
            vector of their present text; then builds search indexes like those of the present column, concurrently. What is \
            there already is not done again. Prints the line of JSON of embedding-job run.
            """)

    @OptionGroup var options: BackfillOptions

    @Option(help: "Storage of the new column: vector or halfvec (default: that of the present one).")
    var type: ModelChange.Storage?

    @OptionGroup var metrics: MetricsOptions

    func run() async throws {
        let (type, metrics, database) = (type, metrics, options.database)
        try await options.report("backfill run", to: { try metrics.file(of: "backfill run", database, $0) }) {
            await $0.fill($1, storage: type)
        }
    }
}
