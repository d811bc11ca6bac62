import Catalog
import CommandSupport
import DatasetTable
import HTTPFetching
import Logging

extension MetricsFile {
    /// Replaces the file by the numbers of a run.
    func write(_ report: FetchReport, log: Logger) {
        write(report.exitReason, lasting: report.duration, log: log) { metrics in
            let failed = report.counts.failed.values.reduce(0, +)
            metrics.gauge(
                "last_run_requests", "Requests that the last run sent.", Double(report.usage.requests))
            metrics.gauge(
                "last_run_retries", "Requests that the last run sent again.", Double(report.usage.retries))
            metrics.gauge(
                "last_run_waited_seconds", "Time that the last run spent waiting before requests.",
                (report.usage.waited / .milliseconds(1)).rounded() / 1000)
            metrics.gauge("last_run_pages", "Pages of a listing that the last run read.", Double(report.pages))
            metrics.gauge("last_run_items", "Items of the source that the last run looked at.", Double(report.items))
            metrics.gauge(
                "last_run_skipped_items", "Items that the last run could make nothing of, or not get.",
                Double(report.skipped))
            metrics.gauge(
                "last_run_rows", "Rows that the last run took up, by what became of them.", by: "result",
                [
                    ("inserted", report.counts.inserted), ("updated", report.counts.updated),
                    ("unchanged", report.counts.unchanged), ("failed", failed),
                ])
            metrics.gauge(
                "last_run_text_changed_rows", "Updated rows whose text has changed.", Double(report.counts.textChanged))
            metrics.gauge(
                "last_run_deactivated_rows", "Rows that the last run took out of service.",
                Double(report.counts.deactivated))
            metrics.gauge(
                "last_run_errors", "How often what went wrong in the last run, by a code.", by: "code",
                report.errorCounts)
            metrics.gauge(
                "last_run_complete", "Whether the last run has seen all that was wanted of the source.",
                report.isComplete ? 1 : 0)
        }
    }
}
