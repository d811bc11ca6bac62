import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

@Suite("A model folder of today, seen through embedding-job")
struct ModelFolderCommandTests {
    private let job: BuiltExecutable
    private static let base = Fixtures.path("folders/base")

    init() throws {
        job = try BuiltExecutable()
        try FileManager.default.copyItem(at: URL(filePath: Self.base), to: job.folder.appending(path: "small"))
    }

    /// The ids of a text.
    private func ids(
        _ text: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> [Int] {
        struct Line: Decodable { let ids: [Int] }
        let input = try JSONEncoder().encode(["text": text])
        let outcome = try await job.run(
            ["tokenize", "--input", "-"] + arguments, environment: environment, input: input)
        try #require(outcome.exitStatus == 0, "\(outcome.standardError)")
        return try JSONDecoder().decode(Line.self, from: Data(outcome.output.utf8)).ids
    }

    @Test("a prompt comes from the flag, else from the environment, else from the folder")
    func prompt() async throws {
        let text = #"{"prompts": {"document": "sea "}}"#
        let (sea, ice, rain, river) = (5, 6, 7, 8)
        func between(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> [Int] {
            try await ids("river", ["--model", "./small"] + arguments, environment: environment).dropFirst().dropLast()
        }
        #expect(try await between([]) == [river])
        #expect(try await between(["--prompt", "ice "], ["EMBEDDING_PROMPT": "rain "]) == [ice, river])
        try job.write(text, to: "small/config_sentence_transformers.json")
        #expect(try await between([]) == [sea, river])
        #expect(try await between([], ["EMBEDDING_PROMPT": "rain "]) == [rain, river])
        #expect(try await between(["--prompt", ""], ["EMBEDDING_PROMPT": "rain "]) == [river])
        let outcome = try await job.run(["model", "--model", "./small"])
        #expect(outcome.outputLines.contains("prompt                    \"sea \""))
        #expect(outcome.outputLines.last == #"    prompt="sea ""#)
    }

    @Test("the working directory can be the model folder, and is called by its name")
    func workingDirectory() async throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.base) {
            try FileManager.default.copyItem(atPath: Self.base + "/" + file, toPath: job.folder.path + "/" + file)
        }
        for path in [".", "./", "small/.."] {
            let outcome = try await job.run(["model", "--model", path])
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(outcome.outputLines.first == "model                     \(job.folder.lastPathComponent)")
        }
    }

    @Test("encode writes as many components as truncate_dim leaves")
    func truncated() async throws {
        try job.write(#"{"truncate_dim": 12}"#, to: "small/config_sentence_transformers.json")
        try job.write("{\"text\":\"sea\"}\n", to: "texts.jsonl")
        let outcome = try await job.run(
            ["encode", "--model", "./small", "--input", "texts.jsonl", "--output", "vectors.npy"])
        #expect(outcome.exitStatus == 0)
        #expect(String(decoding: try job.read("vectors.npy").prefix(128), as: UTF8.self).contains("(1, 12)"))
        let model = try await job.run(["model", "--model", "./small"])
        for line in ["dimension                 12", "normalizes                false", "    truncate_dim=12"] {
            #expect(model.outputLines.contains(line))
        }
    }

    @Test("what is not computed ends with the status of a wrong configuration, the file and the key")
    func refusal() async throws {
        try job.write(#"{"max_seq_length": 16, "surprise": true}"#, to: "small/sentence_bert_config.json")
        let outcome = try await job.run(["model", "--model", "./small"])
        #expect(outcome.exitStatus == 78 && outcome.output.isEmpty)
        #expect(outcome.standardError.contains("small/sentence_bert_config.json: the key surprise is not known"))
    }

    @Test("random-model takes the dimensions that the product takes, and no others")
    func randomModel() async throws {
        let script = Fixtures.repositoryPath("Scripts/random-model")
        for (option, value, works) in [
            ("--dimension", "64", true), ("--dimension", "96", true), ("--dimension", "60", false),
            ("--dimension", "0", false), ("--dimension", "16016", false), ("--layers", "0", false),
        ] {
            let outcome = try await Script.run(
                script, [Self.base, "random\(value)", option, value], in: job.folder)
            #expect((outcome.status == 0) == works, "\(option) \(value): \(outcome.errors)")
            if works {
                let ids = try await ids("sea", ["--model", "./random\(value)"])
                #expect(ids == [2, 5, 3])
                let outcome = try await job.run(
                    ["encode", "--model", "./random\(value)", "--input", "-", "--output", "-"],
                    input: Data(#"{"text":"sea"}"#.utf8))
                #expect(outcome.exitStatus == 0 && outcome.outputLines.count == 1, "\(outcome.standardError)")
            }
        }
    }
}
