import ComputeTestSupport
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("embedding-job encode", .requiresWeights)
struct EncodeTests {
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
    }

    private func encode(_ arguments: [String], input: String) async throws -> BuiltExecutable.Outcome {
        try await job.run(["encode", "--model", Fixtures.realModel] + arguments, input: Data(input.utf8))
    }

    /// One line of JSON output.
    private struct Line: Decodable {
        enum Identifier: Decodable, Equatable {
            case number(Int)
            case text(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                let number = try? container.decode(Int.self)
                self = if let number { .number(number) } else { .text(try container.decode(String.self)) }
            }
        }

        let id: Identifier
        let embedding: [Float]
    }

    private func lines(of data: Data) throws -> [Line] {
        try data.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Line.self, from: $0) }
    }

    @Test("gives the reference's vectors, in the order of the texts, as .npy")
    func goldens() async throws {
        let sentences = try Goldens.sentences()
        try #require(sentences.count > 100)
        let input = try sentences.map {
            String(decoding: try JSONEncoder().encode(["id": $0.id, "text": $0.text]), as: UTF8.self) + "\n"
        }
        // A batch size that divides neither the number of texts nor the default.
        let outcome = try await encode(
            ["--input", "-", "--output", "vectors.npy", "--batch-size", "17"], input: input.joined())
        #expect(outcome.exitStatus == 0)
        #expect(outcome.standardOutput.isEmpty)
        #expect(try job.files() == ["vectors.npy"])

        let vectors = try NumPyArray(job.read("vectors.npy"))
        try #require(vectors.rows == sentences.count)
        try #require(vectors.columns == Goldens.dimension)
        for (row, sentence) in sentences.enumerated() {
            let difference = LargestDifference(vectors[row], sentence.vector)
            #expect(difference.value <= 1e-5, "\(sentence.id): \(difference)")
        }
    }

    @Test("writes the same vectors as JSON lines, with each text's id or the number of its line")
    func jsonLines() async throws {
        let input = #"""
            {"text":"sea","id":"a \"quoted\" key, ключ"}
            {"text":"ice","id":-7}

            {"text":"rain"}
            {"text":"wind","id":null}
            {"id":9007199254740993,"title":"sea","description":"ice"}

            """#
        let toFile = try await encode(["--input", "-", "--output", "vectors.jsonl", "--batch-size", "2"], input: input)
        #expect(toFile.exitStatus == 0)
        #expect(toFile.standardOutput.isEmpty)
        let lines = try lines(of: job.read("vectors.jsonl"))
        #expect(
            lines.map(\.id) == [
                .text("a \"quoted\" key, ключ"), .number(-7), .number(4), .number(5), .number(9_007_199_254_740_993),
            ])
        let toPipe = try await encode(["--input", "-", "--output", "-", "--batch-size", "2"], input: input)
        #expect(toPipe.exitStatus == 0)
        #expect(toPipe.standardOutput == (try job.read("vectors.jsonl")))

        _ = try await encode(["--input", "-", "--output", "vectors.npy"], input: input)
        let matrix = try NumPyArray(job.read("vectors.npy"))
        try #require(matrix.rows == lines.count)
        for (row, line) in lines.enumerated() {
            #expect(LargestDifference(line.embedding, matrix[row]).value <= 1e-6, "row \(row)")
        }
    }

    @Test("reads and writes the files that the environment names, and replaces the output that is there")
    func files() async throws {
        try job.write("{\"text\":\"sea\"}\n", to: "texts.jsonl")
        try job.write(String(repeating: "old", count: 10_000), to: "vectors.npy")
        let outcome = try await job.run(
            ["encode"],
            environment: [
                "EMBEDDING_MODEL": Fixtures.realModel, "EMBEDDING_INPUT": "texts.jsonl",
                "EMBEDDING_OUTPUT": "vectors.npy",
            ])
        #expect(outcome.exitStatus == 0)
        #expect(try NumPyArray(job.read("vectors.npy")).rows == 1)
        #expect(try job.files() == ["texts.jsonl", "vectors.npy"])
    }

    @Test("makes an empty matrix of the model's width, or an empty file, of no texts")
    func nothing() async throws {
        let matrix = try await encode(["--input", "-", "--output", "vectors.npy"], input: "\n")
        #expect(matrix.exitStatus == 0)
        let vectors = try NumPyArray(job.read("vectors.npy"))
        #expect(vectors.rows == 0)
        #expect(vectors.columns == Goldens.dimension)
        let lines = try await encode(["--input", "-", "--output", "vectors.jsonl"], input: "")
        #expect(lines.exitStatus == 0)
        #expect(try job.read("vectors.jsonl").isEmpty)
    }

    @Test("reports in one line of JSON, and draws no progress bar, where standard error is no terminal")
    func log() async throws {
        // Long enough for a bar, which comes after two seconds, on a machine of the slower kind.
        let line = "{\"text\":\"\(String(repeating: "sea ice ", count: 200))\"}\n"
        let outcome = try await encode(
            ["--input", "-", "--output", "-", "--batch-size", "5", "--threads", "1"],
            input: String(repeating: line, count: 30))
        #expect(outcome.exitStatus == 0)
        #expect(outcome.outputLines.count == 30)
        #expect(!outcome.standardError.contains("\r"))
        #expect(outcome.errorLines.count == 1)
        let record = try JSONDecoder().decode([String: String].self, from: Data(outcome.standardError.utf8))
        #expect(record["message"] == "encoded")
        #expect(record["texts"] == "30")
        #expect(record["tokens"] == "7680")
    }

    @Test(
        "reports in words on a terminal", .enabled(if: BuiltExecutable.hasPseudoTerminal, "needs script of util-linux"))
    func logOnTerminal() async throws {
        try job.write("{\"text\":\"sea\"}\n", to: "texts.jsonl")
        let outcome = try await job.run(
            ["encode", "--model", Fixtures.realModel, "--input", "texts.jsonl", "--output", "vectors.npy"],
            onTerminal: true)
        #expect(outcome.exitStatus == 0)
        #expect(outcome.output.hasPrefix("encoded · device=cpu"))
        #expect(outcome.output.contains(" texts=1 "))
        #expect(outcome.outputLines.count == 1)
    }
}
