import ArgumentParser
import BatchJob
import CommandSupport
import Compute
import DatasetTable
import Logging
import ModelLoading
import Postgres
import SentenceEncoding

/// `embedding-job run`: drains the table.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Embed every eligible row that has no vector, then exit (default).",
        discussion: """
            Prints one line of JSON on standard output in every case, beginning {"processed":N,"failed":M; everything else \
            goes to standard error. A row that cannot be encoded or written is counted in failed, named in the log by its \
            key, and costs no other row its vector.

            SIGTERM and SIGINT end the run after the batches in hand, with exit status 143; a second one ends it at once. \
            Nothing is ever half-written.

            With --adopt-tasks, or --task ID, the run works on tasks that embedding-job task queue, or a service, has put on \
            the board: see embedding-job help task.

            In a pod of an Indexed Job, JOB_COMPLETION_INDEX and EMBEDDING_PODS, the number of pods, make the pods start with \
            different parts of the table, and more than eight of them connect up to five seconds apart.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions
    @OptionGroup(title: "Run") var run: RunOptions

    func run() async throws {
        try await StoppableRun.report("run", to: metricsFile, plan, drain)
    }

    /// Where the metrics go; those of a dry run would tell of rows that nobody has embedded.
    private func metricsFile(_ settings: Settings) throws -> MetricsFile? {
        // A value that cannot be read is the plan's to report.
        guard (try? run.isDryRun(settings)) != true else { return nil }
        return try run.metrics.file(of: "run", database, settings)
    }

    /// Reads the options.
    private func plan(_ settings: Settings) throws -> RunPlan {
        try RunPlan(
            model, database, run.drain, settings, options: { try run.options(settings) },
            isDryRun: { try run.isDryRun(settings) }, tasks: { try run.tasks(settings) })
    }

    private func drain(_ plan: RunPlan, _ stopping: StopControl, _ log: Logger) async throws -> RunReport {
        let control = RunControl(maxRuntime: plan.maxRuntime)
        try await plan.pauseBeforeConnecting(log)
        guard let tasks = plan.tasks else { return try await drain(plan, control, stopping, log) }
        return try await RunTasks(tasks, plan, stopping.interruption, log).run(control, log) { plan in
            try await drain(plan, control, stopping, log)
        }
    }

    private func drain(
        _ plan: RunPlan, _ control: RunControl, _ stopping: StopControl, _ log: Logger
    ) async throws -> RunReport {
        async let loading = plan.model.load(log)
        let run = try await CheckedRun(
            of: plan.names, model: plan.target, options: plan.options, isDryRun: plan.isDryRun,
            connector: plan.connector(stopping.interruption, plan.isDryRun ? .readOnly : .readWrite, log), log: log)
        let encoder = try await loading
        await stopping.govern { await control.stop() }
        var report: RunReport
        if plan.isDryRun {
            report = await run.forecast(encoder, control: control)
        } else {
            log.info("run starts", metadata: Self.metadata(plan, run, encoder))
            report = await run.drain(encoder, control: control)
        }
        report.device = encoder.deviceDescription
        report.precision = encoder.precision.rawValue
        return report
    }

    private static func metadata(
        _ plan: RunPlan, _ run: CheckedRun, _ encoder: any TextEncoder
    ) -> Logger.Metadata {
        [
            "model": "\(plan.model.folder.name)", "fingerprint": "\(plan.fingerprint)",
            "device": "\(encoder.deviceDescription)", "threads": "\(plan.model.allowance)",
            "gemm": "\(plan.model.gemm)", "database": "\(run.endpoint)", "batch_size": "\(plan.options.batchSize)",
        ]
    }
}
