import CommandSupport
import DatasetTable
import Logging

extension MetricsFile {
    /// Replaces the file by the numbers of a run.
    func write(_ report: RunReport, log: Logger) {
        // Nothing takes no time: a run without any has not begun.
        let duration = report.duration > .zero ? report.duration : nil
        write(report.exitReason, lasting: duration, log: log) { metrics in
            metrics.info(
                "last_run_model_info", "What computed the vectors of the last run.",
                [
                    ("model", report.model), ("fingerprint", report.fingerprint), ("device", report.device),
                    ("precision", report.precision),
                ])
            metrics.gauge(
                "last_run_rows", "Rows that the last run took up, by what became of them.", by: "result",
                [
                    ("processed", report.processed), ("failed", report.failed), ("skipped_stale", report.skippedStale),
                    ("skipped_locked", report.skippedLocked),
                ])
            metrics.gauge(
                "last_run_deduplicated_rows", "Processed rows that took over the vector of an equal text.",
                Double(report.deduplicated))
            metrics.gauge(
                "last_run_truncated_rows", "Processed rows whose text is longer than the model reads.",
                Double(report.truncated))
            metrics.gauge(
                "last_run_remaining_rows", "Rows that still waited when the last run ended.",
                report.remaining.map(Double.init))
            metrics.gauge(
                "last_run_quarantined_rows", "Rows that have failed and are held back.",
                report.quarantined.map(Double.init))
            metrics.gauge("last_run_tokens", "Tokens that the last run encoded.", Double(report.tokens))
            metrics.gauge(
                "last_run_lost_tokens", "Tokens of truncated rows that the model did not read.",
                Double(report.tokensLost))
            metrics.gauge(
                "last_run_adopted_tasks", "Tasks that the last run took from the board.",
                report.adoptedTasks.map(Double.init))
        }
    }
}
