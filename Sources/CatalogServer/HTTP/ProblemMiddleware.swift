import CommandSupport
import DatasetTable
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Postgres

/// Turns whatever a route throws into a problem document, and gives every answer the headers that keep a browser careful.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = CatalogRequestContext

    private static let careful: HTTPFields = [
        .contentSecurityPolicy:
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        .xContentTypeOptions: "nosniff", .referrerPolicy: "no-referrer", .cacheControl: "no-store",
    ]

    @concurrent func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            response = try problem(error, request, context).response(from: request, context: context)
        }
        for field in Self.careful where response.headers[field.name] == nil { response.headers.append(field) }
        return response
    }

    private func problem(_ error: any Error, _ request: Request, _ context: Context) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as HTTPError where error.status == .notFound: return .notFound
        case let error as HTTPError where error.status == .methodNotAllowed:
            return Problem(error.status, "this address does not take \(request.method.rawValue)", error.headers)
        case let error as any HTTPResponseError: return Problem(error.status, "the request cannot be taken as it is")
        case is CancellationError: return .unavailable
        default: break
        }
        let failure = RunFailure(error)
        context.logger.error("\(failure.description)")
        switch failure.reason {
        case .database, .signal: return .unavailable
        case .configuration, .mixedModel: return .notSetUp
        default: return .internalError
        }
    }
}

extension HTTPField.Name {
    static let referrerPolicy = Self("Referrer-Policy") ?? .via
}

/// What goes along with a request.
struct CatalogRequestContext: RequestContext, RemoteAddressRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    /// Who asks, once a key was looked at; nil without keys.
    var caller: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}
