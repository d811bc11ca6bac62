import ArgumentParser
import BatchJob
import Compute
import Logging
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

            In a pod of an Indexed Job, JOB_COMPLETION_INDEX and EMBEDDING_PODS, the number of pods, make the pods start with \
            different parts of the table, and more than eight of them connect up to five seconds apart.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions
    @OptionGroup(title: "Run") var run: RunOptions

    func run() async throws {
        try await StoppableRun.report(plan, drain)
    }

    /// Reads the options.
    private func plan(_ settings: Settings) throws -> RunPlan {
        try RunPlan(
            model, database, run.drain, settings, options: { try run.options(settings) },
            isDryRun: { try run.isDryRun(settings) })
    }

    private func drain(_ plan: RunPlan, _ control: StopControl, _ log: Logger) async throws -> RunReport {
        async let loading = model.load(plan.folder, plan.allowance, plan.gemm)
        let runControl = RunControl(maxRuntime: plan.maxRuntime)
        try await plan.pauseBeforeConnecting(log)
        let connect = plan.connector(control.interruption)
        let purpose = Preflight.Purpose.run(
            dimension: plan.folder.configuration.hiddenSize, model: plan.fingerprint.bytes,
            replacesOutdated: plan.options.replacesOutdated)
        let (session, table) = try await Lane.connectPatiently(within: plan.options.retryBudget, log: log, connect) {
            let preflight = Preflight(session: $0, names: plan.names, log: log)
            guard plan.isDryRun else { return try await preflight.check(for: purpose) }
            return try await $0.readOnly { try await preflight.check(for: purpose) }
        }
        let encoder = try await loading
        await control.govern(runControl)
        if plan.isDryRun { return await forecast(plan, table, session, encoder, runControl, log) }
        let sessions = [session] + (await Lane.connectMore(Lane.usualCount - 1, log: log, connect))
        log.info(
            "run starts",
            metadata: [
                "model": "\(plan.folder.name)", "fingerprint": "\(plan.fingerprint)",
                "device": "\(encoder.deviceDescription)", "threads": "\(plan.allowance)",
                "gemm": "\(plan.gemm)",
                "database": "\(session.endpoint)", "batch_size": "\(plan.options.batchSize)",
            ])
        let run = EmbeddingRun(
            sessions: sessions, table: table, encoder: encoder, model: plan.fingerprint.bytes, options: plan.options,
            control: runControl, log: log, connect: connect)
        var report = await run.drain()
        report.device = encoder.deviceDescription
        return report
    }

    private func forecast(
        _ plan: RunPlan, _ table: DatasetTable, _ session: PostgresSession, _ encoder: some TextEncoder,
        _ control: RunControl, _ log: Logger
    ) async -> RunReport {
        let dryRun = DryRun(
            session: session, table: table, encoder: encoder, model: plan.fingerprint.bytes, options: plan.options,
            control: control, log: log)
        var report = await dryRun.forecast()
        await session.close()
        report.device = encoder.deviceDescription
        return report
    }
}
