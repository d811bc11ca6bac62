import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// What a file of texts may hold, and how much of it; the toy model does for it.
@Suite("embedding-job encode, as a reader of files,")
struct EncodeInputTests {
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
    }

    private func encode(_ input: Data) async throws -> BuiltExecutable.Outcome {
        try await job.run(["encode", "--model", Fixtures.toyModel, "--input", "-", "--output", "-"], input: input)
    }

    @Test("needs no more memory for 160 MB of texts than for 32", .timeLimit(.minutes(30)))
    func streams() async throws {
        let writer = try job.makePipe("texts.jsonl")
        let run = try job.start(
            ["encode", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--output", "vectors.npy"])
        let texts = String(repeating: "sea ice ", count: 12_500)
        let lines = Data(String(repeating: "{\"text\":\"\(texts)\"}\n", count: 10).utf8)
        func feed(megabytes: Int) async throws {
            try await Task.detached { for _ in 0..<megabytes { try writer.write(contentsOf: lines) } }.value
        }
        try await feed(megabytes: 32)
        let usual = try #require(run.peakMemory)
        try await feed(megabytes: 128)
        let large = try #require(run.peakMemory)
        #expect(large < usual + 16 << 20, "\(usual >> 20) MiB, then \(large >> 20) MiB")
        try writer.close()
        let outcome = try await run.outcome()
        #expect(outcome.exitStatus == 0)
        #expect(outcome.standardError.contains("\"texts\":\"1600\""))
        #expect(try NumPyArray(job.read("vectors.npy")).rows == 1600)
    }

    @Test("refuses a line of more than 16 MiB by its number, and takes one of 15 MiB")
    func longLine() async throws {
        func line(megabytes: Int) -> String { "{\"text\":\"\(String(repeating: "a", count: megabytes << 20))\"}\n" }
        let outcome = try await encode(Data((line(megabytes: 15) + line(megabytes: 17)).utf8))
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("standard input, line 2: it is longer than 16 MiB"))
        #expect(outcome.outputLines.count == 1)
    }

    @Test("refuses an endless line without reading to its end")
    func endlessLine() async throws {
        let shell = ["/bin/sh", "-c", "exec \"$@\" < /dev/zero", "sh"]
        let outcome = try await job.start(
            ["tokenize", "--model", Fixtures.toyModel, "--input", "-"], launcher: shell
        ).outcome(within: .seconds(60))
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("standard input, line 1: it is longer than 16 MiB"))
    }

    @Test("reads half of a surrogate pair as U+FFFD, and says how many there were")
    func halfSurrogates() async throws {
        let lines = [
            #"{"text":"a \ud83d b"}"#, #"{"title":"\ude00","description":"\ud83d\ud83d\ude00 \udE00\uD83D"}"#,
            #"{"text":"\ud83d\ude00 is whole"}"#, #"{"tags":"\ud83d","text":"a"}"#,
        ]
        let outcome = try await encode(Data(lines.joined(separator: "\n").utf8))
        #expect(outcome.exitStatus == 0)
        #expect(outcome.outputLines.count == 4)
        let warning = try #require(outcome.errorLines.first { $0.contains("U+FFFD") })
        #expect(warning.contains("\"count\":\"5\"") && warning.contains("standard input"))
        let whole = try await encode(Data(lines[2].utf8))
        #expect(!whole.standardError.contains("U+FFFD"))
    }

    @Test(
        "gives ids back as they came",
        arguments: [
            "123456789012345678901234567890", "-9223372036854775809", "-0", #""""#, #""a\/b é\n""#, #""\ud800""#,
        ])
    func identifiers(id: String) async throws {
        let outcome = try await encode(Data("{\"text\":\"a\",\"id\":\(id)}".utf8))
        #expect(outcome.exitStatus == 0)
        #expect(outcome.output.hasPrefix("{\"id\":\(id),\"embedding\":["))
    }

    @Test(
        "refuses an id that is nearly a whole number, and one that is longer than any key",
        arguments: [
            ("1.0", "id is not a string or a whole number"), ("1e3", "id is not a string or a whole number"),
            ("true", "id is not a string or a whole number"), ("01", "it is not valid JSON"),
            ("\"\(String(repeating: "x", count: 5000))\"", "its id is longer than 4096 bytes"),
        ])
    func badIdentifiers(id: String, reason: String) async throws {
        let outcome = try await encode(Data("{\"text\":\"a\",\"id\":\(id)}".utf8))
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("standard input, line 1: \(reason)"))
    }

    @Test("names the line whose vector is not finite, and writes it nowhere", arguments: ["v.npy", "v.jsonl", "-"])
    func notFinite(output: String) async throws {
        let model = try ToyModel(withOverflowIn: job, named: "overflow")
        let outcome = try await job.run(
            ["encode", "--model", model.path, "--input", "-", "--output", output],
            input: Data("\n{\"text\":\"sea\"}\n".utf8))
        #expect(outcome.exitStatus == 70)
        #expect(outcome.standardOutput.isEmpty)
        #expect(outcome.standardError.contains("standard input, line 2: the vector of this text is not finite"))
        #expect(try job.files() == ["overflow"])
    }
}
