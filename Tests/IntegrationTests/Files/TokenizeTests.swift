import ComputeTestSupport
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("embedding-job tokenize", .requiresWeights)
struct TokenizeTests {
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
    }

    /// Tokenizes the lines of a file.
    private func tokenize(_ lines: String) async throws -> BuiltExecutable.Outcome {
        try job.write(lines, to: "texts.jsonl")
        return try await job.run(["tokenize", "--model", Fixtures.realModel, "--input", "texts.jsonl"])
    }

    @Test("prints the reference's ids and truncation, from a file and from standard input alike")
    func goldens() async throws {
        let cases = try Goldens.tokenizerCases()
        try #require(cases.count > 100)
        let encoder = JSONEncoder()
        let input = try cases.map { String(decoding: try encoder.encode(["text": $0.text]), as: UTF8.self) + "\n" }
            .joined()
        let expected = cases.map {
            "{\"ids\":[\($0.ids.map(String.init).joined(separator: ","))],\"truncated\":\($0.truncated)}"
        }
        let fromFile = try await tokenize(input)
        #expect(fromFile.exitStatus == 0)
        #expect(fromFile.standardError.isEmpty)
        #expect(fromFile.outputLines == expected)
        let fromPipe = try await job.run(
            ["tokenize", "--model", Fixtures.realModel, "--input", "-"], input: Data(input.utf8))
        #expect(fromPipe.exitStatus == 0)
        #expect(fromPipe.standardOutput == fromFile.standardOutput)
    }

    @Test(
        "reads every form of a line that JSON allows",
        arguments: [
            ("a blank text", #"{"text":" \t"}"#, [101, 102]),
            ("an empty text", #"{"text":""}"#, [101, 102]),
            (
                "title and description: the title twice", #"{"title":"Sea","description":"ice"}"#,
                [101, 2712, 2712, 3256, 102]
            ),
            ("a title alone", #"{"title":"Sea","description":null}"#, [101, 2712, 2712, 102]),
            ("a description alone", #"{"title":" ","description":"ice"}"#, [101, 3256, 102]),
            ("text wins over title and description", #"{"title":"Sea","text":"ice"}"#, [101, 3256, 102]),
            ("keys that mean nothing here", #"{"text":"ice","tags":[{"a":null}]}"#, [101, 3256, 102]),
            ("an escaped NUL, which the tokenizer drops", #"{"text":"a\u0000b"}"#, [101, 11113, 102]),
            ("a surrogate pair", #"{"text":"\ud83d\ude00"}"#, [101, 100, 102]),
            ("the carriage return of a Windows file", "{\"text\":\"ice\"}\r", [101, 3256, 102]),
            ("the byte order mark of a Windows file", "\u{FEFF}{\"text\":\"ice\"}", [101, 3256, 102]),
            ("blanks around the object", "\t {\"text\" : \"ice\"} ", [101, 3256, 102]),
        ])
    func forms(name: String, line: String, ids: [Int]) async throws {
        let outcome = try await tokenize(line + "\n")
        #expect(outcome.exitStatus == 0)
        let list = ids.map(String.init).joined(separator: ",")
        #expect(outcome.output == "{\"ids\":[\(list)],\"truncated\":false}\n")
    }

    @Test(
        "refuses a malformed line by file and number, with the lines before it on standard output and none after",
        arguments: [
            ("half an object", #"{"text":"x""#, "it is not valid JSON"),
            ("something after the object", #"{"text":"x"} y"#, "it is not valid JSON"),
            ("no JSON at all", "ice", "it is not valid JSON"),
            ("an escape that ends early", #"{"text":"\ud8"}"#, "it is not valid JSON"),
            ("an array", #"["ice"]"#, "it is not a JSON object"),
            ("a string", #""ice""#, "it is not a JSON object"),
            ("none of the keys", #"{"id":1}"#, "it has neither text nor title or description"),
            ("a text that is null", #"{"text":null}"#, "it has neither text nor title or description"),
            ("a text that is a number", #"{"text":1}"#, "text is not a string"),
            ("a title that is a list", #"{"title":["x"]}"#, "title is not a string"),
            ("an id that is an object", #"{"text":"x","id":{}}"#, "id is not a string or a whole number"),
            ("an id that is a fraction", #"{"text":"x","id":1.5}"#, "id is not a string or a whole number"),
        ])
    func malformedLine(name: String, line: String, reason: String) async throws {
        let outcome = try await tokenize("{\"text\":\"ice\"}\n\n\(line)\n{\"text\":\"sea\"}\n")
        #expect(outcome.exitStatus == 65)
        #expect(outcome.output == "{\"ids\":[101,3256,102],\"truncated\":false}\n")
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.standardError.contains("texts.jsonl, line 3: \(reason)"))
    }

    @Test("refuses bytes that are not UTF-8")
    func invalidUTF8() async throws {
        let line = Data("{\"text\":\"".utf8) + [0xFF] + Data("\"}\n".utf8)
        let outcome = try await job.run(["tokenize", "--model", Fixtures.realModel, "--input", "-"], input: line)
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardOutput.isEmpty)
        #expect(outcome.standardError.contains("standard input, line 1: it is not valid JSON"))
    }

    @Test("prints nothing for a file without texts", arguments: ["", "\n", " \r\n\t\n"])
    func nothing(contents: String) async throws {
        let outcome = try await tokenize(contents)
        #expect(outcome.exitStatus == 0)
        #expect(outcome.standardOutput.isEmpty)
        #expect(outcome.standardError.isEmpty)
    }

    @Test("reads the last line without a line feed")
    func noFinalLineFeed() async throws {
        let outcome = try await tokenize("{\"text\":\"sea\"}\n{\"text\":\"ice\"}")
        #expect(outcome.outputLines.count == 2)
        #expect(outcome.outputLines.last == "{\"ids\":[101,3256,102],\"truncated\":false}")
    }

    @Test("cuts a text of a megabyte at the model's limit and says so")
    func longLine() async throws {
        let text = String(repeating: "ice ", count: 262_144)
        let outcome = try await tokenize("{\"text\":\"\(text)\"}\n")
        let ids = [101] + Array(repeating: 3256, count: 254) + [102]
        #expect(outcome.output == "{\"ids\":[\(ids.map(String.init).joined(separator: ","))],\"truncated\":true}\n")
    }

    @Test("names an input that cannot be read", arguments: [("absent.jsonl", "No such file"), (".", "Is a directory")])
    func unreadable(path: String, reason: String) async throws {
        let outcome = try await job.run(["tokenize", "--model", Fixtures.realModel, "--input", path])
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardOutput.isEmpty)
        #expect(outcome.standardError.contains("\(path) cannot be read: \(reason)"))
    }

    @Test("ends without a word, as filters do, when the reader of standard output has gone")
    func brokenPipe() async throws {
        let input = String(repeating: "{\"text\":\"ice\"}\n", count: 100)
        let outcome = try await job.run(
            ["tokenize", "--model", Fixtures.realModel, "--input", "-"], input: Data(input.utf8), output: .brokenPipe)
        #expect(outcome.signal == 13, "SIGPIPE")
        #expect(outcome.standardError.isEmpty)
    }
}
