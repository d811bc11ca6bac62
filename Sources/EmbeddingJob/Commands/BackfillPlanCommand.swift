import ArgumentParser
import BatchJob
import CommandSupport
import DatasetTable
import Logging
import Postgres

/// `embedding-job backfill plan`: where a change of the model stands.
struct BackfillPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say how far the change is, what comes next, and what it will cost.",
        discussion: """
            Tokens and time are estimated by a sample of the rows, encoded for two seconds at most. Writes nothing; the role \
            needs no more than SELECT.
            """)

    @OptionGroup var options: BackfillOptions

    @Option(help: "Storage of the new column: vector or halfvec (default: that of the present one).")
    var type: ModelChange.Storage?

    @Flag(help: "Print one line of JSON instead of a table.")
    var json = false

    func run() async throws {
        try await Self.reportingFailures {
            let log = Logger.standardError()
            let (change, encoder) = try await options.begin(
                try options.plan(try await Settings()), access: .readOnly, log)
            let plan = try await change.plan(encoder, storage: type)
            try StandardOutput.print(json ? plan.json : plan.details.map { ($0.name, $0.value) }.table)
        }
    }
}
