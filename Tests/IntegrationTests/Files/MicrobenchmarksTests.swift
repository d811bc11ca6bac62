import ComputeTestSupport
import DatasetTable
import Foundation
import JobTestSupport
import Testing

@Suite("microbenchmarks")
struct MicrobenchmarksTests {
    /// What the JSON has to hold.
    private struct Report: Decodable {
        struct Result: Decodable {
            struct Spread: Decodable {
                let median, lowest, highest: Double
            }
            let operation, unit: String
            let amount: Double
            let rate: Spread
            let gemmShare: Spread?
        }
        let repetitions: Int
        let gemmRate: Result.Spread?
        let results: [Result]
    }

    private func report(_ benchmarks: BuiltExecutable, _ arguments: [String]) async throws -> Report {
        let outcome = try await benchmarks.run(arguments + ["--repetitions", "1", "--json"])
        try #require(outcome.exitStatus == 0, "\(outcome.standardError)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: outcome.standardOutput)
    }

    @Test("measures the operations whose names match, arithmetic as a share of the sgemm rate")
    func filter() async throws {
        let report = try await report(BuiltExecutable("microbenchmarks"), ["--filter", "GELU"])
        #expect(report.repetitions == 1 && report.results.map(\.operation) == ["gelu"])
        let (result, gemm) = (try #require(report.results.first), try #require(report.gemmRate))
        let share = try #require(result.gemmShare)
        #expect(result.unit == "operations" && share.median > 0)
        #expect(abs(share.median * gemm.median / result.rate.median - 1) < 1e-9)
    }

    @Test("counts the bytes and tokens of the texts as the tokenizer gets them")
    func texts() async throws {
        let benchmarks = try BuiltExecutable("microbenchmarks")
        // Cut to three characters these are "é b" and "sea".
        try benchmarks.write(
            """
            {"text":"é book"}
            {"title":"sea ","description":"ice"}
            """, to: "texts.jsonl")
        let report = try await report(
            benchmarks,
            ["--filter", "texts cut", "--input", "texts.jsonl", "--cut", "3", "--model", Fixtures.toyModel])
        #expect(report.results.map(\.unit) == ["bytes", "tokens"])
        #expect(report.results.first?.amount == 7)
        // [CLS] and [SEP] twice; how many more depends on the vocabulary.
        #expect((7...9).contains(report.results.last?.amount ?? 0))
        #expect(report.gemmRate == nil && report.results.allSatisfy { $0.gemmShare == nil })
    }

    @Test(
        "names what it lacks",
        arguments: [
            (["--filter", "no such thing"], "no such thing"),
            (["--filter", "texts cut", "--input", "absent"], "absent"),
            (["--repetitions", "0"], "--repetitions"),
        ])
    func refusals(arguments: [String], name: String) async throws {
        let outcome = try await BuiltExecutable("microbenchmarks").run(arguments)
        #expect(outcome.exitStatus != 0 && outcome.standardError.contains(name), "\(outcome.standardError)")
    }
}
