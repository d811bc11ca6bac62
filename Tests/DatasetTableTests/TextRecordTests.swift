import DatasetTable
import Testing

@Suite("A record of a text")
struct TextRecordTests {
    private func record(_ json: String) throws(TextRecordError) -> TextRecord {
        try TextRecord(json: Array(json.utf8)[...])
    }

    @Test(
        "counts the last of several members with one name, as Python's json does",
        arguments: [
            (#"{"text":"a","text":"b"}"#, "b"), (#"{"text":1,"text":"b"}"#, "b"),
            (#"{"t\u0065xt":"a","text":"b"}"#, "b"),
            (#"{"text":"a","\u0074ext":"b"}"#, "b"), (#"{"title":"a","text":"x","text":null,"title":"b"}"#, "b b"),
        ])
    func lastMember(json: String, text: String) throws {
        #expect(try record(json).text == text)
    }

    @Test("has no text where the last member is null, and is refused where it is none")
    func lastMemberIsNone() throws {
        #expect(try record(#"{"text":"a","text":null}"#).text == nil)
        #expect(try record(#"{"id":1,"text":"a","id":null}"#).id == nil)
        #expect(throws: TextRecordError.wrongType(member: "text", expected: "a string")) {
            try record(#"{"text":"a","text":1}"#)
        }
    }

    @Test(
        "reads escapes as the standard has them, half of a surrogate pair as U+FFFD",
        arguments: [
            (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t", 0), (#"\u00e9\u6771\u0000"#, "é東\u{0}", 0),
            (#"\ud83d\ude00\uD83D\uDE00"#, "😀😀", 0), (#"\ud83d"#, "\u{FFFD}", 1), (#"\ude00a"#, "\u{FFFD}a", 1),
            (#"\ud83d\u0041"#, "\u{FFFD}A", 1), (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀", 1),
            (#"\ude00\ud83d"#, "\u{FFFD}\u{FFFD}", 2), (#"\ud83d\n"#, "\u{FFFD}\n", 1),
        ])
    func escapes(escaped: String, text: String, halves: Int) throws {
        let record = try record("{\"text\":\"\(escaped)\"}")
        #expect(record.text == text)
        #expect(record.replacedHalves == halves)
    }

    @Test(
        "refuses what is no JSON, wherever it stands",
        arguments: [
            "", "{", "{}}", "{\"text\"}", "{\"text\":}", "{\"text\":\"a\",}", "{,}", "{\"a\" \"b\"}", "{'text':'a'}",
            #"{"text":"\x"}"#, #"{"text":"\u12"}"#, #"{"text":"\u+123"}"#, #"{"text":"\ud83d\u"}"#,
            "{\"text\":\"a\u{1}\"}",
            "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":{\"b\":}}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}",
            "{\"a\":+1}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":truth}", "{\"a\":nul}", "{\"text\":\"a\"", "// {}",
        ])
    func notJSON(json: String) {
        #expect(throws: TextRecordError.notJSON) { try record(json) }
    }

    @Test("takes every kind of value where it means nothing")
    func otherMembers() throws {
        let json = #" {"a":[ ],"b":{ "text":"x" , "c":[1,-0.5e+3,true,false,null,"\ud800"]},"d":-0,"text":"t"} "#
        #expect(try record(json).text == "t")
        #expect(try record(json).replacedHalves == 0)
        let deep = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
        #expect(try record("{\"a\":\(deep),\"text\":\"t\"}").text == "t")
        #expect(throws: TextRecordError.tooDeep) {
            try record("{\"a\":\(String(repeating: "[", count: 1_000_000))")
        }
    }

    @Test("is an object", arguments: ["[]", "\"text\"", "1", "null", "[{\"text\":\"a\"}]"])
    func notObject(json: String) {
        #expect(throws: TextRecordError.notObject) { try record(json) }
    }

    @Test("is UTF-8, with or without a byte order mark")
    func encoding() throws {
        #expect(throws: TextRecordError.notUTF8) { try TextRecord(json: [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]) }
        #expect(throws: TextRecordError.notUTF8) { try TextRecord(json: [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]) }
        #expect(try record("\u{FEFF}{\"text\":\"é\"}").text == "é")
    }
}
