import ArgumentParser
import CommandSupport
import DatasetTable
import Logging
import Postgres

/// `embedding-job retry-failed`: makes the next run try failed rows again.
struct RetryFailedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry-failed",
        abstract: "Forget recorded failures, so that the next run tries those rows at once.",
        discussion: """
            A row that failed waits half an hour, then an hour, two, four, up to a week, unless its text is edited. This \
            ends the wait for all rows, or for those that --id names. Prints how many failures were forgotten; keys of which \
            none is known are named in the log.
            """)

    @OptionGroup(title: "Database") var database: DatabaseOptions

    @Option(help: ArgumentHelp("Key of a row; can be given several times (default: all).", valueName: "key"))
    var id: [String] = []

    /// The most keys that the log names.
    private static let mostNamedKeys = 20

    private static func words(_ keys: [String]) -> String {
        keys.prefix(mostNamedKeys).joined(separator: ", ") + (keys.count > mostNamedKeys ? " and others" : "")
    }

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let session = try await database.connection(settings).open(.readWrite)
            let log = Logger.standardError()
            let preflight = Preflight(session: session, names: try database.names(settings), log: log)
            let table = try await preflight.check(for: .ledger)
            let forgotten = try await FailureLedger(table).forget(id.isEmpty ? nil : id, session)
            await session.close()
            if !forgotten.unknownKeys.isEmpty {
                log.warning(
                    "no failure is known of some rows; embedding_failure has those of this table",
                    metadata: [
                        "count": "\(forgotten.unknownKeys.count)", "row": "\(Self.words(forgotten.unknownKeys))",
                    ])
            }
            try StandardOutput.print("{\"forgotten\":\(forgotten.count)}")
        }
    }
}
