import Catalog
import CatalogSources
import FoundationEssentials
import Testing

@Suite("Splitting an array into items", .timeLimit(.minutes(30)))
struct JSONItemsTests {
    private func items(_ body: String, member: String? = nil) throws -> [String] {
        try JSONItems(Array(body.utf8), member: member).items.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("gives each item as it was sent, without blanks around it")
    func items() throws {
        #expect(try items("[]") == [])
        #expect(try items(" [ \n] \t") == [])
        #expect(try items("[1]") == ["1"])
        #expect(
            try items("[ {\"a\": [1, 2]} , \"x,]\\\"}\\\\\", [[], {}],null ]\r\n")
                == ["{\"a\": [1, 2]}", "\"x,]\\\"}\\\\\"", "[[], {}]", "null"])
        #expect(try items("\u{FEFF}[true]") == ["true"])
    }

    @Test("finds the array in an object and keeps its other members")
    func member() throws {
        let body = "\u{FEFF} {\"n\" : \"t,}\", \"datasets\" : [ {}, {\"datasets\": []} ] , \"o\":{\"a\":1} } "
        let split = try JSONItems(Array(body.utf8), member: "datasets")
        #expect(split.items.map { String(decoding: $0, as: UTF8.self) } == ["{}", "{\"datasets\": []}"])
        #expect(split.members.mapValues { String(decoding: $0, as: UTF8.self) } == ["n": "\"t,}\"", "o": "{\"a\":1}"])
        #expect(try items("[1, 2]", member: "datasets") == ["1", "2"])
    }

    @Test(
        "leaves what is wrong within an item to the item",
        arguments: [
            ("[tru, 1]", ["tru", "1"]), ("[{\"a\" 1}, {}]", ["{\"a\" 1}", "{}"]), ("[1 2, 3]", ["1 2", "3"]),
        ])
    func wrongItem(body: String, expected: [String]) throws {
        #expect(try items(body) == expected)
    }

    @Test(
        "refuses what is no JSON",
        arguments: [
            "", " ", "[", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[1]]", "[1] x", "[1][2]", "[\"a]", "[\"a\\", "[{]",
            "[[1}]", "[[1}, 2]",
            "[{\"a\":1]}",
            "]", "x", "<html></html>", "null", "1", "\"[]\"", "{\"a\":1", "{\"a\":1}}", "{a:1}", "{\"a\"}",
            "{\"a\":}", "{\"a\":1,}",
            "{,}", "\u{FEFF}", "\u{FEFF}\u{FEFF}[]",
        ])
    func noJSON(body: String) {
        #expect(throws: SourceBodyError.notJSON) { try JSONItems(Array(body.utf8), member: "a") }
    }

    @Test(
        "refuses an object without the array",
        arguments: [
            "{}", "{\"a\":{}}", "{\"a\":null}", "{\"a\":\"[]\"}", "{\"b\":[]}", "{\"code\":200}", "{\"error\":null}",
        ])
    func otherShape(body: String) {
        #expect(throws: SourceBodyError.unexpectedShape) { try JSONItems(Array(body.utf8), member: "a") }
    }

    @Test(
        "knows an error in an answer of success, and its code",
        arguments: [
            ("{\"code\":429,\"message\":\"Too many\"}", 429), ("{\"code\": 404}", 404),
            ("{\"error\":\"Not found\"}", nil),
            ("{\"error\":{\"code\":429,\"message\":\"x\",\"status\":\"RESOURCE_EXHAUSTED\"}}", 429),
            ("{\"error\":[\"a\",\"b\"]}", nil),
            ("{\"errors\":[{\"message\":\"x\"}]}", nil), ("{\"a\":[],\"code\":500}", 500),
        ] as [(String, Int?)])
    func refusal(body: String, code: Int?) {
        #expect(throws: SourceBodyError.refused(code: code)) { try JSONItems(Array(body.utf8), member: "a") }
    }

    @Test("takes a million brackets without using up the stack")
    func deepNesting() throws {
        let depth = 1_000_000
        let item = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(try items("[\(item),1]").map(\.utf8.count) == [2 * depth, 1])
        #expect(throws: SourceBodyError.notJSON) { try items(String(repeating: "[", count: depth)) }
        let page = try HuggingFace.page(Array("[\(item)]".utf8), now: .now)
        #expect(page.faults == ["item_malformed": 1])
    }

    @Test("splits random arrays as a decoder of the whole does", arguments: 0..<200)
    func randomArrays(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let values = (0..<Int.random(in: 0...12, using: &random)).map { _ in RandomJSON.value(3, &random) }
        let blank = { [" ", "\n", "", "\t\r\n"].randomElement(using: &random) ?? "" }
        var body = "[" + blank()
        for (index, value) in values.enumerated() {
            body += (index == 0 ? "" : "," + blank()) + value + blank()
        }
        body += "]" + blank()
        let whole = try JSONDecoder().decode([JSONTree].self, from: Data(body.utf8))
        let split = try JSONItems(Array(body.utf8)).items
        #expect(try split.map { try JSONDecoder().decode(JSONTree.self, from: Data($0)) } == whole)
        #expect(split.count == values.count)
        let wrapped = "{\"t\": \(RandomJSON.value(2, &random)), \"a\":\(body)}"
        #expect(try JSONItems(Array(wrapped.utf8), member: "a").items.map(Array.init) == split.map(Array.init))
    }
}

/// Any JSON value.
private indirect enum JSONTree: Decodable, Equatable {
    case text(String)
    case number(Double)
    case flag(Bool)
    case null
    case list([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let list = try? value.decode([JSONTree].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONTree].self))
        }
    }
}

private enum RandomJSON {
    private static let scalars = [
        "null", "true", "-1.5e3", "0", "\"\"", "\"a,b]\"", "\"\\\"\"", "\"\\\\\"", "\"{[\\\\\\\"\"", "\"\\u005d\"",
        "\"ü数\"",
    ]

    static func value(_ depth: Int, _ random: inout SplitMix) -> String {
        switch depth == 0 ? 0 : Int.random(in: 0..<4, using: &random) {
        case 1:
            let items = (0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth - 1, &random) }
            return "[" + items.joined(separator: ", ") + "]"
        case 2:
            let members = (0..<Int.random(in: 0...3, using: &random)).map {
                "\"k}\($0)\" : " + value(depth - 1, &random)
            }
            return "{ " + members.joined(separator: ",") + "}"
        default: return scalars.randomElement(using: &random) ?? "null"
        }
    }
}

/// Random numbers that are the same at every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
