import Benchmarking
import Testing

@Suite("A benchmark report")
struct BenchmarkReportTests {
    private func makeReport(_ rates: [(batchSize: Int, rate: Double, share: Double)]) -> BenchmarkReport {
        BenchmarkReport(
            model: "m", device: "cpu <x> & y", threads: "2 (cores)", texts: 10, tokens: 100,
            results: rates.map { batchSize, rate, share in
                BatchSizeResult(
                    batchSize: batchSize, rowsPerSecond: Spread([rate, 0.9 * rate, 1.1 * rate]),
                    tokensPerSecond: Spread([10 * rate]), gemmShare: Spread([share]), processorSeconds: Spread([1.25]),
                    core: CoreRates(instructions: 19.04, multiplyAdds: 102.6), peakMemory: 210_000_000,
                    largestDifference: 2.384e-7)
            })
    }

    @Test("recommends the smallest batch size that reaches 97 % of the best rate")
    func recommendation() {
        #expect(makeReport([(1, 50, 0.4), (8, 96.9, 0.8), (32, 97, 0.8), (64, 100, 0.8)]).recommendedBatchSize == 32)
        #expect(makeReport([(64, 100, 0.8), (8, 97.1, 0.8), (1, 50, 0.4)]).recommendedBatchSize == 8)
    }

    @Test("reads back the JSON that it prints")
    func json() throws {
        let report = makeReport([(1, 50, 0.4), (8, 99, 0.8)])
        let json = try report.json()
        #expect(json.contains("\"batch_size\" : 8"))
        #expect(try BenchmarkReport(json: json) == report)
        #expect(throws: (any Error).self) { _ = try BenchmarkReport(json: "{}") }
    }

    @Test("compares shares of the sgemm rate, not times, and only batch sizes that both have")
    func regressions() {
        let before = makeReport([(1, 500, 0.5), (8, 900, 0.8), (16, 900, 0.8)])
        // Half as fast on a machine half as fast is no regression.
        #expect(makeReport([(1, 250, 0.5), (8, 450, 0.8)]).regressions(against: before, tolerance: 0.1).isEmpty)
        #expect(makeReport([(8, 900, 0.721)]).regressions(against: before, tolerance: 0.1).isEmpty)
        let found = makeReport([(1, 500, 0.5), (8, 900, 0.719), (64, 1, 0.1)])
            .regressions(against: before, tolerance: 0.1)
        #expect(found.map(\.batchSize) == [8])
        #expect(found.first?.description == "batch size 8 reaches 71.9 % of the sgemm rate, 80.0 % in the baseline")
    }

    @Test("is shown as a table whose columns are aligned and which ends with the recommendation")
    func table() {
        let lines = BenchmarkTable(makeReport([(1, 5.04, 0.4), (256, 1234.56, 0.875)])).description.split(
            separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[0] == "m on cpu <x> & y, threads 2 (cores): 10 texts, 100 tokens")
        #expect(lines[1] == "batch  rows/s   ± %  tokens/s  of sgemm  CPU s  instr/ns  FMA  peak MB  max diff")
        #expect(lines[2] == "    1     5.0  10.0        50    40.0 %   1.25      19.0  103      210    2.4e-7")
        #expect(lines[3] == "  256  1234.6  10.0     12346    87.5 %   1.25      19.0  103      210    2.4e-7")
        #expect(lines[4] == "recommended: --batch-size 256")
    }

    @Test(
        "summarizes repetitions by the median and the ends",
        arguments: [([3, 1, 2], 2), ([4, 1, 2, 3], 2.5), ([7], 7)] as [([Double], Double)])
    func spread(values: [Double], median: Double) {
        let spread = Spread(values)
        #expect(spread.median == median && spread.lowest == values.min() && spread.highest == values.max())
    }
}
