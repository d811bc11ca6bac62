import ArgumentParser
import CommandSupport
import DatasetTable
import Logging
import SystemPackage

/// The command line of `embedding-job`.
@main
struct EmbeddingJobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embedding-job",
        abstract: "Gives every dataset in a PostgreSQL table its sentence embedding, then exits.",
        discussion: """
            The model runs inside this process: no Python, no model server, no download. `run` reads every \
            row with enrichment_status = 'enriched', is_active and no embedding, encodes "{title} {title} {description}" \
            and writes the vector, unless the row was edited meanwhile. It is safe to run twice, to kill, and to run in \
            several places at once.

              export DATABASE_URL=postgresql://embedder@db/catalog EMBEDDING_MODEL=all-MiniLM-L6-v2
              embedding-job schema --apply     # once, for a new database
              embedding-job run                # every half hour

            Every option can be set by the environment variable that its help names, also in a file .env in the working \
            directory; a flag wins over the environment, the environment over the file.

            EXIT STATUS: 0 drained, or --limit reached · 64 command line · 65 input or output file, or verify found \
            something · 70 systemic fault · 75 database unavailable, try again · 78 configuration · 143 stopped by a signal
            """,
        version: ProgramVersion.current,
        subcommands: [
            RunCommand.self, SearchCommand.self, EncodeCommand.self, TokenizeCommand.self, StatusCommand.self,
            VerifyCommand.self, TaskCommand.self,
            BackfillCommand.self, SchemaCommand.self, RetryFailedCommand.self, BenchCommand.self, ModelCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    /// Parses and runs.
    ///
    /// A run that cannot even begin because of its command line still prints its line of JSON.
    static func main() async {
        await runToExit { await status(of: Array(CommandLine.arguments.dropFirst())) }
    }

    private static func status(of arguments: [String]) async -> Int32 {
        let isRun = isRun(arguments)
        var isReported = false
        let log = Logger.standardError()
        do {
            do {
                try await parseAndRun()
            } catch {
                let status = exitCode(for: error)
                let message = fullMessage(for: error)
                if status == .validationFailure {
                    if isRun {
                        var report = RunReport()
                        report.exitReason = .usage
                        StandardOutput.report(report.json, log: log)
                    }
                    explain(withoutPasswords(message), arguments)
                }
                guard status.isSuccess else { return status.rawValue }
                if message.isEmpty {
                    isReported = isRun
                } else {
                    // What was asked for: help, the version, a completion script.
                    try StandardOutput.print(message)
                }
            }
            try StandardOutput.close()
            return ExitCode.success.rawValue
        } catch {
            log.error("\(error)")
            // The rows of a run have their vectors all the same.
            return isReported ? ExitCode.success.rawValue : 65
        }
    }

    private static func explain(_ message: String, _ arguments: [String]) {
        let hint = NearestCommand.hint(arguments, root: Self.self).map { "\($0)\n" } ?? ""
        try? FileSystem.write(Array("\(message)\n\(hint)".escapingControls.utf8), to: .standardError)
    }

    /// The message quotes arguments, and one in the wrong place may be a connection string with its password.
    private static func withoutPasswords(_ message: String) -> String {
        message.replacing(/(:\/\/|password=).*/) { $0.output.1 + "…" }
    }

    /// Whether a command prints a run's line of JSON.
    private static func isRun(_ arguments: [String]) -> Bool {
        guard let first = arguments.first else { return true }
        let isStep = ["run", "cutover", "rollback"].contains(arguments.dropFirst().first ?? "")
        return first == "run" || first.hasPrefix("-") || (first == "backfill" && isStep)
    }
}
