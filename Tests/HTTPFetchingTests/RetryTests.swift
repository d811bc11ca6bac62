import HTTPFetching
import HTTPTestSupport
import Testing

@Suite("Trying again", .timeLimit(.minutes(30)))
struct RetryTests {
    /// An answer that is refused for a while, and how long the fetcher then waits when its lots are all zero.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let status: Int
        let headers: [(String, String)]
        let wait: Duration
        var testDescription: String { "\(status) \(headers)" }
    }

    static let refusals = [
        Refusal(status: 429, headers: [("Retry-After", "17")], wait: .seconds(17)),
        Refusal(status: 429, headers: [("Retry-After", "Thu, 26 Nov 2026 12:00:42 GMT")], wait: .seconds(42)),
        Refusal(status: 429, headers: [("Retry-After", "Thu, 26 Nov 2026 11:00:00 GMT")], wait: .zero),
        Refusal(status: 429, headers: [("Retry-After", "1000000000000")], wait: .seconds(3600)),
        Refusal(status: 429, headers: [("Retry-After", "99999999999999999999999")], wait: .seconds(3600)),
        Refusal(status: 429, headers: [("Retry-After", "-5")], wait: .zero),
        Refusal(status: 429, headers: [("Retry-After", "soon")], wait: .zero),
        Refusal(status: 429, headers: [], wait: .zero),
        Refusal(status: 429, headers: [("RateLimit", "\"api\";r=0;t=55")], wait: .seconds(56)),
        Refusal(status: 429, headers: [("RateLimit", "\"api\";r=0;t=5"), ("Retry-After", "9")], wait: .seconds(9)),
        Refusal(status: 503, headers: [("Retry-After", "3")], wait: .seconds(3)),
    ]

    @Test("waits as long as the server says", arguments: refusals)
    func waits(refusal: Refusal) async throws {
        let stub = try replying(.status(refusal.status, refusal.headers), .json("[1]"))
        let clock = TestClock()
        try await withFetcher(stub, clock) { fetcher async throws in
            #expect(try await fetcher.get("/items").body == Array("[1]".utf8))
            #expect(clock.waits.reduce(.zero, +) == refusal.wait)
            #expect(fetcher.usage() == .init(requests: 2, retries: 1, waited: refusal.wait))
        }
    }

    @Test("goes on after one failure", arguments: [408, 425, 429, 500, 502, 503, 504])
    func once(status: Int) async throws {
        let stub = try replying(.json(#"{"error":"overloaded"}"#, status: status), .json("{}"))
        try await withFetcher(stub) { fetcher async throws in
            #expect(try await fetcher.get("/items").body.isEmpty == false)
            #expect(stub.requests.count == 2)
        }
    }

    @Test("ends after six tries, further and further apart", arguments: [429, 500, 502, 503])
    func forEver(status: Int) async throws {
        let stub = try replying(.status(status))
        let (clock, log) = (TestClock(random: 1), LogLines())
        try await withFetcher(stub, clock, log: log) { fetcher in
            let failure = try await failure(of: fetcher, "/items?token=abc")
            let place = "127.0.0.1:\(stub.port)/items"
            #expect(failure == .unavailable(tries: 6, reason: "status \(status)", place: place))
            #expect(stub.requests.count == 6)
            #expect(clock.waits == [2, 4, 8, 16, 32].map { .seconds($0) })
            #expect(fetcher.usage().retries == 5)
        }
        #expect(log.lines.count == 5)
        #expect(log.lines.allSatisfy { $0.hasPrefix("notice ") && $0.contains("reason=status \(status)") })
        #expect(log.lines.allSatisfy { !$0.contains("abc") && !$0.contains("secret") })
    }

    @Test("goes on after a connection that is closed or reset without an answer", arguments: [true, false])
    func connection(isReset: Bool) async throws {
        let stub = try replying(isReset ? .reset : .closed, .json("[]"))
        try await withFetcher(stub) { fetcher async throws in
            #expect(try await fetcher.get("/items").body.isEmpty == false)
            #expect(fetcher.usage().retries == 1)
        }
    }

    @Test("ends if nobody listens, and says so")
    func refused() async throws {
        let stub = try replying(.closed)
        let gone = try SourceStub { _ in .closed }
        gone.stop()
        let url = gone.baseURL
        try await withFetcher(stub, change: { $0.baseURL = url }) { fetcher in
            let failure = try await failure(of: fetcher)
            guard case .unavailable(6, let reason, _) = failure else {
                Issue.record("\(failure)")
                return
            }
            #expect(reason.hasPrefix("the connection failed"))
        }
    }

    // MARK: - What is final

    @Test("does not try again what is refused for good", arguments: [400, 401, 403, 404, 410, 422])
    func item(status: Int) async throws {
        let stub = try replying(
            .json(#"{"error":"no such thing"}"#, status: status, [("X-Error-Code", "RepoNotFound")]))
        try await withFetcher(stub) { fetcher async throws in
            let place = "127.0.0.1:\(stub.port)/items"
            #expect(try await failure(of: fetcher) == .item(status: status, code: "RepoNotFound", place: place))
            #expect(stub.requests.count == 1)
        }
    }

    @Test("takes an empty refusal, and one whose body never comes")
    func emptyRefusal() async throws {
        let stub = try replying(
            .status(404), StubReply([.send(StubReply.head(404, [("Content-Length", "10")])), .close]))
        try await withFetcher(stub) { fetcher async throws in
            for _ in 1...2 {
                let place = "127.0.0.1:\(stub.port)/items"
                #expect(try await failure(of: fetcher) == .item(status: 404, code: nil, place: place))
            }
        }
    }

    static let accountMessages = [
        (401, #"{"error":"Invalid credentials in Authorization header"}"#),
        (401, #"{"code":401,"message":"Unauthenticated"}"#),
        (403, #"{"error":{"code":403,"message":"Your account is suspended","status":"PERMISSION_DENIED"}}"#),
    ]

    @Test("stops at once if the account is refused, without a word of the key", arguments: accountMessages)
    func credentials(status: Int, body: String) async throws {
        let stub = try replying(.json(body, status: status))
        try await withFetcher(stub) { fetcher in
            let failure = try await failure(of: fetcher)
            #expect(failure == .credentials(status: status, place: "127.0.0.1:\(stub.port)/items"))
            #expect(!"\(failure)".contains("secret") && !String(reflecting: failure).contains("secret"))
            #expect(stub.requests.count == 1)
        }
    }
}
