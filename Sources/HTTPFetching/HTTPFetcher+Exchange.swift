internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// Sending one request and receiving what comes back, within the time limits.
extension HTTPFetcher {
    /// Bodies of refusals are only looked at for a code.
    private static let refusalLimit = 64 << 10

    /// Headers that somebody looks at.
    private static let wantedHeaders = [
        "link", "location", "ratelimit", "retry-after", "x-error-code", "x-error-message",
    ]

    static func configuration(_ options: Options) -> HTTPClient.Configuration {
        // Unpacks bodies up to 25 times their size.
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: options.connectTimeout.timeAmount, read: nil)
        configuration.connectionPool = .init(
            idleTimeout: .seconds(60), concurrentHTTP1ConnectionsPerHostSoftLimit: 1)
        // Tries are counted and spaced here.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    /// Sends a request and receives the whole answer, whatever it is.
    func exchange(_ address: WebAddress) async throws(HTTPFailure) -> Result<Reply, Problem> {
        do {
            return .success(try await receive(request(address), from: address))
        } catch let failure as HTTPFailure {
            throw failure
        } catch {
            if Task.isCancelled { throw .cancelled }
            if Self.isTooTight(error) { throw .tooLarge(limit: options.bodyLimit, place: address.place) }
            return .failure(Problem(reason: reason(of: error)))
        }
    }

    private func request(_ address: WebAddress) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address.text)
        request.headers = [
            "User-Agent": options.userAgent, "Accept": "application/json", "Connection": "keep-alive",
        ]
        if let authorization = options.authorization {
            request.headers.add(name: "Authorization", value: authorization)
        }
        return request
    }

    private func receive(_ request: HTTPClientRequest, from address: WebAddress) async throws -> Reply {
        let response = try await client.execute(request, timeout: bounded(options.firstByteTimeout).timeAmount)
        var reply = Reply(status: Int(response.status.code))
        for name in Self.wantedHeaders {
            let values = response.headers[name]
            if !values.isEmpty { reply.headers[name] = values }
        }
        switch reply.status {
        case 200:
            guard let body = try await collect(response, limit: options.bodyLimit) else {
                throw HTTPFailure.tooLarge(limit: options.bodyLimit, place: address.place)
            }
            reply.body = body
        default:
            do { reply.body = try await collect(response, limit: Self.refusalLimit) ?? [] } catch {
                // The status says enough.
                try Task.checkCancellation()
            }
        }
        return reply
    }

    private struct BodyTimeout: Error {}

    /// A time limit that does not go past the deadline.
    private func bounded(_ limit: Duration) -> Duration {
        guard let deadline = options.deadline else { return limit }
        return min(limit, max(.milliseconds(1), timing.now().duration(to: deadline)))
    }

    /// The body, `nil` if it is larger than the limit; throws if it takes too long.
    private func collect(_ response: HTTPClientResponse, limit: Int) async throws -> [UInt8]? {
        if let length = response.headers.first(name: "content-length").flatMap({ Int($0) }), length > limit {
            return nil
        }
        let timeout = bounded(options.bodyTimeout)
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                for try await chunk in response.body {
                    guard bytes.count + chunk.readableBytes <= limit else { return nil }
                    bytes.append(contentsOf: chunk.readableBytesView)
                }
                // A cancelled body ends as a whole one does.
                try Task.checkCancellation()
                return bytes
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw BodyTimeout()
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    // MARK: - Errors

    /// Whether a packed body grows too much; the error's type belongs to a module that this package does not name.
    private static func isTooTight(_ error: any Error) -> Bool {
        "\(type(of: error)).\(error)" == "DecompressionError.limit"
    }

    private func reason(of error: any Error) -> String {
        if error is BodyTimeout { return "no whole body within \(options.bodyTimeout.formattedSeconds)" }
        guard let error = error as? HTTPClientError else {
            // Errors of NIO name addresses and system calls, and nothing that was sent.
            return "the connection failed (\(String(describing: error).prefix(200)))"
        }
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout:
            return "no connection within \(options.connectTimeout.formattedSeconds)"
        case .deadlineExceeded:
            return "no answer within \(options.firstByteTimeout.formattedSeconds)"
        case .remoteConnectionClosed:
            return "the connection was closed before the answer was whole"
        default:
            return "the connection failed (\(error.shortDescription))"
        }
    }
}

extension Duration {
    fileprivate var timeAmount: TimeAmount { .nanoseconds(Int64(min(max(self / .nanoseconds(1), 0), 1e18))) }

    fileprivate var formattedSeconds: String { "\((self / .milliseconds(1)).rounded() / 1000) s" }
}
