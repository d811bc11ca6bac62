import HTTPTypes
import Hummingbird
import HummingbirdCore
import Metrics

/// Counts requests by route, method and status, and measures how long each route takes.
struct RequestMetrics: RouterMiddleware {
    typealias Context = CatalogRequestContext

    @concurrent func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        // What no route answers has an address of the client's choice.
        let route = context.endpointPath ?? "none"
        let isKnown = RouteTable.methods.contains(request.method)
        Counter(
            label: "requests",
            dimensions: [
                ("route", route), ("method", isKnown ? request.method.rawValue : "other"),
                ("status", "\(response.status.code)"),
            ]
        ).increment()
        Timer(label: "request", dimensions: [("route", route)])
            .recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
        return response
    }
}
