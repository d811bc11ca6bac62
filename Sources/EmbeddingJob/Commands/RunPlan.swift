import BatchJob
import CommandSupport
import DatasetTable
import Logging
import ModelLoading
import Postgres
import SentenceEncoding

/// Everything about a run that can be known before connecting; all problems are reported together.
struct RunPlan {
    let connection: DatabaseConnection
    let model: LoadableModel
    let fingerprint: Fingerprint
    let names: DatasetNames
    var options: EmbeddingRun.Options
    let maxRuntime: Duration?
    let isDryRun: Bool
    let tasks: TaskSelection?

    /// Reads the options.
    ///
    /// - Parameters:
    ///   - options: How the run goes about its work.
    ///   - isDryRun: Whether nothing is to be written.
    ///   - tasks: The tasks that the run takes.
    init(
        _ model: ModelOptions, _ database: DatabaseOptions, _ drain: DrainOptions, _ settings: Settings,
        options: () throws -> EmbeddingRun.Options, isDryRun: () throws -> Bool = { false },
        tasks: () throws -> TaskSelection? = { nil }
    ) throws {
        var problems = Problems()
        let connection = problems.attempt { try database.connection(settings) }
        let names = problems.attempt { try database.names(settings) }
        let options = problems.attempt(options)
        let maxRuntime = problems.attempt { try drain.maxRuntime(settings) }
        let isDryRun = problems.attempt(isDryRun)
        let tasks = problems.attempt(tasks)
        let loadable = model.loadable(settings, &problems)
        self.connection = try problems.unless(connection)
        self.names = try problems.unless(names)
        self.options = try problems.unless(options)
        self.maxRuntime = try problems.unless(maxRuntime)
        self.isDryRun = try problems.unless(isDryRun)
        self.tasks = try problems.unless(tasks)
        self.model = try problems.unless(loadable)
        fingerprint = Fingerprint(try self.model.fingerprint().bytes)
    }

    /// What the table is to have.
    var target: TargetModel {
        TargetModel(
            name: model.folder.name, fingerprint: fingerprint, dimension: model.folder.dimension)
    }

    /// Opens connections that a signal interrupts; to read is enough for a dry run.
    func connector(_ interruption: PostgresInterruption?, _ access: PostgresSession.Access, _ log: Logger) -> Connector
    {
        let connection = connection
        return Connector(retryBudget: options.retryBudget, log: log) { () async throws(PostgresError) in
            try await connection.open(access, interruption: interruption)
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
