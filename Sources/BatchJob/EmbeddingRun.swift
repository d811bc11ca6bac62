public import Logging
public import Postgres
public import SentenceEncoding

/// Drains a table: every eligible row without a vector gets one, then the run ends.
///
/// Several lanes work alike, each with a connection of its own: claim and read a batch, encode it, write it. The encoder
/// serves batches in the order in which they come, so while one lane encodes, another writes its last batch, reads the
/// next and tokenises it. Nothing else is needed to overlap the database with the computation.
public struct EmbeddingRun: Sendable {
    /// What a run may be told.
    public struct Options: Sendable {
        /// Most rows of a batch.
        public var batchSize = 100
        /// Most rows to attempt; `nil` for all.
        public var limit: Int?

        /// The defaults: batches of 100, no limit.
        public init() {}
    }

    private let lanes: [DatasetQueue]
    private let encoder: any TextEncoder
    private let options: Options
    private let log: Logger

    /// Prepares a run over a table that ``Preflight`` has checked, with one lane a session.
    public init(
        sessions: [PostgresSession], table: DatasetTable, encoder: any TextEncoder, options: Options, log: Logger
    ) {
        lanes = sessions.map { DatasetQueue(session: $0, table: table) }
        self.encoder = encoder
        self.options = options
        self.log = log
    }

    /// Drains the table and reports; a failure of the run is in the report's ``RunReport/exitReason`` and in the log.
    public func drain() async -> RunReport {
        let tally = RunTally(log: log)
        do {
            let rowEncoder = try await RowEncoder(encoder)
            return await tally.finish(try await drain(rowEncoder, tally))
        } catch {
            let failure = RunFailure(error)
            log.error("run ended early", metadata: metadata([.error: failure.description]))
            return await tally.finish(failure.reason)
        }
    }

    /// Passes over the table until one finds nothing to do.
    private func drain(_ rowEncoder: RowEncoder, _ tally: RunTally) async throws -> ExitReason {
        while true {
            let pending = try await lanes[0].plan()
            await tally.plan(pending.values.reduce(0, +))
            let rowLimit = await options.limit.map { [attempted = tally.attempted] in $0 - attempted }
            if pending.isEmpty { return .drained }
            if let rowLimit, rowLimit <= 0 { return .limit }

            let before = await tally.progress
            let schedule = ShardSchedule(pending: pending, firstShard: .random(in: 0..<64), rowLimit: rowLimit)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in lanes { group.addTask { try await work(lane, schedule, rowEncoder, tally) } }
                try await group.waitForAll()
            }
            if await tally.progress == before { return .drained }
        }
    }

    /// One lane: batch after batch, until the pass has nothing more for it.
    private func work(
        _ lane: DatasetQueue, _ schedule: ShardSchedule, _ rowEncoder: RowEncoder, _ tally: RunTally
    ) async throws {
        while let assignment = await schedule.next(batchSize: options.batchSize) {
            try Task.checkCancellation()
            let claim = try await lane.claim(assignment)
            let results = try await rowEncoder.encode(await tally.unblamed(claim.rows))
            let outcome = try await lane.complete(results)
            await schedule.finish(
                assignment, granted: claim.granted, rows: claim.rows.map { (shard: $0.shard, key: $0.key) })
            try await tally.add(
                results, written: outcome.written, refused: outcome.refused, locked: outcome.locked)
        }
    }
}

extension RunFailure {
    /// What an error that ended a run means for its exit status.
    public init(_ error: any Error) {
        switch error {
        case let failure as RunFailure: self = failure
        case is CancellationError: self.init(.signal, "stopped by a signal; the batch in hand was given up")
        case let error as PostgresError:
            let reason: ExitReason =
                switch error.disposition {
                case .retry: .database
                case .configuration: .configuration
                case .row, .fatal: .internal
                }
            self.init(reason, error.description)
        case let error as SentenceEncodingError: self.init(.configuration, error.description)
        default: self.init(.internal, String(describing: error))
        }
    }
}
