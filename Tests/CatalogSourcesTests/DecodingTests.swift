import Catalog
import CatalogSources
import FoundationEssentials
import Testing

/// The time of all decoding tests, 2026-01-01T00:00:00Z.
let decodingTime = Date(timeIntervalSince1970: 1_767_225_600)

@Suite("Decoding answers of Hugging Face", .timeLimit(.minutes(30)))
struct HuggingFaceDecodingTests {
    /// A whole item, as the listing gives it with all that is asked for.
    static let wholeItem = #"""
        {"_id":"621ffdd236468d709f181d58","id":"acme/Small-cats_v2","author":"acme","cardData":{"license":["mit",
        "cc-by-4.0"],"pretty_name":"Small  Cats\n","description":"From the card","configs":[{"a":[1,"]"]}]},
        "disabled":false,"gated":"auto","lastModified":"2025-11-02T10:11:12.5Z","likes":12,"private":false,
        "description":"\n\t\n\t\t\n\t\tCats\n\t\n\nMany \"cats\".\u0000 \ud83d\ude00… See the full description on \#
        the dataset page: https://huggingface.co/datasets/acme/Small-cats_v2.","downloads":7,"downloadsAllTime":4242,
        "usedStorage":123456789012,"tags":["license:mit","task_categories:image","doi:10/1","arxiv:1","region:us",
        "language:en"],"createdAt":"2024-02-29T23:59:59.000Z","key":"","trendingScore":1}
        """#

    private func page(_ items: String...) throws -> SourcePage {
        try HuggingFace.page(Array("[\(items.joined(separator: ","))]".utf8), now: decodingTime)
    }

    private func record(_ members: String) throws -> CatalogRecord {
        try #require(page("{\"id\":\"a/b-c_d\"\(members.isEmpty ? "" : ",")\(members)}").records.first)
    }

    // MARK: - Whole items

    @Test("reads every value of a whole item")
    func wholeItem() throws {
        let page = try page(Self.wholeItem)
        var expected = CatalogRecord(
            .huggingFace, "acme/Small-cats_v2", title: "Small Cats",
            url: "https://huggingface.co/datasets/acme/Small-cats_v2")
        expected.upstreamID = "621ffdd236468d709f181d58"
        expected.description = "Cats\n\nMany \"cats\". \u{1F600}"
        expected.downloads = 4_242
        expected.likes = 12
        expected.license = "mit, cc-by-4.0"
        expected.tags = ["gated", "task_categories:image", "language:en"]
        expected.byteCount = 123_456_789_012
        expected.created = Date(timeIntervalSince1970: 1_709_251_199)
        expected.updated = Date(timeIntervalSince1970: 1_762_078_272.5)
        #expect(page.records == [expected])
        #expect(page.faults == [:])
        #expect(page.itemCount == 1 && page.faultyItems == 0 && page.nextPageToken == nil)
        #expect(expected.isFinal && expected.isActive)
    }

    @Test("tells nothing of what is missing")
    func missingMembers() throws {
        var expected = CatalogRecord(
            .huggingFace, "a/b-c_d", title: "b c d", url: "https://huggingface.co/datasets/a/b-c_d")
        #expect(try record("") == expected)
        expected.description = ""
        #expect(try record(#""description":null,"cardData":null,"likes":null,"tags":null"#) == expected)
    }

    @Test("asks for what it reads")
    func target() {
        let target = HuggingFace.listingTarget(limit: 500, order: .lastModified)
        #expect(target.hasPrefix("/api/datasets?sort=lastModified&limit=500&expand=cardData&expand=createdAt&"))
        #expect(!target.contains("direction") && !target.contains("full") && !target.contains("expand=downloads&"))
        let asked = Set(target.split(separator: "&").filter { $0.hasPrefix("expand=") }.map { $0.dropFirst(7) })
        let read: Set<Substring> = [
            "cardData", "createdAt", "description", "disabled", "downloadsAllTime", "gated", "lastModified", "likes",
            "private", "tags", "usedStorage",
        ]
        #expect(asked == read)
    }

    // MARK: - Values

    @Test(
        "takes the title from the card, else from the id",
        arguments: [
            (#""cardData":{"pretty_name":"Cats"}"#, "Cats"), (#""cardData":{"pretty_name":null}"#, "b c d"),
            (#""cardData":{"pretty_name":" \n"}"#, "b c d"), (#""cardData":{"pretty_name":2024}"#, "2024"),
            (#""cardData":{"pretty_name":["x"]}"#, "b c d"), (#""cardData":"x""#, "b c d"),
            (#""cardData":[]"#, "b c d"),
        ])
    func title(members: String, title: String) throws {
        #expect(try record(members).title == title)
    }

    @Test("takes the title from an id without an owner, or of nothing but dashes")
    func titleOfID() throws {
        let records = try page(#"{"id":"glue"}"#, #"{"id":"a/--"}"#).records
        #expect(records.map(\.title) == ["glue", "--"])
        #expect(records.map(\.url).first == "https://huggingface.co/datasets/glue")
    }

    @Test(
        "takes the teaser, else the card's description",
        arguments: [
            (#""description":"a","cardData":{"description":"b"}"#, "a"),
            (#""description":" ","cardData":{"description":"b"}"#, "b"), (#""cardData":{"description":"b"}"#, "b"),
            (#""description":null,"cardData":{"description":"b"}"#, "b"), (#""description":"<!-- x -->""#, ""),
            (#""description":["a"]"#, ""), (#""cardData":{}"#, nil),
        ] as [(String, String?)])
    func description(members: String, description: String?) throws {
        #expect(try record(members).description == description)
    }

    @Test(
        "takes the licence from the card, a text or a list, else from the tags",
        arguments: [
            (#""cardData":{"license":"mit"},"tags":["license:x"]"#, "mit"),
            (#""cardData":{"license":["a",1,"b"]}"#, "a, b"),
            (#""cardData":{"license":[]},"tags":["x","license:mit"]"#, "mit"), (#""tags":["license:mit"]"#, "mit"),
            (#""cardData":{},"tags":[]"#, ""), (#""cardData":{"license":null}"#, ""), ("\"likes\":1", nil),
        ] as [(String, String?)])
    func license(members: String, license: String?) throws {
        #expect(try record(members).license == license)
    }

    @Test("keeps at most 64 tags of at most 100 characters, each once")
    func tags() throws {
        let long = [String(repeating: "数", count: 100), String(repeating: "x", count: 101)]
        let tags = (long + ["t1", "", " t1"] + (1...99).map { "t\($0)" }).map { "\"\($0)\"" }.joined(separator: ",")
        let expected = [long[0]] + (1...63).map { "t\($0)" }
        #expect(try record("\"tags\":[\(tags)]").tags == expected)
        #expect(try record("\"gated\":\"manual\",\"tags\":[\(tags)]").tags == ["gated"] + expected.dropLast())
    }

    @Test(
        "marks those that have to be asked for",
        arguments: [
            ("false", []), ("null", []), ("\"auto\"", ["gated"]), ("\"manual\"", ["gated"]), ("true", ["gated"]),
        ])
    func gated(value: String, tags: [String]) throws {
        #expect(try record("\"tags\":[],\"gated\":\(value)").tags == tags)
        #expect(try record("\"tags\":[],\"gated\":\(value)").isActive)
        #expect(try record("\"gated\":\(value)").tags == nil)
    }

    @Test(
        "is active unless private or disabled",
        arguments: [
            ("\"private\":true", false), ("\"disabled\":true", false), ("\"private\":false,\"disabled\":false", true),
        ])
    func isActive(members: String, isActive: Bool) throws {
        #expect(try record(members).isActive == isActive)
    }

    @Test("does not believe the date that all old repositories say")
    func standInCreation() throws {
        #expect(try record(#""createdAt":"2022-03-02T23:29:04.000Z""#).created == nil)
        #expect(try record(#""createdAt":"2022-03-02T23:29:05.000Z""#).created != nil)
        #expect(try page(#"{"id":"a","createdAt":"2022-03-02T23:29:04.000Z"}"#).faults == [:])
    }

    // MARK: - Bad items

    @Test(
        "loses only an item that is bad itself",
        arguments: [
            ("{}", "item_without_id"), (#"{"id":null}"#, "item_without_id"), (#"{"id":["a"]}"#, "item_without_id"),
            ("[]", "item_malformed"), ("null", "item_malformed"), ("7", "item_malformed"),
            (#"{"id" "a"}"#, "item_malformed"),
            (#"{"id":"a" "b"}"#, "item_malformed"), ("tru", "item_malformed"), (#"{"id":"\x"}"#, "item_without_id"),
            (#"{"id":"a/b/c"}"#, "id"), (#"{"id":""}"#, "id"), (#"{"id":"a/"}"#, "id"), (#"{"id":"/a"}"#, "id"),
            (#"{"id":"../a"}"#, "id"), (#"{"id":"a..b"}"#, "id"), (#"{"id":"./a"}"#, "id"), (#"{"id":"a b"}"#, "id"),
            (#"{"id":"a\u0000"}"#, "id"), (#"{"id":"a\u200b"}"#, "id"), (#"{"id":"a\u00a0"}"#, "id"),
            (#"{"id":"a\n"}"#, "id"),
        ])
    func badItem(item: String, code: String) throws {
        let page = try page(#"{"id":"a"}"#, item, #"{"id":"b"}"#)
        #expect(page.records.map(\.reference) == ["a", "b"])
        #expect(page.faults == [code: 1])
        #expect(page.itemCount == 3 && page.faultyItems == 1)
        #expect(page.firstFaulty.map(\.code) == [code])
    }

    @Test("takes ids of 200 characters, and names those of bad items within 200")
    func longID() throws {
        let page = try page(
            "{\"id\":\"\(String(repeating: "a", count: 201))\"}", "{\"id\":\"\(String(repeating: "ä", count: 200))\"}")
        #expect(page.records.map(\.url.utf8.count) == ["https://huggingface.co/datasets/".utf8.count + 200 * 6])
        #expect(page.records[0].url.hasSuffix("%C3%A4%C3%A4"))
        #expect(page.firstFaulty.map(\.reference) == [String(repeating: "a", count: 200)])
    }

    @Test("encodes what could be taken for a query or a fragment")
    func encodedURL() throws {
        #expect(
            try page(#"{"id":"a/b?c#d%e\"f"}"#).records[0].url == "https://huggingface.co/datasets/a/b%3Fc%23d%25e%22f")
    }

    @Test("says that the format has changed if over a fifth of at least 20 items is bad")
    func formatChange() throws {
        let page = { (bad: Int, all: Int) in
            let items = (0..<all).map { $0 < bad ? "{\"name\":1}" : "{\"id\":\"a\($0)\"}" }.joined(separator: ",")
            return try HuggingFace.page(Array("[\(items)]".utf8), now: decodingTime)
        }
        for (bad, all, isChanged) in [
            (0, 20, false), (1, 20, false), (4, 20, false), (5, 20, true), (20, 20, true), (19, 19, false),
            (20, 100, false),
            (21, 100, true), (0, 0, false),
        ] {
            let page = try page(bad, all)
            #expect(page.isFormatChanged == isChanged, "\(bad) of \(all)")
            #expect(page.records.count == all - bad && page.faultyItems == bad)
            #expect(page.firstFaulty.count == min(bad, 10))
        }
    }

    @Test("keeps an item whose texts have halves of surrogate pairs or bytes that are no UTF-8")
    func damagedTexts() throws {
        let texts = [
            (#"a\ud83d"#, "a\u{FFFD}"), (#"\ude00b"#, "\u{FFFD}b"), (#"\ud83d\ud83d\ude00"#, "\u{FFFD}\u{1F600}"),
            (#"\ud83d\n"#, "\u{FFFD}"), (#"\\ud83d"#, #"\ud83d"#), (#"\uD83D\uDE00"#, "\u{1F600}"),
            (#"\ud83dx"#, "\u{FFFD}x"),
        ]
        for (text, expected) in texts {
            #expect(try record("\"description\":\"\(text)\"").description == expected)
        }
        var body = Array(#"[{"id":"a","description":"x?y"}]"#.utf8)
        body[try #require(body.firstIndex(of: UInt8(ascii: "?")))] = 0xFF
        #expect(try HuggingFace.page(body, now: decodingTime).records[0].description == "x\u{FFFD}y")
    }

    @Test("takes an item of 2 MB and loses a larger one")
    func largeItem() throws {
        let item = { (count: Int) in "{\"id\":\"a\",\"x\":\"\(String(repeating: "x", count: count - 17))\"}" }
        #expect(item(100).utf8.count == 100)
        #expect(try page(item(2 << 20)).records.count == 1)
        let halves = String(repeating: #"\ud800"#, count: 300_000)
        #expect(try page("{\"id\":\"a\",\"description\":\"\(halves)\"}").records.map(\.description?.count) == [100_000])
        #expect(try page(item(2 << 20 + 1)).faults == ["item_malformed": 1])
    }
}
