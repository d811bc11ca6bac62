import HTTPTypes
import Hummingbird

/// Every address and what it takes: what it does not take is answered with 405 rather than as if there were nothing.
enum RouteTable {
    static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]

    private static let allowed: [(path: RouterPath, methods: Set<HTTPRequest.Method>)] = [
        ("", [.get, .head]), ("search.css", [.get, .head]), ("openapi.json", [.get, .head]),
        ("healthz", [.get, .head]),
        ("readyz", [.get, .head]), ("api/search", [.get, .head]), ("api/datasets/:id", [.get, .head]),
        ("api/tasks", [.get, .head]), ("api/tasks/generate-embeddings", [.post]), ("api/tasks/active", [.get, .head]),
        ("api/tasks/scheduled", [.get, .head]), ("api/tasks/registered", [.get, .head]),
        ("api/tasks/:id", [.get, .head, .delete]),
    ]

    /// Adds an answer for every method that a route does not take.
    static func refuseOtherMethods(_ router: Router<CatalogRequestContext>) {
        for (path, taken) in allowed {
            let list = methods.filter(taken.contains).map(\.rawValue).joined(separator: ", ")
            for method in methods where !taken.contains(method) {
                router.on(path, method: method) { request, _ -> Response in
                    throw Problem(
                        .methodNotAllowed, "this address does not take \(request.method.rawValue)", [.allow: list])
                }
            }
        }
    }
}
