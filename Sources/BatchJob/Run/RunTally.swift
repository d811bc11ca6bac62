import DatasetTable
import Logging
import Postgres

/// Counts what the loops of a run did and remembers which rows were written or blamed, so that no pass does so again.
actor RunTally {
    /// Rows that fail, with none that succeeds, before the run concludes that the rows are not to blame.
    private static let failuresWithoutSuccess = 50
    private static let progressInterval = Duration.seconds(10)

    private(set) var report = RunReport()
    /// Rows that were encoded, or could not be; those that have no text to encode do not count.
    private(set) var attempted = 0
    /// Rows written or blamed, each as often as that: a pass that does not raise it has found nothing.
    private(set) var progress = 0
    /// Rows blamed, by hash of the key: one that is taken for another is left to the next run, which hashes otherwise.
    private var blamed: Set<Int> = []
    private var written = WrittenRows()
    private var (locked, stale) = (CountedRows(), CountedRows())
    /// Rows blamed for what the encoder made of them, and rows that the database refused.
    private var (unencodable, refused) = (0, 0)
    private var hasWritten = false
    /// Whether the rows that are read have no vector; later ones have one that is to be replaced.
    private var isFillingIn = true
    private var hasUndoneWrites = false
    private let log: Logger
    private let onProgress: (@Sendable (RunProgress?) -> Void)?
    private let start = ContinuousClock.now
    private var lastProgress = ContinuousClock.now
    private var planned = 0
    /// What the phases before this one have left.
    private var leftBefore = (remaining: 0, quarantined: 0)

    /// The largest error of rounding to half precision, of vectors written; `nil` if the column has single precision.
    private var roundingError: Float?

    init(log: Logger, isHalf: Bool, onProgress: (@Sendable (RunProgress?) -> Void)?) {
        (self.log, self.onProgress) = (log, onProgress)
        roundingError = isHalf ? 0 : nil
    }

    /// Notes how many rows wait, for estimates.
    func plan(_ pending: Int) {
        planned = progress + pending
    }

    /// Begins a pass: what it leaves is not known if it fails.
    func open() {
        (report.remaining, report.quarantined) = (nil, nil)
    }

    /// Notes how many rows a pass has left.
    func close(pending: Int, quarantined: Int?) {
        report.quarantined = quarantined.map { leftBefore.quarantined + $0 }
        report.remaining = leftBefore.remaining + max(0, pending - (quarantined ?? 0))
    }

    /// Ends the phase of missing rows: what it left is added to what the next one leaves.
    func closePhase() {
        leftBefore = (report.remaining ?? 0, report.quarantined ?? 0)
        isFillingIn = false
    }

    /// Rows that were read, sorted by what this run already knows of them.
    struct Triage: Sendable {
        /// Rows to encode and write.
        var rows: [DatasetRow] = []
        /// Rows that this run has written, and that wait again with the same text; and those that cannot be read.
        var failures: [FailedRow] = []
    }

    /// Leaves out rows that were blamed before, and blames those that have lost the vector this run gave them.
    ///
    /// None of those that have lost one counts as processed any more, whether it is blamed or written anew.
    func triage(_ claim: DatasetQueue.Claim) -> Triage {
        var triage = Triage()
        triage.failures = claim.unreadable.filter { !blamed.contains($0.row.key.hashValue) }
        for row in claim.rows where !blamed.contains(row.key.hashValue) {
            if isFillingIn, written.lose(row.key) { report.processed -= 1 }
            switch written.finding(row.key, row.fingerprint) {
            case .new: triage.rows.append(row)
            case .undone: triage.failures.append(FailedRow(row: row, failure: .write, code: FailedRow.undone))
            case .restless: report.skippedStale += stale.insert(row.key) ? 1 : 0
            }
        }
        return triage
    }

    /// Blames no row for losing what was written so far, after the server may have been replaced by one that lacks it.
    func excuseWrittenRows() {
        written.forgetTexts()
    }

    /// Adds a batch after its COMMIT, or what was committed of it before the database failed for good.
    func add(_ batch: EncodedBatch, _ outcome: BatchOutcome) throws {
        attempted += batch.encodedCount
        for failed in outcome.failures { blame(failed) }
        for failed in outcome.unnoted {
            log.warning("failure could not be noted, the next run tries the row again", metadata: failed.logMetadata)
        }
        let failures = Set(outcome.failures.map(\.row.key))
        for encoded in batch.rows where !failures.contains(encoded.row.key) {
            let key = encoded.row.key
            if outcome.written.contains(key) {
                report.processed += written.insert(key, encoded.row.fingerprint) ? 1 : 0
                progress += 1
                hasWritten = true
                roundingError = roundingError.map { max($0, PGHalfVector.largestError(of: encoded.vector)) }
                report.truncated += encoded.isTruncated ? 1 : 0
                report.tokensLost += encoded.tokensLost
                report.deduplicated += encoded.isReused ? 1 : 0
            } else if outcome.failure != nil {
                continue
            } else if outcome.locked.contains(key) {
                report.skippedLocked += locked.insert(key) ? 1 : 0
            } else {
                report.skippedStale += stale.insert(key) ? 1 : 0
            }
        }
        report.tokens += batch.rows.reduce(0) { $0 + ($1.isReused ? 0 : $1.tokens) }
        try requireSuccess()
        tellProgress()
    }

    /// Whether triggers have kept vectors from being stored, for the first time in this run.
    func isFirstUndoing(_ outcome: BatchOutcome) -> Bool {
        guard !hasUndoneWrites, outcome.hasUndoneWrites else { return false }
        hasUndoneWrites = true
        return true
    }

    private func blame(_ failed: FailedRow) {
        report.failed += 1
        progress += 1
        blamed.insert(failed.row.key.hashValue)
        written.remove(failed.row.key)
        unencodable += failed.failure.isOfEncoder ? 1 : 0
        refused += failed.failure.isOfDatabase ? 1 : 0
        log.warning("row failed", metadata: failed.logMetadata)
    }

    /// Concludes that rows are not to blame if many are and none has got a vector.
    ///
    /// A row that has no text is certain by itself, and needs no other that has.
    private func requireSuccess() throws(RunFailure) {
        guard !hasWritten else { return }
        if unencodable >= Self.failuresWithoutSuccess {
            throw RunFailure(
                .noSuccess, "\(unencodable) rows failed and none succeeded; the rows are hardly to blame, see the log")
        }
        if refused >= Self.failuresWithoutSuccess {
            throw RunFailure(
                .noSuccess,
                "the database refused \(refused) rows and took none; the rows are hardly to blame, see the codes in the log and the triggers, checks and policies of the table"
            )
        }
    }

    /// The report so far, with the time it took.
    func finish(_ reason: ExitReason) -> RunReport {
        if let roundingError, hasWritten {
            log.info(
                "vectors were rounded to half precision", metadata: metadata([.largestError: "\(roundingError)"]))
        }
        report.exitReason = reason
        report.duration = ContinuousClock.now - start
        onProgress?(nil)
        return report
    }

    private func tellProgress() {
        let now = ContinuousClock.now
        let state = RunProgress(
            rows: progress, processed: report.processed, failed: report.failed, pending: max(0, planned - progress),
            tokens: report.tokens, elapsed: now - start)
        if let onProgress { return onProgress(state) }
        guard now - lastProgress >= Self.progressInterval else { return }
        lastProgress = now
        log.info(
            "progress",
            metadata: metadata([
                .processed: "\(state.processed)", .failed: "\(state.failed)", .pending: "\(state.pending)",
                .rowsPerSecond: "\(Int(state.rowsPerSecond.rounded()))",
                .tokensPerSecond: "\(Int(state.tokensPerSecond))",
                .eta: "\(Int((state.timeLeft / .seconds(1)).rounded()))s",
            ]))
    }
}
