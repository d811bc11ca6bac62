import Catalog
import CatalogSources
import FoundationEssentials
import Testing

@Suite("Reading values leniently", .timeLimit(.minutes(30)))
struct LenientValueTests {
    private func page(_ members: String) throws -> SourcePage {
        try HuggingFace.page(Array("[{\"id\":\"a\",\(members)}]".utf8), now: decodingTime)
    }

    @Test(
        "takes a count as an integer, an integral float or digits",
        arguments: [
            ("0", 0), ("7", 7), ("7.0", 7), ("1e3", 1_000), ("\"42\"", 42), ("\"007\"", 7),
            ("9007199254740992", 1 << 53),
            ("9007199254740992.0", 1 << 53), ("-0", 0),
        ])
    func count(value: String, count: Int64) throws {
        let page = try page("\"likes\":\(value)")
        #expect(page.records.first?.likes == count)
        #expect(page.faults == [:])
    }

    @Test(
        "leaves out and counts what is no count",
        arguments: [
            "-1", "-1.0", "1.5", "9007199254740993", "9223372036854775808", "1e16", "1e400", "true", "[]", "{}", "\"\"",
            "\"-1\"",
            "\"1.5\"", "\"+1\"", "\"٣\"", "\"1 \"", "\"99999999999999999999\"",
        ])
    func noCount(value: String) throws {
        let page = try page("\"likes\":\(value),\"usedStorage\":5")
        #expect(page.records.first?.likes == nil)
        #expect(page.records.first?.byteCount == 5)
        #expect(page.faults == ["number": 1])
        #expect(page.faultyItems == 0)
    }

    @Test("leaves out null without counting it")
    func null() throws {
        let members = ["likes", "lastModified", "cardData", "tags", "private", "_id"].map { "\"\($0)\":null" }
        #expect(try page(members.joined(separator: ",")).faults == [:])
    }

