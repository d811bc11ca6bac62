internal import AsyncHTTPClient
public import Logging
internal import Synchronization

/// Gets JSON from one host, one request at a time, as slowly as the host wants and as often as it takes.
///
/// A failed request is tried again where that may help. Only the origin of the base URL is ever asked, whatever links
/// and redirects say, so that the key goes nowhere else. ``shutdown()`` must be called at the end.
public final class HTTPFetcher: Sendable {
    private static let mostRedirects = 5

    private struct State {
        var usage = Usage()
        var pacer: Pacer
    }

    let options: Options
    let client: HTTPClient
    private let base: WebAddress
    private let policy: RetryPolicy
    let timing: Timing
    private let logger: Logger
    private let turns = Turns()
    private let state: Mutex<State>

    /// Takes the options, and throws a ``HTTPFailure`` for a base URL or a header that cannot be used.
    ///
    /// - Parameters:
    ///   - options: Where and how to ask.
    ///   - logger: Hears of each request that is sent again.
    public convenience init(_ options: Options, logger: Logger) throws(HTTPFailure) {
        try self.init(options, logger: logger, timing: .real)
    }

    /// Takes the options, and a clock beside the machine's for everything but the time limits of requests.
    ///
    /// - Parameters:
    ///   - options: Where and how to ask.
    ///   - logger: Hears of each request that is sent again.
    ///   - timing: Tells the time and waits.
    package init(_ options: Options, logger: Logger, timing: Timing) throws(HTTPFailure) {
        base = try options.checked()
        policy = RetryPolicy(mostTries: options.mostTries)
        state = Mutex(State(pacer: Pacer(options.pace)))
        client = HTTPClient(configuration: Self.configuration(options))
        (self.options, self.timing, self.logger) = (options, timing, logger)
    }

    /// Requests and waits so far.
    public func usage() -> Usage {
        state.withLock(\.usage)
    }

    /// Closes the connection, and ends requests that others still wait for.
    public func shutdown() async {
        // Throws only if it was called before.
        try? await client.shutdown()
    }

    // MARK: - One request

    /// Gets JSON, trying again where that may help; callers at the same time are served one after the other.
    ///
    /// - Parameters:
    ///   - target: Path and query below the base URL, or an absolute URL of the same origin, such as a next link.
    ///   - decode: Makes something of the body, JSON, unpacked and without a byte order mark; it throws for a body that is
    ///     not what it should be, and the request is then tried again.
    /// - Returns: The answer, and what was made of its body.
    public func get<Value>(
        _ target: String, decode: ([UInt8]) throws -> Value
    ) async throws(HTTPFailure) -> (answer: Answer, value: Value) {
        let address = try address(of: target)
        do { try await turns.take() } catch { throw .cancelled }
        defer { turns.give() }
        var tries = 0
        while true {
            tries += 1
            let problem: Problem
            switch try await attempt(address, decode) {
            case .success(let answer): return answer
            case .failure(let found): problem = found
            }
            guard let wait = policy.wait(after: tries, told: problem.wait, random: timing.random()) else {
                throw .unavailable(tries: tries, reason: problem.reason, place: address.place)
            }
            report(problem, tries, wait, address)
            try await pause(wait, address)
            state.withLock { $0.usage.retries += 1 }
        }
    }

    /// What may be better next time.
    struct Problem: Error {
        let reason: String
        var wait: Duration?
    }

    private func address(of target: String) throws(HTTPFailure) -> WebAddress {
        guard WebAddress.isAbsolute(target) else {
            let path = target.hasPrefix("/") ? target : "/" + target
            guard let address = WebAddress(origin: base.origin, target: prefix + path) else {
                throw .badURL(reason: "a path below \(base.place) holds blanks or control characters; encode them")
            }
            return address
        }
        guard let address = WebAddress(target) else {
            throw .badURL(reason: "a URL for \(base.origin.name) is not a valid one of http or https; correct it")
        }
        return try sameOrigin(address, from: base)
    }

    private func sameOrigin(_ address: WebAddress?, from: WebAddress) throws(HTTPFailure) -> WebAddress {
        guard let address else { throw .foreignLink(from: from.place, to: "something that is no URL of http or https") }
        guard address.origin == base.origin else { throw .foreignLink(from: from.place, to: address.origin.text) }
        return address
    }

    /// Sends a request and follows redirects, which have to stay on the origin.
    private func attempt<Value>(
        _ address: WebAddress, _ decode: ([UInt8]) throws -> Value
    ) async throws(HTTPFailure) -> Result<(answer: Answer, value: Value), Problem> {
        var address = address
        for _ in 0...Self.mostRedirects {
            let reply: Reply
            switch try await paced(address) {
            case .success(let received): reply = received
            case .failure(let problem): return .failure(problem)
            }
            let now = timing.secondsSince1970()
            switch Verdict.of(reply, place: address.place, now: now) {
            case .redirected(let location):
                address = try sameOrigin(address.resolve(location), from: address)
            case .taken(let body):
                let value: Value
                do { value = try decode(body) } catch { return .failure(Problem(reason: "a body of another form")) }
                return .success((try answer(reply, address), value))
            case .again(let reason, let wait): return .failure(Problem(reason: reason, wait: wait))
            case .failed(let failure): throw failure
            }
        }
        throw .loop(place: address.place)
    }

    private func answer(_ reply: Reply, _ address: WebAddress) throws(HTTPFailure) -> Answer {
        var next: String?
        if let link = LinkHeader.next(in: reply.headers["link"] ?? []) {
            next = target(of: try sameOrigin(address.resolve(link), from: address))
        }
        return Answer(next: next, target: target(of: address), place: address.place)
    }

    /// The beginning of all paths, without a slash at its end.
    private var prefix: String { base.path.hasSuffix("/") ? String(base.path.dropLast()) : base.path }

    /// What to ask for to get there: path and query below the base URL, or else the whole URL.
    private func target(of address: WebAddress) -> String {
        address.target.hasPrefix(prefix + "/") ? String(address.target.dropFirst(prefix.count)) : address.text
    }

    // MARK: - Waiting

    private func paced(_ address: WebAddress) async throws(HTTPFailure) -> Result<Reply, Problem> {
        try await pause(state.withLock { $0.pacer.wait(now: timing.now()) }, address)
        let begun = timing.now()
        state.withLock { state in
            state.usage.requests += 1
            state.pacer.begin(now: begun)
        }
        let result = try await exchange(address)
        if case .success(let reply) = result {
            let limit = reply.header("ratelimit").flatMap { RateLimitHeader($0) }
            state.withLock { $0.pacer.observe(limit, begun: begun, now: timing.now()) }
        }
        return result
    }

    private func pause(_ wait: Duration, _ address: WebAddress) async throws(HTTPFailure) {
        if let deadline = options.deadline, timing.now() + wait >= deadline { throw .outOfTime(place: address.place) }
        if Task.isCancelled { throw .cancelled }
        guard wait > .zero else { return }
        do { try await timing.sleep(wait) } catch { throw .cancelled }
        state.withLock { $0.usage.waited += wait }
    }

    private func report(_ problem: Problem, _ tries: Int, _ wait: Duration, _ address: WebAddress) {
        let metadata: Logger.Metadata = [
            "place": "\(address.place)", "reason": "\(problem.reason)", "try": "\(tries)",
            "wait_seconds": "\((wait / .milliseconds(1)).rounded() / 1000)",
        ]
        logger.notice("a request is sent again", metadata: metadata)
    }
}
