import ArgumentParser
import CPUCompute
import CommandSupport
import DatasetSearch
import DatasetTable
import FoundationEssentials
import Logging
import Metrics
import ModelLoading
import Postgres
import SearchOptions
import SentenceEncoding

/// `catalog-server serve`: answers until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve searches, tasks and the search page (default).",
        discussion: """
            Listens on the loopback address unless told otherwise; any other address needs --keys. TLS is the business of the \
            proxy before it. SIGTERM lets requests finish, for 20 seconds at most.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions
    @OptionGroup(title: "Scores") var score: ScoreOptions
    @OptionGroup(title: "Fusion") var fusion: FusionOptions

    @Option(help: ArgumentHelp("Address to listen on (default: 127.0.0.1). [EMBEDDING_HOST]", valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp("Port to listen on, 0 for any (default: 8000). [EMBEDDING_PORT]", valueName: "port"))
    var port: PortNumber?

    @Option(
        help: ArgumentHelp(
            "File of keys, a line name:right:sha256 each. [EMBEDDING_KEYS_FILE]",
            discussion: "catalog-server new-key makes one. Without the option nobody needs a key.", valueName: "file"),
        completion: .file())
    var keys: String?

    @Option(
        help: ArgumentHelp(
            "Port on the loopback address for /metrics alone. [EMBEDDING_METRICS_PORT]",
            discussion: "Without it /metrics stands beside everything else, and takes a key where there are keys.",
            valueName: "port"))
    var metricsPort: PortNumber?

    @Option(
        help: ArgumentHelp(
            "Requests a second of one caller on average, ten times as many at once (default: 50). [EMBEDDING_RATE]",
            valueName: "count"))
    var rate: PositiveCount?

    @Flag(
        help: ArgumentHelp(
            "Run tasks too, one at a time, each as a process of embedding-job. [EMBEDDING_RUN_TASKS]"))
    var runTasks = false

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let log = Logger.standardError()
            let metrics = TextMetrics()
            MetricsSystem.bootstrap(metrics)

            let host = try settings.value(host, "EMBEDDING_HOST") ?? "127.0.0.1"
            let keys = try settings.value(keys, "EMBEDDING_KEYS_FILE").map(Self.readKeys)
            guard keys != nil || ["127.0.0.1", "::1", "localhost"].contains(host) else {
                throw RunFailure(
                    .configuration,
                    "\(host) can be reached from elsewhere, and nobody needs a key; name a file of keys with --keys, or listen on 127.0.0.1"
                )
            }
            let names = try database.names(settings)
            let columns = try score.columns(settings)
            let connection = try database.connection(settings)
            let model = try model.loadable(settings)
            let calibration = model.folder.searchCalibration
            let search = try fusion.settings(settings, isCalibrated: calibration != nil)
            let fingerprint = Fingerprint(try model.fingerprint().bytes)
            let encoder = try model.load(log)

            // Half of them compute while the others wait for the database.
            let lanes = SearchLanes(limit: 2 * max(1, model.allowance.workerCount)) {
                let session = try await connection.open(.readOnly)
                do {
                    let datasets = try await DatasetSearch(
                        of: names, columns: columns,
                        model: SearchModel(
                            fingerprint: fingerprint, dimension: model.folder.dimension, calibration: calibration),
                        session: session, log: log)
                    return SearchLanes.Lane(session: session, datasets: datasets)
                } catch {
                    await session.close()
                    throw error
                }
            }
            let catalog = CatalogSearch(
                model: model.folder.name, encoder: encoder, lanes: lanes, settings: search)
            let runner =
                try settings.flag(runTasks, "EMBEDDING_RUN_TASKS")
                ? try TaskRunner(
                    names: names, connection: connection,
                    environment: database.environment.merging(self.model.environment) { $1 }, log: log) : nil
            let rate = Double(try settings.value(self.rate, "EMBEDDING_RATE")?.value ?? 50)
            let server = CatalogServer(
                search: catalog, tasks: TaskRoutes(names: names, connection: connection), keys: keys,
                rates: RateLimiter(perSecond: rate, burst: 10 * rate),
                metrics: metrics, host: host,
                port: try settings.value(port, "EMBEDDING_PORT")?.value ?? 8000,
                metricsPort: try settings.value(metricsPort, "EMBEDDING_METRICS_PORT")?.value, runner: runner, log: log)
            try await server.run()
            await lanes.close()
        }
    }

    private static func readKeys(_ path: String) throws -> AccessKeys {
        guard let text = try? String(contentsOf: URL(filePath: path), encoding: .utf8) else {
            throw RunFailure(
                .configuration, "the file of keys \(path) cannot be read; check that it exists and may be read")
        }
        return try AccessKeys(text, path: path)
    }
}

/// A port of TCP, 0 for any that is free.
struct PortNumber: ExpressibleByArgument, Sendable {
    let value: Int

    init?(argument: String) {
        guard let value = Int(argument), (0...65535).contains(value) else { return nil }
        self.value = value
    }
}
