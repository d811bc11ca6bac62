public import DatasetTable
import FoundationEssentials
public import Logging
import SystemPackage

/// The file that tells Prometheus how the last run of a command went, by the textfile collector of node_exporter.
public struct MetricsFile: Sendable {
    private let path: String
    private let program: String
    private let version: String
    private let labels: PrometheusText.Labels

    /// Names the file.
    ///
    /// - Parameters:
    ///   - path: Where it is, or is to be.
    ///   - program: What the names of all metrics begin with.
    ///   - version: The program's version.
    ///   - labels: What all metrics are about: they tell runs apart whose files lie in one folder.
    public init(_ path: String, program: String, version: String, labels: PrometheusText.Labels) {
        self.path = path
        self.program = program
        self.version = version
        self.labels = labels
    }

    /// Replaces the file by the numbers of a run, which is over: what stands in the way is only logged.
    ///
    /// - Parameters:
    ///   - reason: Why the run ended; after anything but a success the time of the last one stays.
    ///   - duration: How long it took, `nil` if that is not known.
    ///   - log: Where it is said that the file cannot be written.
    ///   - addNumbers: Adds what the run did.
    public func write(
        _ reason: ExitReason, lasting duration: Duration?, log: Logger, _ addNumbers: (inout PrometheusText) -> Void
    ) {
        var metrics = PrometheusText(prefix: program, labels: labels)
        let earlier = (try? FileSystem.text(of: FilePath(path))) ?? ""
        let now = Date().timeIntervalSince1970.rounded(.down)
        let success = reason.exitCode == 0 ? now : metrics.value(of: Self.lastSuccess, in: earlier)
        metrics.info("build_info", "The version of the program.", [("version", version)])
        addNumbers(&metrics)
        metrics.gauge("last_run_duration_seconds", "How long the last run took.", duration.map(Self.seconds))
        metrics.gauge("last_run_exit_status", "The exit status of the last run.", Double(reason.exitCode))
        metrics.info("last_run_exit_reason", "Why the last run ended.", [("reason", reason.rawValue)])
        metrics.gauge("last_run_timestamp_seconds", "When the last run ended, as Unix time.", now)
        metrics.gauge(Self.lastSuccess, "When a run last ended with exit status 0, as Unix time.", success)
        do {
            try replace(by: metrics.text)
        } catch {
            log.error("\(error.description); it was to get the metrics of the run")
        }
    }

    private static let lastSuccess = "last_success_timestamp_seconds"

    /// Whole milliseconds, as the line of JSON of a run has them.
    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds * 1000 + attoseconds / 1_000_000_000_000_000) / 1000
    }

    private func replace(by text: String) throws(OutputError) {
        // A pipe might be waited for without an end.
        if let status = try? FileSystem.status(of: FilePath(path)), status.type != .regular {
            throw .unwritable(path, reason: "it is no file")
        }
        let file = try OutputFile(path)
        try file.write(Array(text.utf8))
        do {
            try file.finish()
        } catch {
            // Nobody comes to move it, and the next run writes another.
            if case .notRenamed(let name, let partial, let reason) = error {
                FileSystem.remove(FilePath(partial))
                throw .unwritable(name, reason: reason)
            }
            throw error
        }
    }
}
