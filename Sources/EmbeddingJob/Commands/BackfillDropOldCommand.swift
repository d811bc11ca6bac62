import ArgumentParser
import BatchJob
import CommandSupport
import DatasetTable
import Logging

/// `embedding-job backfill drop-old`: ends a change of the model.
struct BackfillDropOldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop-old", abstract: "Drop the column that served before the cutover; then there is no way back.",
        discussion: "Its indexes go with it, and what embedding_state has noted about its vectors.")

    @OptionGroup var options: BackfillOptions

    @Flag(help: "Do it; without, only say what would be dropped.")
    var yes = false

    func run() async throws {
        try await Self.reportingFailures {
            let log = Logger.standardError()
            let change = try await options.change(try options.plan(try await Settings()), log: log)
            let dropped = try await change.dropOld(isConfirmed: yes)
            if !yes { log.notice("nothing was dropped; add --yes if that is meant to happen") }
            try StandardOutput.print(dropped.json)
        }
    }
}
