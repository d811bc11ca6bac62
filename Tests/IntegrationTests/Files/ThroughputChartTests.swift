import Benchmarking
import DatasetTable
import EmbeddingJob
import Testing

@Suite("The chart of embedding-job bench")
struct ThroughputChartTests {
    @Test("is drawn with every batch size in place, in order, inside the figure")
    func chart() throws {
        let rates = [(batchSize: 64, rate: 100.0, share: 0.8), (1, 50, 0.4), (8, 96, 0.8)]
        let report = BenchmarkReport(
            model: "m", device: "cpu <x> & y", threads: "2 (cores)", texts: 10, tokens: 100,
            results: rates.map { batchSize, rate, share in
                BatchSizeResult(
                    batchSize: batchSize, rowsPerSecond: Spread([rate, 0.9 * rate, 1.1 * rate]),
                    tokensPerSecond: Spread([10 * rate]), gemmShare: Spread([share]), processorSeconds: Spread([1.25]),
                    core: CoreRates(instructions: 19.04, multiplyAdds: 102.6), peakMemory: 210_000_000,
                    largestDifference: 2.384e-7)
            })
        let svg = ThroughputChart([report]).svg
        let points = svg.matches(of: /<circle class="(\w+)" cx="([\d.]+)" cy="([\d.]+)"/)
        #expect(points.map(\.output.1) == ["point", "point", "best"])
        let places = points.compactMap { Double($0.output.2) }
        let heights = points.compactMap { Double($0.output.3) }
        #expect(places == places.sorted() && places.allSatisfy { (0...760).contains($0) })
        // The higher the rate, the smaller the coordinate.
        #expect(heights == heights.sorted(by: >) && heights.allSatisfy { (0...440).contains($0) })
        #expect(svg.contains("cpu &lt;x&gt; &amp; y"))
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
    }
}
