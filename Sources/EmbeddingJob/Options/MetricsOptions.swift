import ArgumentParser
import CommandSupport
import DatasetTable

/// What is left for Prometheus.
struct MetricsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write the numbers of the run to this file for Prometheus, whatever ends it. [EMBEDDING_METRICS_FILE]",
            discussion: """
                For node_exporter's textfile collector, which reads *.prom. The file is replaced as a whole, so its folder must \
                be writable. If that fails, the log says so, and nothing else changes. A dry run writes none.
                """,
            valueName: "path"),
        completion: .file(extensions: ["prom"]))
    var metricsFile: String?

    /// The file for what a command does to a column, `nil` if none is wanted.
    func file(of command: String, _ database: DatabaseOptions, _ settings: Settings) throws -> MetricsFile? {
        guard let path = try settings.value(metricsFile, "EMBEDDING_METRICS_FILE") else { return nil }
        let names = try database.names(settings)
        return MetricsFile(
            path, program: "embedding_job", version: EmbeddingJobCommand.configuration.version,
            labels: [("command", command), ("table", names.table), ("column", names.column)])
    }
}
