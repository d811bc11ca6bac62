import ComputeTestSupport
import DatasetTable
import Foundation
import JobTestSupport
import Testing

@Suite("embedding-job bench")
struct BenchTests {
    /// What the JSON has to hold.
    private struct Report: Decodable {
        struct Result: Decodable {
            struct Spread: Decodable {
                let median, lowest, highest: Double
            }
            let batchSize: Int
            let rowsPerSecond, tokensPerSecond, gemmShare, processorSeconds: Spread
            let peakMemory: Int?
            let largestDifference: Double
        }
        let model, device, threads: String
        let texts, tokens: Int
        let results: [Result]

        init(json: String) throws {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            self = try decoder.decode(Self.self, from: Data(json.utf8))
        }
    }

    private static let input = (1...40).map { #"{"text":"sea ice and rain \#($0)"}"# }.joined(separator: "\n")

    private func bench(_ job: BuiltExecutable, _ arguments: [String] = []) async throws -> BuiltExecutable.Outcome {
        try job.write(Self.input, to: "texts.jsonl")
        let fixed = ["bench", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--repetitions", "2"]
        return try await job.run(fixed + arguments)
    }

    @Test("measures every batch size that is asked for, in this order")
    func measures() async throws {
        let outcome = try await bench(BuiltExecutable(), ["--batch-sizes", "16,1,64", "--json"])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        let report = try Report(json: outcome.output)
        #expect(report.results.map(\.batchSize) == [16, 1, 64])
        #expect(report.texts == 40 && report.tokens > 200)
        for result in report.results {
            let rates = result.rowsPerSecond
            #expect(0 < rates.lowest && rates.lowest <= rates.median && rates.median <= rates.highest)
            let tokensPerRow = Double(report.tokens) / Double(report.texts)
            #expect(abs(result.tokensPerSecond.median / rates.median - tokensPerRow) < 1e-6 * tokensPerRow)
            #expect(result.gemmShare.lowest > 0 && result.processorSeconds.lowest > 0)
            #expect(result.largestDifference <= 1e-6)
        }
    }

    @Test("prints a table that ends with the batch size it recommends, and draws what it measured")
    func table() async throws {
        let job = try BuiltExecutable()
        let outcome = try await bench(job, ["--batch-sizes", "4,8", "--chart", "chart.svg"])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        #expect(outcome.outputLines.count == 7)
        #expect(try /recommended: --batch-size (4|8)/.wholeMatch(in: #require(outcome.outputLines.last)) != nil)
        #expect(String(decoding: try job.read("chart.svg"), as: UTF8.self).hasPrefix("<svg "))
    }

    @Test("fails when a batch size has lost more of its share of the sgemm rate than it may")
    func baseline() async throws {
        let job = try BuiltExecutable()
        let first = try await bench(job, ["--batch-sizes", "8", "--json"])
        let share = try Report(json: first.output).results[0].gemmShare.median
        for (factor, status) in [(100.0, 65), (0.01, 0)] as [(Double, Int32)] {
            let baseline = first.output.replacing(/"gemm_share" : \{[^}]*\}/) { _ in
                #""gemm_share" : {"highest" : 1, "lowest" : 0, "median" : \#(factor * share)}"#
            }
            try job.write(baseline, to: "baseline.json")
            let outcome = try await bench(job, ["--batch-sizes", "8", "--baseline", "baseline.json"])
            #expect(outcome.exitStatus == status, "\(outcome.standardError)")
            #expect(outcome.standardError.contains("batch size 8 reaches") == (status == 65))
        }
    }

    @Test("refuses batch sizes that are none", arguments: ["", "0", "8,,16", "8,8", "many"])
    func batchSizes(argument: String) async throws {
        let outcome = try await bench(BuiltExecutable(), ["--batch-sizes", argument])
        #expect(outcome.exitStatus == 64)
        #expect(outcome.standardError.contains("--batch-sizes"))
    }

    @Test("names an input without texts and a baseline that is none")
    func refusals() async throws {
        let job = try BuiltExecutable()
        try job.write("\n", to: "empty.jsonl")
        let empty = try await job.run(["bench", "--model", Fixtures.toyModel, "--input", "empty.jsonl"])
        #expect(empty.exitStatus == 65 && empty.standardError.contains("empty.jsonl"))
        try job.write("{}", to: "baseline.json")
        for name in ["baseline.json", "absent.json"] {
            let baseline = try await bench(job, ["--baseline", name])
            #expect(baseline.exitStatus == 65)
            #expect(
                baseline.errorMessage
                    == "\(name) cannot be read, or is not what bench --json prints; name a file of that for --baseline")
        }
    }

