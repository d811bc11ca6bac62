import HTTPFetching
import HTTPTestSupport
import Testing

@Suite("The key and the origin", .timeLimit(.minutes(30)))
struct OriginTests {
    @Test("sends its headers, and paths below the base URL")
    func headers() async throws {
        let stub = try replying(.json("[]"))
        try await withFetcher(stub, change: { $0.baseURL += "/api/v1/" }) { fetcher in
            let answer = try await fetcher.get("/datasets/list?page=1&search=a|b")
            #expect(answer.target == "/datasets/list?page=1&search=a%7Cb")
            #expect(answer.place == "127.0.0.1:\(stub.port)/api/v1/datasets/list")
            _ = try await fetcher.get("relative")
            _ = try await fetcher.get(stub.baseURL + "/absolute?x")
        }
        let requests = stub.requests
        #expect(
            requests.map(\.target) == ["/api/v1/datasets/list?page=1&search=a%7Cb", "/api/v1/relative", "/absolute?x"])
        for request in requests {
            #expect(request.method == "GET")
            #expect(request.header("Authorization") == secretKey)
            #expect(request.header("User-Agent") == "tests (nobody@example.org)")
            #expect(request.header("Accept-Encoding")?.contains("gzip") == true)
            #expect(request.header("Host") == "127.0.0.1:\(stub.port)")
            #expect(request.header("If-None-Match") == nil)
        }
        #expect(stub.connections == 1)
    }

    // MARK: - Links

    @Test("follows next links through a thousand pages in one connection, each page once")
    func pages() async throws {
        let stub = try SourceStub { request in
            let page = request.parameter("cursor").flatMap { Int($0) } ?? 1
            let next = page < 1000 ? [("Link", "</items?cursor=\(page + 1)>; rel=\"next\"")] : []
            return .json("[\(page)]", next)
        }
        try await withFetcher(stub) { fetcher in
            var listing = HTTPFetcher.Listing()
            var target: String? = "/items"
            var pages: [String] = []
            while let page = target {
                let answer = try await fetcher.get(page)
                pages.append(String(decoding: answer.body, as: UTF8.self))
                target = try listing.next(after: answer.answer)
            }
            #expect(pages == (1...1000).map { "[\($0)]" })
            #expect(fetcher.usage() == .init(requests: 1000, retries: 0, waited: .zero))
            #expect(stub.connections == 1)
        }
    }

    static let loops = [["/a", "/a"], ["/a", "/b", "/a"], ["/a?p=1", "/b", "/b"], ["/a", "/x/../a"]]

    @Test("ends a listing that leads back to itself", arguments: loops)
    func loop(targets: [String]) async throws {
        let stub = try SourceStub { .json("[]", [("Link", "<\(targets[$0.number])>; rel=next")]) }
        try await withFetcher(stub) { fetcher in
            var listing = HTTPFetcher.Listing()
            var next = targets[0]
            for _ in 1..<(targets.count - 1) {
                next = try #require(try listing.next(after: try await fetcher.get(next).answer))
            }
            let last = try await fetcher.get(next)
            #expect(throws: HTTPFailure.loop(place: last.place)) { try listing.next(after: last.answer) }
        }
    }

    /// Builds a URL that leads away, from the ports of the stub and of another server.
    struct Elsewhere: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let url: @Sendable (_ port: Int, _ other: Int) -> String
    }

    static let elsewhere = [
        Elsewhere(testDescription: "another port") { _, other in "http://127.0.0.1:\(other)/items" },
        Elsewhere(testDescription: "another name of the host") { port, _ in "http://localhost:\(port)/items" },
        Elsewhere(testDescription: "another scheme") { port, _ in "https://127.0.0.1:\(port)/items" },
        Elsewhere(testDescription: "no scheme") { _, other in "//127.0.0.1:\(other)/items" },
        Elsewhere(testDescription: "a user name") { port, other in "http://127.0.0.1:\(port)@127.0.0.1:\(other)/" },
        Elsewhere(testDescription: "a backslash") { port, other in "http://127.0.0.1:\(other)\\@127.0.0.1:\(port)/" },
        Elsewhere(testDescription: "a file") { _, _ in "file:///etc/passwd" },
        Elsewhere(testDescription: "a script") { _, _ in "javascript:alert(1)" },
        Elsewhere(testDescription: "a port that is none") { _, _ in "http://127.0.0.1:99999/" },
        Elsewhere(testDescription: "no host") { _, _ in "http:///items" },
    ]

    @Test("refuses a next link that leads away, and sends nothing there", arguments: elsewhere)
    func foreignLink(elsewhere: Elsewhere) async throws {
        let other = try replying(.json("[]"))
        let stub = try SourceStub { [port = other.port] _ in
            .json("[1]", [("Link", "<\(elsewhere.url(0, port))>; rel=\"next\"")])
        }
        try await withFetcher(stub) { fetcher in
            let failure = try await failure(of: fetcher)
            guard case .foreignLink(let from, let to) = failure else {
                Issue.record("\(failure)")
                return
            }
            #expect(from == "127.0.0.1:\(stub.port)/items")
            #expect(!to.contains("items"))
        }
        #expect(other.connections == 0 && other.requests.isEmpty)
        #expect(stub.requests.count == 1)
    }

    @Test("refuses to ask for a URL of another origin")
    func foreignTarget() async throws {
        let other = try replying(.json("[]"))
        let stub = try replying(.json("[]"))
        try await withFetcher(stub) { fetcher in
            let failure = try await failure(of: fetcher, other.baseURL + "/items")
            #expect(failure == .foreignLink(from: "127.0.0.1:\(stub.port)/", to: other.baseURL))
        }
        #expect(other.connections == 0 && stub.connections == 0)
    }

    // MARK: - Redirects

    @Test("follows redirects within the host", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let stub = try SourceStub { request in
            switch request.path {
            case "/api/old": .status(status, [("Location", "new/name?x=1")])
            default: .json("{}", [("Link", "<?x=2>; rel=next")])
            }
        }
        try await withFetcher(stub) { fetcher in
            let answer = try await fetcher.get("/api/old")
            #expect(answer.place == "127.0.0.1:\(stub.port)/api/new/name")
            #expect(answer.next == "/api/new/name?x=2")
            #expect(stub.requests.map(\.target) == ["/api/old", "/api/new/name?x=1"])
            #expect(stub.requests[1].header("Authorization") == secretKey)
            #expect(fetcher.usage() == .init(requests: 2, retries: 0, waited: .zero))
        }
    }

    @Test("follows no redirect that leads away, and sends nothing there", arguments: elsewhere)
    func foreignRedirect(elsewhere: Elsewhere) async throws {
        let other = try replying(.json("[]"))
        let stub = try SourceStub { [port = other.port] _ in .status(302, [("Location", elsewhere.url(0, port))]) }
        try await withFetcher(stub) { fetcher in
            let failure = try await failure(of: fetcher)
            guard case .foreignLink = failure else {
                Issue.record("\(failure)")
                return
            }
        }
        #expect(other.connections == 0 && other.requests.isEmpty)
        #expect(stub.requests.count == 1)
    }

    @Test("ends redirects that never end")
    func endlessRedirects() async throws {
        let stub = try SourceStub { .status(302, [("Location", "/\($0.number)")]) }
        try await withFetcher(stub) { fetcher async throws in
            #expect(try await failure(of: fetcher) == .loop(place: "127.0.0.1:\(stub.port)/6"))
            #expect(stub.requests.count == 6)
        }
    }

    // MARK: - Options

    static let unusable = [
        "http://example.org", "http://10.0.0.1", "http://127.0.0.1.example.org", "http://128.0.0.1",
        "http://localhost.example.org", "ftp://127.0.0.1", "127.0.0.1:80", "https://", "https://user@example.org",
        "https://example.org?x", "https://example.org/#x", "https://example.org:0", "https://exa mple.org",
        "http://[::2]", "",
    ]

    @Test("refuses a base URL that is not https, unless it is of this machine", arguments: unusable)
    func baseURL(url: String) {
        let options = HTTPFetcher.Options(
            baseURL: url, authorization: secretKey, userAgent: "tests", pace: .perSecond(1))
        let error = #expect(throws: HTTPFailure.self) { try HTTPFetcher(options, logger: LogLines().logger) }
        guard case .badURL? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "accepts https, and this machine",
        arguments: [
            "https://huggingface.co", "https://www.kaggle.com/api/v1",
            "http://localhost:1", "http://[::1]:1", "http://127.1.2.3", "HTTP://LOCALHOST",
        ])
    func usable(url: String) async throws {
        let options = HTTPFetcher.Options(baseURL: url, userAgent: "tests", pace: .perSecond(1))
        await (try HTTPFetcher(options, logger: LogLines().logger)).shutdown()
    }

    @Test("refuses headers that are no line of text, and says nothing of the key", arguments: ["a\r\nX: b", "", "é"])
    func header(value: String) {
        let key = value + "topsecret".prefix(value.isEmpty ? 0 : 9)
        let options = HTTPFetcher.Options(
            baseURL: "https://example.org", authorization: key, userAgent: "tests", pace: .perSecond(1))
        let error = #expect(throws: HTTPFailure.self) { try HTTPFetcher(options, logger: LogLines().logger) }
        #expect(!String(reflecting: error).contains("topsecret"))
    }

    @Test("shows nothing of the key when options are printed")
    func printed() {
        let options = HTTPFetcher.Options(
            baseURL: "https://example.org", authorization: secretKey, userAgent: "tests", pace: .perSecond(1))
        var text = "\(options)" + String(reflecting: options) + String(reflecting: [options])
        dump(options, to: &text)
        #expect(!text.contains("secret"))
    }
}
