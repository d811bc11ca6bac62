import HTTPFetching
import HTTPTestSupport
import Testing

@Suite("The body of an answer", .timeLimit(.minutes(30)))
struct BodyTests {
    private static let page = #"[{"id":"one"},{"id":"two"}]"#
    private static let packed = Gzip.stored(Array(page.utf8))

    /// A reply, and what is special about it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reply: StubReply

        init(_ name: String, _ reply: StubReply) { (testDescription, self.reply) = (name, reply) }
    }

    static let wholeReplies = [
        Case("with a length", .json(page)),
        Case("in chunks", .chunked(page, size: 5)),
        Case("packed", .gzip(packed)),
        Case("after a byte order mark", .json("\u{FEFF}" + page)),
        Case(
            "up to the end of the connection", StubReply([.send(StubReply.head(200, []) + Array(page.utf8)), .close])),
    ]

    @Test("is taken", arguments: wholeReplies)
    func whole(_ one: Case) async throws {
        let stub = try replying(one.reply)
        try await withFetcher(stub) { fetcher async throws in
            #expect(try await fetcher.get("/items").body == Array(Self.page.utf8))
            #expect(stub.requests.count == 1)
        }
    }

    static let brokenReplies = [
        Case("shorter than its length", .short(page, missing: 1)),
        Case("shorter than its length, and JSON in itself", .short("[]", missing: 100)),
        Case("chunked, cut short", .chunkedCutShort(page, size: 5)),
        Case("chunked, cut short, and JSON in itself", .chunkedCutShort(page, size: 1000)),
        Case("packed, cut short", .gzip(packed.dropLast(12))),
        Case("packed, without its checksum", .gzip(packed.dropLast(8))),
        Case("packed, with a wrong checksum", .gzip(packed.dropLast(8) + [UInt8](repeating: 0, count: 8))),
        Case("not packed at all", .gzip(Array(page.utf8))),
        Case("JSON cut short", .json(String(page.dropLast(3)))),
        Case("malformed", .json("[1, 2,, 3]")),
        Case("two documents", .json("[1][2]")),
        Case("words", .json("upstream connect error")),
        Case("empty", .json("")),
        Case("a byte order mark alone", .json("\u{FEFF}")),
        Case("blanks", .json(" \n ")),
        Case("nested without an end", .json(String(repeating: "[", count: 100_000))),
        Case("an error with a code", .json(#"{"code":429,"message":"slow down"}"#)),
        Case("an error in words", .json(#"{"error":"internal"}"#)),
        Case("an error in a list", .json(#"{"error":["internal"]}"#)),
        Case("several errors", .json(#"{"errors":[{"message":"internal"}]}"#)),
        Case("an error object", .json(#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}"#)),
        Case("an error object with a status alone", .json(#"{"error":{"status":"UNAVAILABLE"}}"#)),
        Case("no content", .status(204)),
        Case("a part", .answer(206, body: Array(page.utf8))),
        Case("unchanged, which nobody asked", .status(304)),
    ]

    @Test("is asked for again, and never half taken", arguments: brokenReplies)
    func broken(_ one: Case) async throws {
        let stub = try replying(one.reply, .json(Self.page))
        try await withFetcher(stub) { fetcher async throws in
            #expect(try await fetcher.get("/items").body == Array(Self.page.utf8))
            #expect(stub.requests.count == 2)
        }
    }

    @Test("that is never whole ends after six tries", arguments: brokenReplies)
    func forEver(_ one: Case) async throws {
        let stub = try replying(one.reply)
        try await withFetcher(stub) { fetcher in
            let failure = try await failure(of: fetcher)
            guard case .unavailable(6, let reason, _) = failure else {
                Issue.record("\(failure)")
                return
            }
            #expect(!reason.isEmpty && !reason.contains("one"))
        }
    }

    @Test("is asked for again if the caller finds it wanting")
    func validation() async throws {
        struct Wanting: Error {}
        let stub = try replying(.json("[1]"), .json("[2]"))
        try await withFetcher(stub) { fetcher in
            let text = try await fetcher.get("/items") { body in
                if body == Array("[1]".utf8) { throw Wanting() }
                return String(decoding: body, as: UTF8.self)
            }.value
            #expect(text == "[2]")
        }
    }

    @Test("that names a final status in an error object is refused with it")
    func finalErrors() async throws {
        let stub = try replying(
            .json(#"{"code":404,"message":"gone"}"#),
            .json(#"{"error":{"message":"may not","status":"PERMISSION_DENIED"}}"#),
            .json(#"{"error":{"code":401,"message":"Invalid credentials"}}"#))
        try await withFetcher(stub) { fetcher async throws in
            let place = "127.0.0.1:\(stub.port)/items"
            #expect(try await failure(of: fetcher) == .item(status: 404, code: "404", place: place))
            #expect(try await failure(of: fetcher) == .item(status: 403, code: "PERMISSION_DENIED", place: place))
            #expect(try await failure(of: fetcher) == .credentials(status: 401, place: place))
        }
    }

    static let fine = [#"{"error":null,"id":1}"#, #"{"error":"","id":1}"#, #"{"code":200}"#, #"{"errors":[]}"#, "1"]

    @Test("may have a field for errors that says nothing", arguments: fine)
    func noError(text: String) async throws {
        let stub = try replying(.json(text))
        try await withFetcher(stub) { fetcher async throws in
            #expect(try await fetcher.get("/items").body == Array(text.utf8))
        }
    }

    static let pages = [
        StubReply.html("<!DOCTYPE html><title>Just a moment</title>"),
        .json(" \n<html></html>"),
        .json("\u{FEFF}<html></html>"),
        .answer(body: Array("please solve this reCAPTCHA".utf8), type: "text/plain"),
        .html("<p>solve the captcha</p>", status: 403),
    ]

    @Test("for people stops at once", arguments: pages.indices)
    func blocked(index: Int) async throws {
        let stub = try replying(Self.pages[index])
        try await withFetcher(stub) { fetcher async throws in
            #expect(try await failure(of: fetcher) == .blocked(place: "127.0.0.1:\(stub.port)/items"))
            #expect(stub.requests.count == 1)
        }
    }

    // MARK: - Sizes

    @Test("may be as large as the limit and no larger, with or without a length")
    func limit() async throws {
        let (fits, larger) = (String(repeating: " ", count: 9998) + "[]", String(repeating: " ", count: 9999) + "[]")
        let stub = try replying(.json(fits), .json(larger), .chunked(fits, size: 700), .chunked(larger, size: 700))
        try await withFetcher(stub, change: { $0.bodyLimit = 10_000 }) { fetcher async throws in
            let tooLarge = HTTPFailure.tooLarge(limit: 10_000, place: "127.0.0.1:\(stub.port)/items")
            for _ in 1...2 {
                #expect(try await fetcher.get("/items").body.count == 10_000)
                #expect(try await failure(of: fetcher) == tooLarge)
            }
            #expect(stub.requests.count == 4)
        }
    }

    @Test("that was packed too tightly is not unpacked")
    func bomb() async throws {
        // 26 MB of blanks in 163 kB.
        let stub = try replying(.gzip(Gzip.run(of: 0x20, repeats: 100_000)))
        try await withFetcher(stub) { fetcher in
            let failure = try await failure(of: fetcher)
            #expect(failure == .tooLarge(limit: 32 << 20, place: "127.0.0.1:\(stub.port)/items"))
            #expect(stub.requests.count == 1)
        }
    }

    @Test("that was packed is held to the limit as well")
    func packedLimit() async throws {
        let stub = try replying(.gzip(Gzip.stored(Array((String(repeating: " ", count: 100_000) + "[]").utf8))))
        try await withFetcher(stub, change: { $0.bodyLimit = 99_999 }) { fetcher in
            let failure = try await failure(of: fetcher)
            #expect(failure == .tooLarge(limit: 99_999, place: "127.0.0.1:\(stub.port)/items"))
        }
    }
}
