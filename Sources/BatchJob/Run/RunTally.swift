import DatasetTable
import Logging
import Postgres

/// Counts what the loops of a run did and remembers which rows were blamed, so that no pass tries them again.
actor RunTally {
    /// Rows that fail, with none that succeeds, before the run concludes that the rows are not to blame.
    private static let failuresWithoutSuccess = 50
    private static let progressInterval = Duration.seconds(10)

    private(set) var report = RunReport()
    /// Rows that were encoded or blamed.
    private(set) var attempted = 0
    private var blamed: Set<RowKey> = []
    private let log: Logger
    private let start = ContinuousClock.now
    private var lastProgress = ContinuousClock.now
    private var planned = 0
    /// What the phases before this one have left.
    private var leftBefore = (remaining: 0, quarantined: 0)

    /// The largest error of rounding to half precision, of vectors written; `nil` if the column has single precision.
    private var roundingError: Float?

    init(log: Logger, isHalf: Bool) {
        self.log = log
        roundingError = isHalf ? 0 : nil
    }

    /// Rows that this run has written or blamed; a pass that does not raise it has found nothing.
    var progress: Int { report.processed + report.failed }

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
    }

    /// Leaves out rows that were blamed before.
    func unblamed(_ rows: [DatasetRow]) -> [DatasetRow] {
        blamed.isEmpty ? rows : rows.filter { !blamed.contains($0.key) }
    }

    /// Adds a batch after its COMMIT, or what was committed of it before the database failed for good.
    func add(_ batch: EncodedBatch, _ outcome: BatchOutcome) throws {
        attempted += batch.rows.count + batch.failures.count
        for failed in outcome.failures {
            report.failed += 1
            blamed.insert(failed.row.key)
            log.warning("row failed", metadata: failed.logMetadata)
        }
        let refused = Set(outcome.failures.map(\.row.key))
        for encoded in batch.rows where !refused.contains(encoded.row.key) {
            if outcome.written.contains(encoded.row.key) {
                report.processed += 1
                roundingError = roundingError.map { max($0, PGHalfVector.largestError(of: encoded.vector)) }
                report.truncated += encoded.isTruncated ? 1 : 0
                report.tokensLost += encoded.tokensLost
                report.deduplicated += encoded.isReused ? 1 : 0
            } else if outcome.failure != nil {
                continue
            } else if outcome.locked.contains(encoded.row.key) {
                report.skippedLocked += 1
            } else {
                report.skippedStale += 1
            }
        }
        report.tokens += batch.rows.reduce(0) { $0 + ($1.isReused ? 0 : $1.tokens) }
        if report.failed >= Self.failuresWithoutSuccess, report.processed == 0 {
            throw RunFailure(
                .noSuccess, "\(report.failed) rows failed and none succeeded; the rows are hardly to blame, see the log"
            )
        }
        logProgress()
    }

    /// The report so far, with the time it took.
    func finish(_ reason: ExitReason) -> RunReport {
        if let roundingError, report.processed > 0 {
            log.info(
                "vectors were rounded to half precision", metadata: metadata([.largestError: "\(roundingError)"]))
        }
        report.exitReason = reason
        report.duration = ContinuousClock.now - start
        return report
    }

    private func logProgress() {
        let now = ContinuousClock.now
        guard now - lastProgress >= Self.progressInterval else { return }
        lastProgress = now
        let seconds = (now - start) / .seconds(1)
        let rate = Double(progress) / seconds
        let pending = max(0, planned - progress)
        let left = rate > 0 ? Double(pending) / rate : 0
        log.info(
            "progress",
            metadata: metadata([
                .processed: "\(report.processed)", .failed: "\(report.failed)", .pending: "\(pending)",
                .rowsPerSecond: "\(Int(rate.rounded()))", .tokensPerSecond: "\(Int(Double(report.tokens) / seconds))",
                .eta: "\(Int(left.rounded()))s",
            ]))
    }
}
