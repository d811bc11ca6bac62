import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Lets in who has a key for a right, where keys are known, and not more often than a caller may come.
struct AccessMiddleware: RouterMiddleware {
    typealias Context = CatalogRequestContext

    let keys: AccessKeys?
    let right: AccessKeys.Right
    let rates: RateLimiter

    @concurrent func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        var caller = context.remoteAddress?.ipAddress ?? "unknown"
        if let keys {
            // Guesses count for the address.
            guard let key = Self.key(of: request), let owner = try keys.owner(of: key, right: right) else {
                try rates.admit("address \(caller)")
                throw Problem.unauthorized
            }
            context.caller = owner
            caller = "key \(owner)"
        } else {
            try Self.requireOwnPage(request)
        }
        try rates.admit(caller)
        return try await next(request, context)
    }

    /// Without keys whoever reaches the loopback address is let in, and a browser does so for any page: a page of somewhere else
    /// may neither ask by another name of this address nor change anything.
    private static func requireOwnPage(_ request: Request) throws(Problem) {
        let host = request.head.authority ?? ""
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        guard ["127.0.0.1", "localhost", "[::1]"].contains(name) else {
            throw Problem(.forbidden, "without keys this server answers to localhost only; see --keys")
        }
        guard request.method != .get, request.method != .head else { return }
        let site = HTTPField.Name("Sec-Fetch-Site").flatMap { request.headers[$0] }
        let origin = request.headers[.origin]
        guard site == nil || site == "same-origin" || site == "none", origin == nil || origin == "http://\(host)" else {
            throw Problem(.forbidden, "without keys nothing is changed for a page of another site; see --keys")
        }
    }

    private static func key(of request: Request) -> String? {
        guard let field = request.headers[.authorization] else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}
