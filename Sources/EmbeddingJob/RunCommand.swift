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
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    @Option(
        help: ArgumentHelp("Most rows of a batch (default: 100). [EMBEDDING_BATCH_SIZE]", valueName: "rows"))
    var batchSize: PositiveCount?

    @Option(help: ArgumentHelp("Most rows to attempt (default: all). [EMBEDDING_LIMIT]", valueName: "rows"))
    var limit: PositiveCount?

    /// Two lanes overlap database and computation; more would only hold more claims.
    private static let laneCount = 2

    func run() async throws {
        let log = Logger.standardError()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let draining = Task { await drainAndReport(log) }
        let watching = Task {
            for await signal in signals {
                guard !draining.isCancelled else { Self.exit(withError: ExitCode(ExitReason.signal.exitCode)) }
                log.notice("stopping", metadata: ["signal": "\(signal)"])
                draining.cancel()
            }
        }
        let report = await draining.value
        watching.cancel()
        print(report.json)
        throw ExitCode(report.exitReason.exitCode)
    }

    /// Runs to the end and always has a report.
    private func drainAndReport(_ log: Logger) async -> RunReport {
        var report = RunReport()
        do {
            let settings = try await Settings()
            let plan = try Plan(self, settings)
            report.model = plan.folder.name
            report.fingerprint = plan.fingerprint.hexadecimal
            let result = try await drain(plan, settings, log)
            report = result.identified(as: report)
        } catch {
            let failure = RunFailure(error)
            log.error("\(failure.description)")
            report.exitReason = failure.reason
        }
        return report
    }

    private func drain(_ plan: Plan, _ settings: Settings, _ log: Logger) async throws -> RunReport {
        async let loading = model.load(plan.folder, plan.allowance)
        let session = try await database.connect(settings)
        let table = try await Preflight(session: session, names: plan.names, log: log)
            .check(for: .run(dimension: plan.folder.configuration.hiddenSize))
        let encoder = try await loading
        let sessions = [session] + (await moreSessions(settings, log))
        log.info(
            "run starts",
            metadata: [
                "model": "\(plan.folder.name)", "fingerprint": "\(plan.fingerprint)",
                "device": "\(encoder.deviceDescription)", "threads": "\(plan.allowance)",
                "database": "\(session.endpoint)", "batch_size": "\(plan.options.batchSize)",
            ])
        let run = EmbeddingRun(sessions: sessions, table: table, encoder: encoder, options: plan.options, log: log)
        var report = await run.drain()
        report.device = encoder.deviceDescription
        for session in sessions { await session.close() }
        return report
    }

    /// Connections beyond the first are welcome, not needed: a role may be limited to one.
    private func moreSessions(_ settings: Settings, _ log: Logger) async -> [PostgresSession] {
        var sessions: [PostgresSession] = []
        while sessions.count < Self.laneCount - 1 {
            do {
                sessions.append(try await database.connect(settings))
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
        let folder: ModelFolder
        let allowance: ProcessorAllowance
        let fingerprint: ModelFingerprint
        let names: DatasetNames
        var options = EmbeddingRun.Options()

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
            let batchSize = attempt { try settings.value(command.batchSize, "EMBEDDING_BATCH_SIZE") }
            let limit = attempt { try settings.value(command.limit, "EMBEDDING_LIMIT") }
            let allowance = attempt { try command.model.allowance(settings) }
            let folder = attempt { try command.model.folder(settings) }
            guard connection != nil, let allowance, let names, let batchSize, let limit, let folder else {
                throw RunFailure(.configuration, problems.joined(separator: "; "))
            }
            self.folder = folder
            self.allowance = allowance
            self.names = names
            fingerprint = try ModelFingerprint(of: folder, template: InputTemplate.definition)
            options.batchSize = batchSize?.value ?? options.batchSize
            options.limit = limit?.value
        }
    }
}

extension RunReport {
    /// The numbers of this report with the model of another.
    fileprivate func identified(as other: RunReport) -> RunReport {
        var report = self
        report.model = other.model
        report.fingerprint = other.fingerprint
        return report
    }
}
