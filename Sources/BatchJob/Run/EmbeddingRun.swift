import DatasetTable
import Logging
import Postgres
import SentenceEncoding

/// Drains a table: every eligible row without a vector gets one, then the run ends.
///
/// Several loops run alike, each over a connection of its own: claim and read a batch, encode it, write it. The encoder
/// serves batches in the order in which they come, so while one loop waits for it, another writes its last batch, reads the
/// next and tokenizes it. Nothing else is needed to overlap the database with the computation.
public struct EmbeddingRun: Sendable {
    /// What a run may be told.
    public struct Options: Sendable {
        /// Most rows of a batch.
        public var batchSize = 100
        /// Most rows to attempt, those without any text not counted; `nil` for all.
        public var limit: Int?
        /// For how long a failing database is tried again.
        public var retryBudget = Duration.seconds(60)
        /// Whether a drained run with failed rows ends with `ExitReason.rowErrors`.
        public var failsOnRowErrors = false
        /// Whether vectors of another text or another model are replaced, after missing ones are filled in.
        public var replacesOutdated = false
        /// Whether vectors of unknown origin are replaced as well.
        public var replacesUnknown = false
        /// Whether the words of rows are kept beside their vectors: those of a column that searches do not use yet have none.
        public var writesDocuments = true
        /// Whether more than a fifth of all vectors may be replaced.
        public var replacesMany = false
        /// The shard this process visits first among equally full ones, so that several start apart.
        public var firstShard = Int32.random(in: 0..<Int32(ResolvedTable.shardCount))
        /// Told how far the run has come after every batch, and `nil` when it is over; without it the log is told now and then.
        public var onProgress: (@Sendable (RunProgress?) -> Void)?
        /// How long to wait before connecting, so that many processes do not all connect at once.
        public var startPause = Duration.zero

        /// The defaults: batches of 100, no limit.
        public init() {}
    }

    private let queues: [ReconnectingQueue]
    private let searchIndexes: SearchIndexes?
    private let isHalf: Bool
    private let encoder: any TextEncoder
    private let options: Options
    private let control: RunControl
    private let log: Logger

    /// Prepares a run over a table that ``Preflight`` has checked, with one loop a session.
    init(
        sessions: [PostgresSession], table: ResolvedTable, encoder: any TextEncoder, model: Fingerprint,
        options: Options, control: RunControl, log: Logger, connector: Connector
    ) {
        precondition(!sessions.isEmpty, "a run needs a session")
        let warnings = SideTableWarnings(log: log)
        queues = sessions.map {
            ReconnectingQueue(
                $0, table: table, model: model, control: control, warnings: warnings, connector: connector)
        }
        searchIndexes = table.searchIndexes
        isHalf = table.vectorColumn.isHalf
        self.encoder = encoder
        self.options = options
        self.control = control
        self.log = log
    }

    /// Where a pod of an Indexed Job starts, so that pods start apart.
    public static func firstShard(ofPod index: Int, of pods: Int) -> Int32 {
        Int32(ResolvedTable.shardCount * (max(0, index) % pods) / pods)
    }

    /// How long one of many pods waits before it connects: up to five seconds where more than eight start together.
    public static func startPause(ofPods pods: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        pods > 8 ? .milliseconds(Int.random(in: 0...5000, using: &generator)) : .zero
    }

    /// Drains the table and reports; a failure of the run is in the report's ``RunReport/exitReason`` and in the log.
    func drain() async -> RunReport {
        let tally = RunTally(log: log, isHalf: isHalf, onProgress: options.onProgress)
        var reason: ExitReason
        do {
            let rowEncoder = try await RowEncoder(encoder, log: log)
            reason = try await drain(.missing, rowEncoder, tally)
            if options.replacesOutdated, reason == .drained {
                await tally.closePhase()
                try await guardBlastRadius()
                reason = try await drain(outdated, rowEncoder, tally)
            }
            if reason == .drained { reason = try await queues[0].fillDocuments(log) ?? .drained }
        } catch {
            let failure = RunFailure(error)
            log.error("run ended early", metadata: metadata([.error: failure.description]))
            reason = failure.reason
            // Whoever wants the end ends the wait for a database that is away.
            if reason == .database, let request = await control.request { reason = request }
        }
        if reason == .drained, options.failsOnRowErrors, await tally.report.failed > 0 { reason = .rowErrors }
        for queue in queues { await queue.close() }
        return await tally.finish(reason)
    }

