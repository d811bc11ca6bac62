import BatchJob
import Compute
import Logging
import Postgres
import SentenceEncoding

/// Everything about a run that can be known before connecting; all problems are reported together.
struct RunPlan {
    let connection: String
    let folder: ModelFolder
    let allowance: ProcessorAllowance
    let gemm: GEMMChoice
    let fingerprint: ModelFingerprint
    let names: DatasetNames
    let options: EmbeddingRun.Options
    let maxRuntime: Duration?
    let isDryRun: Bool

    /// Reads the options.
    ///
    /// - Parameters:
    ///   - options: How the run goes about its work.
    ///   - isDryRun: Whether nothing is to be written.
    init(
        _ model: ModelOptions, _ database: DatabaseOptions, _ drain: DrainOptions, _ settings: Settings,
        options: () throws -> EmbeddingRun.Options, isDryRun: () throws -> Bool = { false }
    ) throws {
        var problems: [String] = []
        func attempt<Value>(_ body: () throws -> Value) -> Value? {
            do {
                return try body()
            } catch {
                problems.append(RunFailure(error).description)
                return nil
            }
        }
        let connection = attempt { try database.connectionString(settings) }
        let names = attempt { try database.names(settings) }
        let options = attempt(options)
        let maxRuntime = attempt { try drain.maxRuntime(settings) }
        let isDryRun = attempt(isDryRun)
        let allowance = attempt { try model.allowance(settings) }
        let gemm = attempt { try model.gemm(settings) }
        let folder = attempt { try model.folder(settings) }
        guard let connection, let names, let options, let maxRuntime, let isDryRun, let allowance, let gemm, let folder
        else {
            throw RunFailure(.configuration, problems.joined(separator: "; "))
        }
        (self.connection, self.names, self.options) = (connection, names, options)
        (self.maxRuntime, self.isDryRun) = (maxRuntime, isDryRun)
        (self.allowance, self.folder) = (allowance, folder)
        self.gemm = gemm.choice(for: folder)
        fingerprint = try ModelFingerprint(of: folder, template: InputTemplate.definition)
    }

    /// Opens connections that a signal interrupts.
    func connector(_ interruption: PostgresInterruption?) -> Lane.Connector {
        let connection = connection
        return { () async throws(PostgresError) in
            try await PostgresSession.connect(
                to: connection, applicationName: "embedding-job", interruption: interruption)
        }
    }

    /// Keeps many pods from connecting all at once; a signal ends the pause by cancelling the task, its time by being over.
    func pauseBeforeConnecting(_ log: Logger) async throws {
        let pause = options.startPause
        guard pause > .zero else { return }
        log.info("waiting before connecting, as other pods do", metadata: ["pause": "\(pause)"])
        try await Task.sleep(for: min(pause, maxRuntime ?? pause))
    }
}
