import ArgumentParser
import Catalog
import CommandSupport
import DatasetTable
import HTTPFetching
import Logging
import Postgres

/// What all commands have in common: they end on a signal, and they print a line of JSON whatever happens.
struct FetchRun: Sendable {
    let settings: Settings
    let names: DatasetNames
    let catalog: CatalogTable
    let writer: CatalogWriter.Options
    /// When the run must be over, if ever.
    let deadline: ContinuousClock.Instant?
    let tally: FetchTally
    let log: Logger

    /// Connects, runs the body, prints the report and throws its exit status.
    ///
    /// The body ends by cancellation when a signal comes: what it has begun to write is finished.
    static func report(
        of command: any ParsableCommand.Type, _ source: DatasetSource, _ options: FetchOptions,
        _ database: DatabaseOptions,
        _ body: @escaping @Sendable (FetchRun) async throws -> ExitReason
    ) async throws {
        let name = command.configuration.commandName ?? ""
        let log = Logger.standardError()
        let tally = FetchTally(source)
        let control = StopControl()
        let start = ContinuousClock.now
        let (reason, file) = await control.result { () -> (ExitReason, MetricsFile?) in
            var file: MetricsFile?
            do {
                let settings = try await Settings()
                file = try options.metricsFile(of: name, source, database, settings)
                let fetching = Task { try await run(settings, options, database, tally, control, start, log, body) }
                await control.govern { fetching.cancel() }
                return (try await fetching.value, file)
            } catch {
                let failure = RunFailure(fetching: error)
                log.error("\(failure.description)")
                return (failure.reason, file)
            }
        }
        tally.update { report in
            report.duration = .now - start
            report.exitReason = reason
        }
        let report = tally.report
        StandardOutput.report(report.json, log: log)
        TerminationLog.write(report.json)
        file?.write(report, log: log)
        throw ExitCode(reason.exitCode)
    }

    private static func run(
        _ settings: Settings, _ options: FetchOptions, _ database: DatabaseOptions, _ tally: FetchTally,
        _ control: StopControl, _ start: ContinuousClock.Instant, _ log: Logger,
        _ body: (FetchRun) async throws -> ExitReason
    ) async throws -> ExitReason {
        let names = try database.names(settings)
        let deadline = try options.maxRuntime(settings).map { start + $0 }
        let writer = try options.writerOptions(settings)
        let session = try await database.connection(settings).open(.readWrite, interruption: control.interruption)
        do {
            let catalog = try await CatalogTable(of: names, session: session, log: log)
            let run = FetchRun(
                settings: settings, names: names, catalog: catalog, writer: writer, deadline: deadline, tally: tally,
                log: log)
            let reason = try await body(run)
            await session.close()
            return reason
        } catch {
            await session.close()
            throw error
        }
    }

    /// Opens a fetcher, hands it to the body, and notes what it has cost.
    func withFetcher<Result>(
        _ options: HTTPFetcher.Options, _ body: (HTTPFetcher) async throws -> Result
    ) async throws -> Result {
        let fetcher = try HTTPFetcher(options, logger: log)
        do {
            let result = try await body(fetcher)
            tally.update { $0.usage = fetcher.usage() }
            await fetcher.shutdown()
            return result
        } catch {
            tally.update { $0.usage = fetcher.usage() }
            await fetcher.shutdown()
            throw error
        }
    }

    /// Ends the run if somebody wants it to, or its time is over.
    func checkTime() throws {
        try Task.checkCancellation()
        guard let deadline, ContinuousClock.now >= deadline else { return }
        throw RunFailure(.maxRuntime, "the time of --max-runtime is over; the next run goes on where this one ends")
    }
}

extension RunFailure {
    /// What an error that ended a run means for its exit status.
    init(fetching error: any Error) {
        switch error {
        case HTTPFailure.cancelled, is CancellationError:
            self.init(
                .signal, "stopped by a signal; what was fetched before is stored, and the next run goes on from there")
        case HTTPFailure.item(let status, _, let place) where [401, 403].contains(status):
            self.init(
                .configuration,
                "\(place) is refused with status \(status); set or renew the key, or check what the account may do")
        case let failure as HTTPFailure: self.init(failure.exitReason, failure.description)
        default: self.init(error)
        }
    }
}

extension HTTPFailure {
    fileprivate var exitReason: ExitReason {
        switch self {
        case .item, .blocked, .foreignLink, .loop, .tooLarge: .source
        case .credentials, .badURL: .configuration
        case .unavailable: .sourceUnavailable
        case .outOfTime: .maxRuntime
        case .cancelled: .signal
        }
    }
}