    private var outdated: RowSelection { .outdated(includingUnknown: options.replacesUnknown) }

    /// Refuses to replace more than a fifth of all vectors unless told to: a wrong model by mistake would replace them all.
    private func guardBlastRadius() async throws {
        try await queues[0].select(outdated)
        let count = try await queues[0].pendingCount()
        let total = try await queues[0].embeddedCount()
        try options.guardBlastRadius(replacing: count, of: total)
    }

    /// Passes over the table until one finds nothing to do.
    private func drain(
        _ selection: RowSelection, _ rowEncoder: RowEncoder, _ tally: RunTally
    ) async throws -> ExitReason {
        for queue in queues { try await queue.select(selection) }
        var last: Int?
        while true {
            let page = try await queues[0].list(after: nil)
            let count = page.isLast ? page.count : try await queues[0].pendingCount()
            if last == nil { searchIndexes?.advise(onWriting: count, log) }
            await tally.plan(count)
            await tally.close(pending: count, quarantined: try await queues[0].quarantined())
            let progress = await tally.progress
            let interruption = await control.reason
            if let request = await control.request { return request }
            if count == 0 || progress == last { return .drained }
            if let rowsLeft = await rowsLeft(tally), rowsLeft <= 0 { return .limit }
            if let interruption { return interruption }

            last = progress
            await tally.open()
            try await pass(from: page, rowEncoder, tally)
        }
    }

    /// The rows that the limit leaves, `nil` for all.
    private func rowsLeft(_ tally: RunTally) async -> Int? {
        guard let limit = options.limit else { return nil }
        return limit - (await tally.attempted)
    }

    /// Works through all that waits, page by page.
    private func pass(from first: PendingPage, _ rowEncoder: RowEncoder, _ tally: RunTally) async throws {
        var page = first
        while true {
            let schedule = ShardSchedule(page, firstShard: options.firstShard, rowLimit: await rowsLeft(tally))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for queue in queues { group.addTask { try await work(queue, schedule, rowEncoder, tally) } }
                try await group.waitForAll()
            }
            let rowsLeft = await rowsLeft(tally) ?? 1
            guard !page.isLast, rowsLeft > 0, await control.reason == nil else { return }
            page = try await queues[0].list(after: page.last)
        }
    }

    /// One loop: batch after batch, until the pass has nothing more for it or the run is to end.
    private func work(
        _ queue: ReconnectingQueue, _ schedule: ShardSchedule, _ rowEncoder: RowEncoder, _ tally: RunTally
    ) async throws {
        while await control.reason == nil, let assignment = await schedule.next(batchSize: options.batchSize) {
            let claim = try await queue.claim(assignment)
            if await queue.takeReplacement() { await tally.excuseWrittenRows() }
            let triage = await tally.triage(claim)
            var batch = try await rowEncoder.encode(triage.rows)
            batch.failures += triage.failures
            // Not every encoder notices that it was cancelled, by a signal or because another loop has failed.
            try Task.checkCancellation()
            let outcome = await queue.complete(batch)
            try await tally.add(batch, outcome)
            if let failure = outcome.failure { throw failure }
            if await tally.isFirstUndoing(outcome) { try await nameTriggers(queue) }
            await schedule.finish(assignment, claim.reading, counting: batch.encodedCount)
        }
    }

    private func nameTriggers(_ queue: ReconnectingQueue) async throws {
        let triggers = try await queue.writingTriggers()
        log.warning(
            "vectors were written and are not there: triggers keep them away, or somebody takes them away",
            metadata: metadata([
                .triggers: triggers ?? "none",
                .remedy: "let triggers that clear the vector fire on the columns of the text only",
            ]))
    }
}

extension EmbeddingRun.Options {
    /// Throws if this would replace more than a fifth of all vectors without having been told to.
    func guardBlastRadius(replacing count: Int, of total: Int) throws(RunFailure) {
        guard replacesMany || 5 * count <= total else {
            throw RunFailure(
                .blastRadius, "\(count) of \(total) vectors would be replaced; add --yes if that is meant to happen")
        }
    }
}
