import Logging

/// Counts what the lanes of a run did and remembers which rows were blamed, so that no pass tries them again.
actor RunTally {
    /// Rows that fail, with none that succeeds, before the run concludes that the rows are not to blame.
    private static let failuresWithoutSuccess = 50
    private static let progressInterval = Duration.seconds(10)

    private(set) var report = RunReport()
    /// Rows that were encoded or blamed.
    private(set) var attempted = 0
    private var blamed: Set<[UInt8]> = []
    private let log: Logger
    private let start = ContinuousClock.now
    private var lastProgress = ContinuousClock.now
    private var planned = 0

    init(log: Logger) {
        self.log = log
    }

    /// Rows that this run has written or blamed; a pass that does not raise it has found nothing.
    var progress: Int { report.processed + report.failed }

    /// Notes how many rows wait, for the report and for estimates.
    func plan(_ pending: Int) {
        report.remaining = pending
        planned = progress + pending
    }

    /// Leaves out rows that were blamed before.
    func unblamed(_ rows: [DatasetRow]) -> [DatasetRow] {
        blamed.isEmpty ? rows : rows.filter { !blamed.contains($0.key) }
    }

    /// Adds a batch after its COMMIT.
    ///
    /// - Parameters:
    ///   - written: Keys of the rows that now have a vector.
    ///   - refused: Keys of the rows whose write the database refused.
    ///   - locked: Keys of the rows that were not written because of a lock.
    func add(
        _ results: [RowEncoder.Result], written: Set<[UInt8]>, refused: Set<[UInt8]>, locked: Set<[UInt8]>
    ) throws {
        attempted += results.count
        for result in results {
            report.tokens += result.tokens
            let key = result.row.key
            if case .failed(let failure) = result.outcome {
                blame(result.row, failure)
            } else if refused.contains(key) {
                blame(result.row, .write)
            } else if written.contains(key) {
                report.processed += 1
                report.truncated += result.isTruncated ? 1 : 0
            } else if locked.contains(key) {
                report.skippedLocked += 1
            } else {
                report.skippedStale += 1
            }
        }
        if report.failed >= Self.failuresWithoutSuccess, report.processed == 0 {
            throw RunFailure(
                .noSuccess, "\(report.failed) rows failed and none succeeded; the rows are hardly to blame, see the log"
            )
        }
        logProgress()
    }

    /// The report so far, with the time it took.
    func finish(_ reason: ExitReason) -> RunReport {
        report.exitReason = reason
        report.duration = ContinuousClock.now - start
        return report
    }

    private func blame(_ row: DatasetRow, _ failure: RowFailure) {
        report.failed += 1
        blamed.insert(row.key)
        log.warning("row failed", metadata: metadata([.row: row.label, .failure: failure.rawValue]))
    }

    private func logProgress() {
        let now = ContinuousClock.now
        guard now - lastProgress >= Self.progressInterval else { return }
        lastProgress = now
        let seconds = (now - start) / .seconds(1)
        let rate = Double(progress) / seconds
        let left = rate > 0 ? Double(max(0, planned - progress)) / rate : 0
        log.info(
            "progress",
            metadata: metadata([
                .processed: "\(report.processed)", .failed: "\(report.failed)",
                .pending: "\(max(0, planned - progress))",
                .rowsPerSecond: "\(Int(rate.rounded()))", .tokensPerSecond: "\(Int(Double(report.tokens) / seconds))",
                .eta: "\(Int(left.rounded()))s",
            ]))
    }
}
