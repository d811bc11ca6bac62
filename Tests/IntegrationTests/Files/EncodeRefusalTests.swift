import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// What may go wrong with the files; the toy model does for it.
@Suite("embedding-job encode, as a writer of files,")
struct EncodeRefusalTests {
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
    }

    private func encode(_ input: String, to output: String) async throws -> BuiltExecutable.Outcome {
        try await job.run(
            ["encode", "--model", Fixtures.toyModel, "--input", "-", "--output", output], input: Data(input.utf8))
    }

    @Test(
        "refuses an output whose extension names no format",
        arguments: ["vectors.txt", "vectors", "vectors.npy.gz", ".npy", "vectors.NPY"])
    func unknownFormat(output: String) async throws {
        let outcome = try await encode("{\"text\":\"sea\"}\n", to: output)
        #expect(outcome.exitStatus == 65)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.standardError.contains("\(output): the output is .npy or .jsonl by its extension"))
        #expect(try job.files().isEmpty)
    }

    @Test(
        "looks at what it reads and writes before it looks at the model",
        arguments: [
            (["encode", "--input", "-", "--output", "vectors.txt"], "vectors.txt: the output is .npy or .jsonl"),
            (["encode", "--input", "absent.jsonl", "--output", "vectors.npy"], "absent.jsonl cannot be read"),
            (["tokenize", "--input", "absent.jsonl"], "absent.jsonl cannot be read"),
            (["bench", "--input", "absent.jsonl"], "absent.jsonl cannot be read"),
        ])
    func order(arguments: [String], mention: String) async throws {
        let outcome = try await job.run(arguments + ["--model", "/absent"])
        #expect(outcome.exitStatus == 65)
        #expect(outcome.errorLines.count == 1 && outcome.standardError.contains(mention))
        #expect(try job.files().isEmpty)
    }

    @Test("names an output folder that does not exist")
    func absentFolder() async throws {
        let outcome = try await encode("{\"text\":\"sea\"}\n", to: "absent/vectors.npy")
        #expect(outcome.exitStatus == 65)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.standardError.contains("absent/vectors.npy cannot be written: No such file or directory"))
    }

    @Test("leaves a folder alone that has the name of the output")
    func folderInTheWay() async throws {
        let folder = job.folder.appending(path: "vectors.npy")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try job.write("precious", to: "vectors.npy/file")
        let outcome = try await encode("{\"text\":\"sea\"}\n", to: "vectors.npy")
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("vectors.npy cannot be written: it is a folder"))
        #expect(try job.read("vectors.npy/file") == Data("precious".utf8))
        #expect(try job.files() == ["vectors.npy"])
    }

    @Test(
        "leaves no output and no remnant when the last line is malformed", arguments: ["vectors.npy", "vectors.jsonl"])
    func malformedLine(output: String) async throws {
        let outcome = try await encode("{\"text\":\"sea\"}\n{\"text\":\n", to: output)
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("standard input, line 2: it is not valid JSON"))
        #expect(try job.files().isEmpty)
    }

    @Test("prints the vectors of the lines before a malformed one on standard output, and none after it")
    func malformedLineToPipe() async throws {
        let outcome = try await encode("{\"text\":\"sea\"}\n{\"text\":\n{\"text\":\"ice\"}\n", to: "-")
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains("standard input, line 2: it is not valid JSON"))
        #expect(outcome.outputLines.count == 1)
        #expect(outcome.output.hasPrefix("{\"id\":1,"))
    }

    @Test("leaves the output of an earlier run as it was", arguments: ["a malformed line", "a corrupt model"])
    func existingOutput(failure: String) async throws {
        try job.write("earlier", to: "vectors.npy")
        let isLine = failure == "a malformed line"
        let model = try isLine ? Fixtures.toyModel : ToyModel(in: job, named: "corrupt", .truncatedWeights).path
        let outcome = try await job.run(
            ["encode", "--model", model, "--input", "-", "--output", "vectors.npy"],
            input: Data((isLine ? "{" : "{\"text\":\"sea\"}").utf8))
        #expect(outcome.exitStatus == (isLine ? 65 : 78))
        #expect(try job.read("vectors.npy") == Data("earlier".utf8))
        #expect(try job.files().filter { $0.hasPrefix("vectors") } == ["vectors.npy"])
    }

    @Test("puts a complete file in place of the earlier one, which stays whole for whoever reads it")
    func replacement() async throws {
        // The file is renamed into place: another link to the earlier file keeps the earlier bytes.
        try job.write("earlier", to: "vectors.npy")
        let link = job.folder.appending(path: "link")
        try FileManager.default.linkItem(at: job.folder.appending(path: "vectors.npy"), to: link)
        let outcome = try await encode("{\"text\":\"sea\"}\n", to: "vectors.npy")
        #expect(outcome.exitStatus == 0)
        #expect(try job.read("link") == Data("earlier".utf8))
        #expect(try NumPyArray(job.read("vectors.npy")).rows == 1)
    }
}
