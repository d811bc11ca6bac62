import DatasetTable
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// The routes, put together, and the time from the first connection to the last.
struct CatalogServer {
    /// What a browser or a program keeps open is bounded, and so is what it may leave unsaid.
    private static let mostConnections = 256
    private static let idleTime = TimeAmount.seconds(30)
    /// Kubernetes kills 30 seconds after SIGTERM.
    private static let timeToFinish = Duration.seconds(20)

    let search: CatalogSearch
    let tasks: TaskRoutes
    let keys: AccessKeys?
    let rates: RateLimiter
    let metrics: TextMetrics
    let host: String
    let port: Int
    let metricsPort: Int?
    let runner: TaskRunner?
    let log: Logger

    /// Serves until SIGTERM or SIGINT.
    func run() async throws {
        let stopping = StateRoutes.Stopping()
        var services: [any Service] = [application(try router(stopping), port: port, host: host, "listening")]
        if let metricsPort {
            let router = Router(context: CatalogRequestContext.self)
            router.add(middleware: ProblemMiddleware())
            router.get("metrics") { _, _ in StateRoutes.metrics(metrics) }
            services.append(application(router, port: metricsPort, host: "127.0.0.1", "listening for metrics"))
        }
        if let runner { services.append(runner) }
        services.append(StopNotice(stopping: stopping))
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        configuration.maximumGracefulShutdownDuration = Self.timeToFinish
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            throw RunFailure(
                .database,
                "\(host):\(port) cannot be listened on: \(String(describing: error)); choose another address, or end what uses it"
            )
        }
        log.info("stopped")
    }

    private func router(_ stopping: StateRoutes.Stopping) throws -> Router<CatalogRequestContext> {
        let router = Router(context: CatalogRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestMetrics())
        router.add(middleware: ProblemMiddleware())
        StateRoutes(search: search, stopping: stopping).add(to: router)
        PageRoutes.addStyle(to: router)
        func group(_ path: RouterPath, _ right: AccessKeys.Right) -> RouterGroup<CatalogRequestContext> {
            router.group(path).add(middleware: AccessMiddleware(keys: keys, right: right, rates: rates))
        }
        if metricsPort == nil { group("metrics", .search).get("") { _, _ in StateRoutes.metrics(metrics) } }
        SearchRoutes(search: search).add(to: group("api", .search))
        tasks.add(to: group("api/tasks", .tasks))
        try PageRoutes(search).add(to: group("", .search))
        RouteTable.refuseOtherMethods(router)
        return router
    }

    private func application(
        _ router: Router<CatalogRequestContext>, port: Int, host: String, _ message: String
    ) -> some Service {
        let log = log
        return Application(
            router: router,
            server: .http1(
                configuration: .init(
                    idleTimeout: Self.idleTime,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 64))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
            onServerRunning: { channel in
                let address = channel.localAddress
                log.info(
                    "\(message)",
                    metadata: ["address": "\(address?.ipAddress ?? "unknown")", "port": "\(address?.port ?? 0)"])
            }, logger: quiet)
    }

    /// The server's own log, which tells of errors only: requests are counted, not listed.
    private var quiet: Logger {
        var log = log
        log.logLevel = .error
        return log
    }
}

/// Lets `/readyz` say no as soon as the server is told to stop.
private struct StopNotice: Service {
    let stopping: StateRoutes.Stopping

    func run() async throws {
        try? await gracefulShutdown()
        stopping.set()
    }
}
