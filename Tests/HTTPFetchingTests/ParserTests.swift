import HTTPFetching
import Testing

@Suite("What servers write into headers and bodies", .timeLimit(.minutes(30)))
struct ParserTests {
    static let links: [([String], String?)] = [
        (["<https://a.org/x?cursor=1>; rel=\"next\""], "https://a.org/x?cursor=1"),
        (["</x>;rel=next"], "/x"),
        (["</x,y;z>; rel=next"], "/x,y;z"),
        (["</1>; rel=prev, </2>; rel=next"], "/2"),
        (["</1>; rel=\"prev\"", "</2>; rel=\"next\""], "/2"),
        (["</1>; title=\"a, <b>; rel=next\"; rel=prev, </2>; REL = \"Last NEXT\" ; x"], "/2"),
        (["</1>; title=\"quoted \\\" mark\"; rel=next"], "/1"),
        (["</1>; rel=prev; rel=next"], nil),
        (["</1>; rel=\"nextish\""], nil),
        (["</1>; rev=next"], nil),
        (["nonsense, </2>; rel=next"], "/2"),
        ([",,;; , </2>; rel=next"], "/2"),
        (["<>; rel=next"], ""),
        (["</1; rel=next"], nil),
        (["</1>; rel=\"next"], "/1"),
        ([String(repeating: ";,<", count: 50_000)], nil),
        (["", "<", ">", ";", "<>", "\"", "\\"], nil),
        ([], nil),
    ]

    @Test("finds the next link, and only that", arguments: links)
    func link(values: [String], next: String?) {
        #expect(LinkHeader.next(in: values) == next)
    }

    static let dates: [(String, Int?)] = [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 29 Feb 2024 23:59:60 GMT", 1_709_251_200), ("Thu, 26 Nov 2026 12:00:00 GMT", 1_795_694_400),
        ("Wed, 29 Feb 2023 00:00:00 GMT", nil), ("Mon, 06 Nov 1994 08:49:37 GMT", nil),
        ("Sun, 06 nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil),
        ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun Nov  6 08:49:37 1994", nil),
        ("Sun, 6 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil),
        ("Sun, 00 Nov 1994 08:49:37 GMT", nil), ("Sun, -6 Nov 1994 08:49:37 GMT", nil), ("", nil),
    ]

    @Test("reads dates in the one form they may have", arguments: dates)
    func date(text: String, seconds: Int?) {
        #expect(RetryAfter.seconds(ofDate: text) == seconds)
    }

    static let waits: [(String, Duration?)] = [
        ("0", .zero), (" 120 ", .seconds(120)), ("1.5", nil), ("+5", nil), ("-1", nil), ("", nil), ("٣", nil),
        ("1e3", nil),
        ("Thu, 01 Jan 1970 00:02:00 GMT", .seconds(20)), ("Thu, 01 Jan 1970 00:00:00 GMT", .zero),
    ]

    @Test("reads how long to wait", arguments: waits)
    func retryAfter(text: String, wait: Duration?) {
        #expect(RetryAfter.wait(text, now: 100) == wait)
    }

    static let limits: [(String, RateLimitHeader?)] = [
        ("\"api\";r=499;t=243", .init(remaining: 499, seconds: 243)), ("r=1; t=2", .init(remaining: 1, seconds: 2)),
        ("x; T = 3 ;q=5; R = 4", .init(remaining: 4, seconds: 3)),
        ("\"a\";r=50;t=10, \"b\";r=5;t=10", .init(remaining: 5, seconds: 10)),
        ("r=1", nil), ("t=1", nil), ("r=;t=", nil), ("r=1.5;t=2", nil), ("r=-1;t=2", nil), ("r=1;t=999999999999", nil),
        ("r=99999999999999999999;t=1", nil), (",;=,", nil), ("", nil),
    ]

    @Test("reads how many requests are left", arguments: limits)
    func rateLimit(text: String, limit: RateLimitHeader?) {
        #expect(RateLimitHeader(text) == limit)
    }

    static let references =
        [
            ("/x?y", "https://a.org/x?y"), ("x", "https://a.org/b/x"), ("?z", "https://a.org/b/c?z"),
            ("", "https://a.org/b/c?q"), ("../x", "https://a.org/x"), ("../../../x", "https://a.org/x"),
            ("./", "https://a.org/b/"), ("..", "https://a.org/"), ("#f", "https://a.org/b/c?q"),
            ("//h.org/x", "https://h.org/x"),
            ("HTTPS://A.ORG:443/x#f", "https://a.org/x"), ("http://a.org", "http://a.org/"), ("x:y", nil),
            ("/a b", nil),
            ("/a\r\nX: y", nil), ("/ü[]%zz%41", "https://a.org/%C3%BC%5B%5D%25zz%41"), ("https://a.org@h.org/", nil),
            ("https://a.org\\@h.org/", "https://a.org/%5C@h.org/"), ("https://a.org:x/", nil), ("https://[::1", nil),
            ("https://ａ.org/", nil),
        ] as [(String, String?)]

    @Test("resolves references, and refuses what others may read otherwise", arguments: references)
    func reference(text: String, url: String?) throws {
        let base = try #require(WebAddress("https://a.org/b/c?q"))
        #expect(base.resolve(text)?.text == url)
    }

    @Test("takes the wait that is told at least, and cuts what is beyond belief")
    func policy() {
        let policy = RetryPolicy(mostTries: 9)
        #expect(
            (1...8).map { policy.wait(after: $0, told: nil, random: 1) }
                == [2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        #expect(policy.wait(after: 9, told: .seconds(1), random: 1) == nil)
        #expect(policy.wait(after: 3, told: .seconds(5), random: 0.5) == .seconds(5))
        #expect(policy.wait(after: 3, told: .seconds(1), random: 0.5) == .seconds(4))
        #expect(policy.wait(after: 3, told: .seconds(1_000_000), random: 1) == RetryPolicy.longestWait)
    }
}
