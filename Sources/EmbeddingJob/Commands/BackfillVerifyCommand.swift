import ArgumentParser
import BatchJob
import CommandSupport
import DatasetTable
import Logging
import Postgres

/// `embedding-job backfill verify`: checks the new column.
struct BackfillVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check the new column and its index; exit status 65 if something is wrong.",
        discussion: """
            Counts rows without a vector of their present text, encodes a sample again, and compares what the index finds for \
            some rows with what comparing all rows finds. Writes nothing.
            """)

    @OptionGroup var options: BackfillOptions

    @Option(help: ArgumentHelp("Most rows to encode again (default: 100). [EMBEDDING_SAMPLE]", valueName: "rows"))
    var sample: PositiveCount?

    @Option(
        help: ArgumentHelp(
            "Chooses the rows; the same number chooses the same rows (default: 0). [EMBEDDING_SEED]",
            valueName: "number"))
    var seed: Int64?

    @Option(help: ArgumentHelp("Least share of true neighbors that an index must find.", valueName: "share"))
    var minRecall = 0.9

    @Flag(help: "Print one line of JSON instead of a table.")
    var json = false

    func run() async throws {
        var reason = ExitReason.verified
        try await Self.reportingFailures {
            let settings = try await Settings()
            let (change, encoder) = try await options.begin(
                try options.plan(settings), access: .readOnly, .standardError())
            let report = await change.verify(
                encoder, sampleSize: try settings.value(sample, "EMBEDDING_SAMPLE")?.value ?? 100,
                seed: try settings.value(seed, "EMBEDDING_SEED") ?? 0, minRecall: minRecall)
            try StandardOutput.print(json ? report.json : Self.table(report))
            reason = report.exitReason
        }
        throw ExitCode(reason.exitCode)
    }

    private static func table(_ report: ModelChangeVerification) -> String {
        var lines: [(name: String, value: String)] = [
            ("column", report.column), ("eligible", "\(report.coverage.eligible)"),
            ("embedded", "\(report.coverage.embedded)"), ("missing", "\(report.coverage.missing)"),
            ("of these held back", report.quarantined.map(String.init) ?? "-"),
            ("of an earlier text", "\(report.coverage.outdated)"), ("encoded again", "\(report.sample.checked)"),
            ("of these different", "\(report.sample.different)"),
            ("smallest cosine", report.sample.smallestCosine.map { "\($0)" } ?? "-"),
        ]
        if let error = report.sample.roundingError { lines.append(("largest rounding error", "\(error)")) }
        lines += report.recall.sorted { $0.key < $1.key }.map { ("recall of \($0.key)", "\($0.value)") }
        return (lines + [("result", report.exitReason.rawValue)]).table
    }
}
