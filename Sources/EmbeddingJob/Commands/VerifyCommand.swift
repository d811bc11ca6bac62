import ArgumentParser
import BatchJob
import CommandSupport
import DatasetTable
import Logging
import ModelLoading
import Postgres
import SentenceEncoding

/// `embedding-job verify`: compares stored vectors with their rows.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Encode a sample of the rows again and compare it with the stored vectors.",
        discussion: """
            A vector is exact (within 1e-5 in every component), close (within 5e-4, as those of the other --precision), or \
            different. Also counts, if the table embedding_state exists, which vectors are current, stale (the text was edited since), \
            foreign (another model) or of unknown origin. Prints one line of JSON, unless the command line is wrong; rows that differ are named \
            in the log by their keys. Writes nothing. The role needs no more than SELECT.

            EXIT STATUS: 0 nothing is wrong · 65 a vector is stale, foreign or not the one of its row's text; the others as \
            for run
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    @Option(help: ArgumentHelp("Most rows to encode again (default: 100). [EMBEDDING_SAMPLE]", valueName: "rows"))
    var sample: PositiveCount?

    @Option(
        help: ArgumentHelp(
            "Chooses the rows; the same number chooses the same rows (default: 0). [EMBEDDING_SEED]",
            valueName: "number"))
    var seed: Int64?

    func run() async throws {
        let log = Logger.standardError()
        let report = await verify(log)
        StandardOutput.report(report.json, log: log)
        throw ExitCode(report.exitReason.exitCode)
    }

    /// Verifies and always has a report.
    private func verify(_ log: Logger) async -> VerificationReport {
        var report = VerificationReport()
        do {
            let settings = try await Settings()
            let names = try database.names(settings)
            let options = try options(settings)
            let model = try model.loadable(settings)
            let fingerprint = Fingerprint(try model.fingerprint().bytes)
            (report.model, report.fingerprint) = (model.folder.name, fingerprint.hexadecimal)

            async let loading = model.load(log)
            let session = try await database.connection(settings).open(.readOnly)
            let preflight = Preflight(session: session, names: names, log: log)
            let table = try await Verification.check(
                preflight, dimension: model.folder.dimension, model: fingerprint)
            let verification = Verification(
                session: session, table: table, encoder: try await loading, model: fingerprint, options: options,
                log: log)
            var result = await verification.verify()
            await session.close()
            (result.model, result.fingerprint) = (report.model, report.fingerprint)
            return result
        } catch {
            let failure = RunFailure(error)
            log.error("\(failure.description)")
            report.exitReason = failure.reason
            return report
        }
    }

    private func options(_ settings: Settings) throws -> Verification.Options {
        var options = Verification.Options()
        options.sampleSize = try settings.value(sample, "EMBEDDING_SAMPLE")?.value ?? options.sampleSize
        options.seed = try settings.value(seed, "EMBEDDING_SEED") ?? options.seed
        return options
    }
}
