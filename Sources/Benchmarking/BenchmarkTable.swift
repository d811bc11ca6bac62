/// A report as a table for people.
public struct BenchmarkTable: CustomStringConvertible {
    private let report: BenchmarkReport

    /// Takes the report to show.
    public init(_ report: BenchmarkReport) {
        self.report = report
    }

    /// The heading, a line a batch size, and the recommendation.
    public var description: String {
        let table = TextTable(heading: Self.heading, rows: report.results.map(Self.row))
        let title =
            "\(report.model) on \(report.device), threads \(report.threads): "
            + "\(report.texts) texts, \(report.tokens) tokens"
        let advice = "recommended: --batch-size \(report.recommendedBatchSize)"
        return [title, "", table.description, "", advice].joined(separator: "\n")
    }

    private static let heading = [
        "batch", "rows/s", "± %", "tokens/s", "of sgemm", "CPU s", "instr/ns", "FMA", "peak MB", "max diff",
    ]

    private static func row(_ result: BatchSizeResult) -> [String] {
        let rate = result.rowsPerSecond
        return [
            "\(result.batchSize)", decimal(rate.median, 1), decimal(rate.percentAroundMedian, 1),
            decimal(result.tokensPerSecond.median, 0),
            result.gemmShare.map { BenchmarkReport.percent($0.median) } ?? "–",
            decimal(result.processorSeconds.median, 2), result.core.map { decimal($0.instructions, 1) } ?? "–",
            result.core.map { decimal($0.multiplyAdds, 0) } ?? "–",
            result.peakMemory.map { "\($0 / 1_000_000)" } ?? "–",
            scientific(result.largestDifference),
        ]
    }

    /// A number with a fixed count of decimals.
    package static func decimal(_ value: Double, _ places: Int) -> String {
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((value * Double(scale)).rounded())
        guard places > 0 else { return "\(scaled)" }
        let fraction = "\(abs(scaled) % scale)"
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(scaled < 0 ? "-" : "")\(abs(scaled) / scale).\(zeros)\(fraction)"
    }

    /// A small number such as 2.4e-07.
    private static func scientific(_ value: Float) -> String {
        guard value > 0 else { return "0" }
        var (mantissa, exponent) = (Double(value), 0)
        while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        return "\(decimal(mantissa, 1))e\(exponent)"
    }
}
