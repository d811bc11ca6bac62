import ArgumentParser
import BatchJob
import Compute
import Logging
import Postgres
import SentenceEncoding
import UnixSignals

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

    /// Two lanes overlap database and computation; more would only hold more claims.
    private static let laneCount = 2
    /// Kubernetes kills 30 seconds after SIGTERM; five are left for the last write.
    private static let timeToFinish = Duration.seconds(20)

    func run() async throws {
        let log = Logger.standardError()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let control = StopControl()
        let draining = Task { await drainAndReport(control, log) }
        let watching = Task {
            var count = 0
            for await signal in signals {
                count += 1
                log.notice("stopping", metadata: ["signal": "\(signal)", "count": "\(count)"])
                if count > 1 {
                    control.abort(draining)
                } else {
                    await control.stop(draining, within: Self.timeToFinish)
                }
            }
        }
        let report = await draining.value
        watching.cancel()
        print(report.json)
        TerminationLog.write(report.json)
        throw ExitCode(report.exitReason.exitCode)
    }

    /// Runs to the end and always has a report.
    private func drainAndReport(_ control: StopControl, _ log: Logger) async -> RunReport {
        var report = RunReport()
        do {
            let settings = try await Settings()
            let plan = try Plan(self, settings)
            report.model = plan.folder.name
            report.fingerprint = plan.fingerprint.hexadecimal
            var result = try await drain(plan, control, log)
            (result.model, result.fingerprint) = (report.model, report.fingerprint)
            return result
        } catch {
            let failure = RunFailure(error)
            log.error("\(failure.description)")
            report.exitReason = failure.reason
            return report
        }
    }

    private func drain(_ plan: Plan, _ control: StopControl, _ log: Logger) async throws -> RunReport {
        async let loading = model.load(plan.folder, plan.allowance, plan.gemm)
        let runControl = RunControl(maxRuntime: plan.maxRuntime)
        try await pauseBeforeConnecting(plan, log)
        let connection = plan.connection
        let connect = { @Sendable () async throws(PostgresError) in
            try await PostgresSession.connect(
                to: connection, applicationName: "embedding-job", interruption: control.interruption)
        }
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
        let sessions = [session] + (await moreSessions(connect, log))
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
        _ plan: Plan, _ table: DatasetTable, _ session: PostgresSession, _ encoder: some TextEncoder,
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

    /// Keeps many pods from connecting all at once; a signal ends the pause by cancelling the task, its time by being over.
    private func pauseBeforeConnecting(_ plan: Plan, _ log: Logger) async throws {
        let pause = plan.options.startPause
        guard pause > .zero else { return }
        log.info("waiting before connecting, as other pods do", metadata: ["pause": "\(pause)"])
        try await Task.sleep(for: min(pause, plan.maxRuntime ?? pause))
    }

    /// Connections beyond the first are welcome, not needed: a role may be limited to one.
    private func moreSessions(_ connect: Lane.Connector, _ log: Logger) async -> [PostgresSession] {
        var sessions: [PostgresSession] = []
        while sessions.count < Self.laneCount - 1 {
            do {
                sessions.append(try await connect())
            } catch {
                log.warning("going on with fewer connections", metadata: ["error": "\(error)"])
                break
            }
        }
        return sessions
    }
}

extension RunCommand {
    /// Everything that can be known before connecting; all problems are reported together.
    private struct Plan {
        let connection: String
        let folder: ModelFolder
        let allowance: ProcessorAllowance
        let gemm: GEMMChoice
        let fingerprint: ModelFingerprint
        let names: DatasetNames
        let options: EmbeddingRun.Options
        let maxRuntime: Duration?
        let isDryRun: Bool

        init(_ command: RunCommand, _ settings: Settings) throws {
            var problems: [String] = []
            func attempt<Value>(_ body: () throws -> Value) -> Value? {
                do {
                    return try body()
                } catch {
                    problems.append(RunFailure(error).description)
                    return nil
                }
            }
            let connection = attempt { try command.database.connectionString(settings) }
            let names = attempt { try command.database.names(settings) }
            let options = attempt { try command.run.options(settings) }
            let maxRuntime = attempt { try command.run.maxRuntime(settings) }
            let isDryRun = attempt { try command.run.isDryRun(settings) }
            let allowance = attempt { try command.model.allowance(settings) }
            let gemm = attempt { try command.model.gemm(settings) }
            let folder = attempt { try command.model.folder(settings) }
            guard let connection, let names, let options, let maxRuntime, let isDryRun, let allowance, let gemm,
                let folder
            else {
                throw RunFailure(.configuration, problems.joined(separator: "; "))
            }
            (self.connection, self.names, self.options) = (connection, names, options)
            (self.maxRuntime, self.isDryRun) = (maxRuntime, isDryRun)
            (self.allowance, self.folder) = (allowance, folder)
            self.gemm = gemm.choice(for: folder)
            fingerprint = try ModelFingerprint(of: folder, template: InputTemplate.definition)
        }
    }
}