    @Test(
        "refuses before it measures what it cannot write, or must not",
        arguments: [
            ("absent/chart.svg", "absent/chart.svg cannot be written: No such file or directory"),
            (".", ". cannot be written: it is a folder"), ("", " cannot be written: it names no file"),
            ("new/", "new/ cannot be written: it names no file"), (".env", ".env is a file that this command reads"),
            ("texts.jsonl", "texts.jsonl is a file that this command reads"),
            ("link.svg", "link.svg is a file that this command reads"),
            ("baseline.json", "baseline.json is a file that this command reads"),
        ])
    func chartRefusals(chart: String, message: String) async throws {
        let job = try BuiltExecutable()
        try job.write(Self.input, to: "texts.jsonl")
        let options = ["--batch-sizes", "8", "--repetitions", "1"]
        let first = try await bench(job, options + ["--json"])
        try job.write(first.output, to: "baseline.json")
        try job.write("EMBEDDING_THREADS=1\n", to: ".env")
        try FileManager.default.createSymbolicLink(
            atPath: job.folder.appending(path: "link.svg").path, withDestinationPath: "texts.jsonl")
        let outcome = try await bench(job, options + ["--baseline", "baseline.json", "--chart", chart])
        #expect(outcome.exitStatus == 65)
        #expect(outcome.standardError.contains(message), "\(outcome.standardError)")
        #expect(outcome.standardOutput.isEmpty, "nothing was measured")
        #expect(try String(decoding: job.read("texts.jsonl"), as: UTF8.self) == Self.input)
        #expect(try String(decoding: job.read("baseline.json"), as: UTF8.self) == first.output)
        #expect(try job.files() == [".env", "baseline.json", "link.svg", "texts.jsonl"])
    }

    @Test(
        "refuses to write over a file of the model", arguments: ["config.json", "vocab.txt", "1_Pooling/config.json"])
    func modelAsChart(file: String) async throws {
        let job = try BuiltExecutable()
        try FileManager.default.copyItem(
            atPath: Fixtures.toyModel, toPath: job.folder.appending(path: "toy").path)
        let before = try job.read("toy/\(file)")
        try job.write(Self.input, to: "texts.jsonl")
        let outcome = try await job.run([
            "bench", "--model", "./toy", "--input", "texts.jsonl", "--batch-sizes", "8", "--chart", "toy/\(file)",
        ])
        #expect(outcome.exitStatus == 65 && outcome.standardOutput.isEmpty)
        #expect(outcome.standardError.contains("toy/\(file) is a file that this command reads"))
        #expect(try job.read("toy/\(file)") == before)
    }

    @Test("refuses a baseline that cannot be compared, before it measures")
    func otherBaseline() async throws {
        let job = try BuiltExecutable()
        let first = try await bench(job, ["--batch-sizes", "8", "--json"])
        for (old, new, sizes, reason) in [
            ("\"model\" : \"toy\"", "\"model\" : \"other\"", "8", "it is of the model other, not of toy"),
            ("\"model\" : \"toy\"", "\"model\" : \"toy\"", "4,8,16", "it lacks batch sizes 4, 16"),
            ("\"texts\" : 40", "\"texts\" : 41", "8", "it is of 41 texts"),
        ] {
            try #require(first.output.contains(old))
            try job.write(first.output.replacing(old, with: new), to: "baseline.json")
            let outcome = try await bench(job, ["--batch-sizes", sizes, "--baseline", "baseline.json"])
            #expect(outcome.exitStatus == 65)
            #expect(outcome.standardError.contains("baseline.json cannot be compared with: \(reason)"))
            #expect(outcome.standardOutput.isEmpty)
        }
    }

    @Test("recommends nothing for a model whose vectors are not finite, and names the line")
    func notFinite() async throws {
        let job = try BuiltExecutable()
        let model = try ToyModel(withOverflowIn: job, named: "overflow")
        try job.write("\n{\"text\":\"sea\"}\n", to: "texts.jsonl")
        let outcome = try await job.run([
            "bench", "--model", model.path, "--input", "texts.jsonl", "--batch-sizes", "1", "--chart", "chart.svg",
        ])
        #expect(outcome.exitStatus == 70)
        #expect(outcome.standardError.contains("texts.jsonl, line 2: the vector of this text is not finite"))
        #expect(outcome.standardOutput.isEmpty)
        #expect(try job.files() == ["overflow", "texts.jsonl"])
    }
}