    @Test("counts each value of a wrong type and keeps the item")
    func wrongTypes() throws {
        let page = try page(
            #"""
            "likes":"many","downloadsAllTime":[],"lastModified":7,"createdAt":"soon","cardData":"x","tags":{"a":1},
            "private":"no","_id":{}
            """#
        )
        #expect(page.faults == ["number": 2, "date": 2, "type": 4])
        #expect(
            page.records == [CatalogRecord(.huggingFace, "a", title: "a", url: "https://huggingface.co/datasets/a")])
    }

    @Test("takes an identifier of plain characters only", arguments: ["\"a b\"", "\"a\\u0000\"", "\"\"", "7", "\"é\""])
    func identifier(value: String) throws {
        #expect(try page("\"_id\":\"62-f_A\"").records.first?.upstreamID == "62-f_A")
        let page = try page("\"_id\":\(value)")
        #expect(page.records.map(\.upstreamID) == [nil] && page.faults == ["type": 1])
    }

    @Test(
        "reads times with any fraction and offset",
        arguments: [
            ("2025-11-02T10:11:12Z", 1_762_078_272), ("2025-11-02T10:11:12", 1_762_078_272),
            ("2025-11-02t10:11:12z", 1_762_078_272),
            ("2025-11-02 10:11:12", 1_762_078_272), ("2025-11-02T10:11:12.25Z", 1_762_078_272.25),
            ("2025-11-02T10:11:12.000000000", 1_762_078_272), ("2025-11-02T12:41:12.5+02:30", 1_762_078_272.5),
            ("2025-11-02T00:11:12-1000", 1_762_078_272), ("2000-01-01T00:00:00Z", 946_684_800),
            ("2000-02-29T00:00:00Z", 951_782_400),
            ("2024-12-31T23:59:60Z", 1_735_689_600), ("2026-01-02T00:00:00Z", 1_767_312_000),
            ("2025-11-02T10:11:12.Z", 1_762_078_272),
        ])
    func date(text: String, seconds: Double) throws {
        let page = try page("\"lastModified\":\"\(text)\"")
        #expect(page.records.first?.updated == Date(timeIntervalSince1970: seconds))
        #expect(page.faults == [:])
    }

    @Test(
        "leaves out and counts what is no time, lies before 2000 or over a day from now",
        arguments: [
            "", "2025", "2025-11-02", "2025-11-02T10:11", "2025-13-02T10:11:12Z", "2025-00-02T10:11:12Z",
            "2025-02-29T10:11:12Z",
            "2025-11-31T10:11:12Z", "2025-11-00T10:11:12Z", "2025-11-02T24:11:12Z", "2025-11-02T10:60:12Z",
            "2025-11-02T10:11:61Z",
            "2025-11-02T10:11:12.1234567891Z", "2025-11-02T10:11:12ZZ", "2025-11-02T10:11:12+2",
            "2025-11-02T10:11:12+24:00",
            "2025-11-02T10:11:12+02:60", "2025-11-02T10:11:12+02:00x", "+2025-11-02T10:11:12Z", "2025/11/02T10:11:12Z",
            "2025-11-02T10:11:12.é", "٢٠٢٥-11-02T10:11:12Z", "0001-01-01T00:00:00", "1999-12-31T23:59:59Z",
            "2026-01-02T00:00:01Z",
            "9999-12-31T23:59:59Z", "2025-1-2T10:11:12Z", " 2025-11-02T10:11:12Z", "0000-00-00T00:00:00Z",
        ])
    func noDate(text: String) throws {
        let page = try page("\"lastModified\":\"\(text)\"")
        #expect(page.records.first?.updated == nil)
        #expect(page.faults == ["date": 1])
    }

    @Test("agrees with a calendar on every day of a century")
    func calendar() throws {
        for day in 0..<36_525 where day % 7 == 0 || day % 1_461 < 70 {
            let expected = Date(timeIntervalSince1970: 946_684_800 + Double(day) * 86_400)
            let text = expected.formatted(.iso8601)
            let body = Array("[{\"id\":\"a\",\"lastModified\":\"\(text)\"}]".utf8)
            let page = try HuggingFace.page(body, now: expected)
            #expect(page.records.first?.updated == expected, "\(text)")
        }
    }
}

@Suite("Decoding damaged answers", .timeLimit(.minutes(30)))
struct DamagedAnswerTests {
    private static let bodies: [[UInt8]] = [
        "[\(HuggingFaceDecodingTests.wholeItem), \(HuggingFaceDecodingTests.wholeItem)]",
        "[\(KaggleDecodingTests.wholeView)]",
        "{\"datasets\":[\(KaggleDecodingTests.wholeView)],\"nextPageToken\":\"abc\"}", KaggleDecodingTests.wholeView,
    ].map { Array($0.utf8) }

    @Test("refuses every page that is cut short", arguments: 0..<3)
    func prefixes(index: Int) {
        let body = Self.bodies[index]
        for count in 0..<body.count {
            let prefix = Array(body.prefix(count))
            #expect(throws: SourceBodyError.notJSON) { try Kaggle.page(prefix, now: decodingTime) }
            #expect(throws: SourceBodyError.self) { try HuggingFace.page(prefix, now: decodingTime) }
            #expect(throws: SourceBodyError.notJSON) { try Kaggle.view(prefix, of: "a/b", now: decodingTime) }
        }
    }

    @Test("reads without harm whatever random bytes are wrong", arguments: 0..<4)
    func randomDamage(index: Int) {
        var random = SplitMix(state: UInt64(index))
        var outcomes: Set<String> = []
        for _ in 0..<3_000 {
            var body = Self.bodies[index]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<body.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: body[place] = UInt8.random(in: 0...255, using: &random)
                case 1: body[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: body.remove(at: place)
                default: body.insert(Array("\"\\[]{},:u0".utf8).randomElement(using: &random) ?? 0, at: place)
                }
            }
            outcomes.insert(outcome { try HuggingFace.page(body, now: decodingTime).records })
            outcomes.insert(outcome { try Kaggle.page(body, now: decodingTime).records })
            let view = { try Kaggle.view(body, of: "a/b", now: decodingTime) }
            outcomes.insert(outcome { try [view().record].compactMap(\.self) })
        }
        // Some damage is found and some is not.
        #expect(outcomes.isSuperset(of: ["notJSON", "records"]))
        #expect(!outcomes.contains("unbounded"))
    }

    private func outcome(_ records: () throws -> [CatalogRecord]) -> String {
        do {
            let records = try records()
            let isBounded = records.allSatisfy { record in
                let counts = [record.likes, record.downloads, record.views, record.byteCount].compactMap(\.self)
                return !record.title.isEmpty && counts.allSatisfy { 0...(1 << 53) ~= $0 }
                    && record.usability.map { 0...1 ~= $0 } != false && record.description?.contains("\0") != true
            }
            return records.isEmpty ? "none" : isBounded ? "records" : "unbounded"
        } catch {
            return "\(error as? SourceBodyError == .notJSON ? "notJSON" : "otherError")"
        }
    }
}
