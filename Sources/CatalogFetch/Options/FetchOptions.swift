import ArgumentParser
import Catalog
import CommandSupport
import DatasetTable

/// How a run goes about its work, wherever its records come from.
struct FetchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Ask for nothing after this time (default: none); exit status 75. [CATALOG_FETCH_MAX_RUNTIME]",
            valueName: "seconds"))
    var maxRuntime: PositiveCount?

    @Flag(
        help: ArgumentHelp(
            "Keep the vector of a row whose text changes, for embedding-job run --stale. [CATALOG_FETCH_KEEP_VECTORS]",
            discussion: "Searches go on finding the row by its old text until then."))
    var keepVectors = false

    @Flag(
        help: ArgumentHelp(
            "Go on even if more than a fifth of the texts change. [CATALOG_FETCH_ACCEPT_CHANGES]",
            discussion: """
                A run ends otherwise, before most vectors are gone: a fifth of the rows that the source has not modified, or of \
                the first 2,000, mean that an interface or the cleaning has changed rather than the datasets.
                """))
    var acceptChanges = false

    @Option(
        help: ArgumentHelp(
            "Write the numbers of the run to this file for Prometheus, whatever ends it. [CATALOG_FETCH_METRICS_FILE]",
            discussion: """
                For node_exporter's textfile collector, which reads *.prom. The file is replaced as a whole, so its folder must \
                be writable. If that fails, the log says so, and nothing else changes.
                """,
            valueName: "path"),
        completion: .file(extensions: ["prom"]))
    var metricsFile: String?

    func maxRuntime(_ settings: Settings) throws -> Duration? {
        try settings.value(maxRuntime, "CATALOG_FETCH_MAX_RUNTIME").map { .seconds($0.value) }
    }

    func writerOptions(_ settings: Settings) throws -> CatalogWriter.Options {
        var options = CatalogWriter.Options()
        options.keepsVectors = try settings.flag(keepVectors, "CATALOG_FETCH_KEEP_VECTORS")
        options.acceptsChanges = try settings.flag(acceptChanges, "CATALOG_FETCH_ACCEPT_CHANGES")
        return options
    }

    /// The file for what a command brings into a table, `nil` if none is wanted.
    func metricsFile(
        of command: String, _ source: DatasetSource, _ database: DatabaseOptions, _ settings: Settings
    ) throws -> MetricsFile? {
        guard let path = try settings.value(metricsFile, "CATALOG_FETCH_METRICS_FILE") else { return nil }
        return MetricsFile(
            path, program: "catalog_fetch", version: CatalogFetchCommand.configuration.version,
            labels: [
                ("command", command), ("source", source.rawValue), ("table", try database.names(settings).table),
            ])
    }
}
