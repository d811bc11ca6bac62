import DatasetTable
import Logging
import Postgres
import SentenceEncoding

/// Reads and tokenizes what a run would embed, measures the encoder on a sample, and writes nothing.
///
/// Every statement runs in a transaction that is read-only. Nothing is claimed, so a dry run does not disturb a real one
/// beside it, and sees the rows that the real one has in hand.
struct DryRun: Sendable {
    private let session: PostgresSession
    private let table: ResolvedTable
    private let encoder: any TextEncoder
    private let model: Fingerprint
    private let options: EmbeddingRun.Options
    private let control: RunControl
    private let samplingTime: Duration
    private let log: Logger

    /// Prepares a dry run of what an ``EmbeddingRun`` with these options would do.
    ///
    /// - Parameter samplingTime: The time after which no more of the sample is encoded.
    init(
        session: PostgresSession, table: ResolvedTable, encoder: any TextEncoder, model: Fingerprint,
        options: EmbeddingRun.Options, control: RunControl, samplingTime: Duration, log: Logger
    ) {
        self.session = session
        self.table = table
        self.encoder = encoder
        self.model = model
        self.options = options
        self.control = control
        self.samplingTime = samplingTime
        self.log = log
    }

    /// Reads everything and reports; a failure is in the report's ``RunReport/exitReason`` and in the log.
    ///
    /// `truncated`, `tokens_lost`, `deduplicated` and `tokens` are what a run would report, `remaining` what waits.
    func forecast() async -> RunReport {
        let start = ContinuousClock.now
        var report = RunReport()
        do {
            var forecast = Forecast()
            let rowEncoder = try await RowEncoder(encoder, log: log)
            let reason = try await read(into: &forecast, &report)
            (report.truncated, report.tokensLost) = (forecast.truncated, forecast.tokensLost)
            (report.deduplicated, report.tokens) = (forecast.duplicates, forecast.tokens)
            report.exitReason = reason ?? .dryRun
            if reason == nil { try await summarize(forecast, rowEncoder) }
        } catch {
            let failure = RunFailure(error)
            log.error("dry run ended early", metadata: metadata([.error: failure.description]))
            report.exitReason = failure.reason
        }
        report.duration = ContinuousClock.now - start
        return report
    }

    /// Reads in the order of a run: missing vectors first, then those to be replaced.
    ///
    /// - Returns: The reason if it was told to end early.
    private func read(into forecast: inout Forecast, _ report: inout RunReport) async throws -> ExitReason? {
        if let reason = try await read(.missing, into: &forecast, &report) { return reason }
        guard options.replacesOutdated, rowsLeft(forecast) != 0 else { return nil }
        return try await read(
            .outdated(includingUnknown: options.replacesUnknown), into: &forecast, &report)
    }

    private func read(
        _ selection: RowSelection, into forecast: inout Forecast, _ report: inout RunReport
    ) async throws -> ExitReason? {
        var table = table
        table.selection = selection
        let queue = DatasetQueue(session: session, table: table, model: model)
        var (page, count, quarantined, embedded) = try await session.readOnly {
            (
                try await queue.list(after: nil), try await queue.pendingCount(), try await queue.quarantined(),
                selection == .missing ? 0 : try await queue.embeddedCount()
            )
        }
        report.remaining = (report.remaining ?? 0) + max(0, count - (quarantined ?? 0))
        report.quarantined = quarantined.map { (report.quarantined ?? 0) + $0 }
        table.searchIndexes?.advise(onWriting: count, log)
        if selection != .missing {
            // A run gets there with missing vectors filled in.
            try options.guardBlastRadius(replacing: count, of: embedded + forecast.embeddable)
        }

        while true {
            if let reason = try await read(page, queue, into: &forecast) { return reason }
            guard !page.isLast, rowsLeft(forecast) != 0 else { return nil }
            let last = page.last
            page = try await session.readOnly { try await queue.list(after: last) }
        }
    }

    private func read(
        _ page: PendingPage, _ queue: DatasetQueue, into forecast: inout Forecast
    ) async throws -> ExitReason? {
        let schedule = ShardSchedule(page, firstShard: options.firstShard, rowLimit: rowsLeft(forecast))
        while let assignment = await schedule.next(batchSize: options.batchSize) {
            if let reason = await control.reason { return reason }
            let shards = Set(assignment.positions.map(\.shard))
            let claim = try await session.readOnly {
                try await queue.read(assignment, of: shards)
            } orInPieces: {
                try await queue.readInPieces(assignment, of: shards)
            }
            for failed in claim.unreadable {
                log.warning("row would fail", metadata: failed.logMetadata)
                forecast.add(failed.row, nil)
            }
            let before = forecast.embeddable
            for row in claim.rows { forecast.add(row, row.source.map { encoder.tokenize($0) }) }
            await schedule.finish(assignment, claim.reading, counting: forecast.embeddable - before)
        }
        return nil
    }

    /// The rows that `--limit` leaves to attempt, `nil` for all.
    private func rowsLeft(_ forecast: Forecast) -> Int? {
        options.limit.map { max(0, $0 - forecast.embeddable) }
    }

    private func summarize(_ forecast: Forecast, _ rowEncoder: RowEncoder) async throws {
        let measurement = try await SampleMeasurement(of: forecast.sample, rowEncoder, within: samplingTime)
        for failed in measurement.failures { log.warning("row would fail", metadata: failed.logMetadata) }
        let rate = measurement.tokensPerSecond
        let seconds = rate > 0 ? Double(forecast.tokens) / rate : 0
        log.notice(
            "dry run",
            metadata: metadata([
                .rows: "\(forecast.rows)", .tokens: "\(forecast.tokens)", .truncated: "\(forecast.truncated)",
                .tokensLost: "\(forecast.tokensLost)", .duplicates: "\(forecast.duplicates)",
                .empty: "\(forecast.empty)", .undecodable: "\(forecast.undecodable)",
                .tokensPerSecond: "\(Int(rate.rounded()))",
                .eta: "\(Int(seconds.rounded(.up)))s",
            ]))
    }
}
