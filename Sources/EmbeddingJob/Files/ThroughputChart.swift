package import Benchmarking

/// Throughput over batch size as a figure in SVG: the median as a line, the spread as a band, what `sgemm` would allow
/// above both.
package struct ThroughputChart {
    private let report: BenchmarkReport
    private let width = 760.0
    private let height = 440.0
    private let top = 78.0
    private let right = 28.0
    private let bottom = 62.0
    private let left = 72.0

    /// Takes the report to draw.
    package init(_ report: BenchmarkReport) {
        self.report = report
    }

    /// The figure as the text of an SVG file.
    package var svg: String {
        let results = report.results.sorted { $0.batchSize < $1.batchSize }
        let limits = results.map { $0.rowsPerSecond.median / $0.gemmShare.median }
        let most = max(limits.max() ?? 0, results.map(\.rowsPerSecond.highest).max() ?? 0)
        let step = Self.roundStep(most / 5)
        let ceiling = (most / step).rounded(.up) * step
        let places = results.indices.map { x($0, of: results.count) }
        func points(_ values: [Double]) -> [String] {
            zip(places, values).map { "\(Self.short($0)),\(Self.short(y($1, ceiling)))" }
        }

        var parts = [header]
        for value in stride(from: 0, through: ceiling, by: step) {
            let y = Self.short(y(value, ceiling))
            parts.append(#"<line class="grid" x1="\#(left)" x2="\#(width - right)" y1="\#(y)" y2="\#(y)"/>"#)
            parts.append(
                #"<text class="tick" x="\#(left - 10)" y="\#(y)" dy="4" text-anchor="end">\#(Self.label(value))</text>"#
            )
        }
        for (place, result) in zip(places, results) {
            parts.append(
                #"<text class="tick" x="\#(Self.short(place))" y="\#(height - bottom + 22)" text-anchor="middle">\#(result.batchSize)</text>"#
            )
        }
        let band = points(results.map(\.rowsPerSecond.highest)) + points(results.map(\.rowsPerSecond.lowest)).reversed()
        parts.append(#"<polygon class="band" points="\#(band.joined(separator: " "))"/>"#)
        parts.append(#"<polyline class="limit" points="\#(points(limits).joined(separator: " "))"/>"#)
        let medians = points(results.map(\.rowsPerSecond.median))
        parts.append(#"<polyline class="rate" points="\#(medians.joined(separator: " "))"/>"#)
        for (place, result) in zip(places, results) {
            let isBest = result.batchSize == report.recommendedBatchSize
            let y = y(result.rowsPerSecond.median, ceiling)
            parts.append(
                #"<circle class="\#(isBest ? "best" : "point")" cx="\#(Self.short(place))" cy="\#(Self.short(y))" r="\#(isBest ? 6 : 4)"/>"#
            )
            parts.append(
                #"<text class="value" x="\#(Self.short(place))" y="\#(Self.short(y + 22))" text-anchor="middle">\#(BenchmarkTable.decimal(result.rowsPerSecond.median, 1))</text>"#
            )
        }
        parts.append(legend)
        parts.append("</svg>\n")
        return parts.joined(separator: "\n")
    }

    private var header: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" font-family="system-ui, sans-serif">
        <style>
        .grid { stroke: #d8dee6 } .tick { fill: #4b5563; font-size: 12px } .value { fill: #1f4e8c; font-size: 11px }
        .band { fill: #2f6fbf; opacity: .18 } .rate { fill: none; stroke: #2f6fbf; stroke-width: 2.5 }
        .limit { fill: none; stroke: #9ca3af; stroke-width: 1.5; stroke-dasharray: 5 4 }
        .point { fill: #2f6fbf } .best { fill: #d97706; stroke: #fff; stroke-width: 1.5 }
        .title { font-size: 17px; font-weight: 600; fill: #111827 } .note { font-size: 12px; fill: #4b5563 }
        </style>
        <rect width="100%" height="100%" fill="#ffffff"/>
        <text class="title" x="\(left)" y="30">Text to vector: throughput over batch size</text>
        <text class="note" x="\(left)" y="50">\(Self.escaped("\(report.model) · \(report.device) · threads \(report.threads)"))</text>
        <text class="note" x="\(left - 44)" y="\(top - 10)">rows/s</text>
        <text class="note" x="\((width + left - right) / 2)" y="\(height - 14)" text-anchor="middle">texts in a batch</text>
        """
    }

    private var legend: String {
        let y = height - bottom - 18
        let end = width - right
        return """
            <line class="rate" x1="\(end - 360)" x2="\(end - 336)" y1="\(y)" y2="\(y)"/>
            <text class="note" x="\(end - 330)" y="\(y + 4)">median, lowest to highest</text>
            <line class="limit" x1="\(end - 138)" x2="\(end - 114)" y1="\(y)" y2="\(y)"/>
            <text class="note" x="\(end - 108)" y="\(y + 4)">sgemm alone</text>
            """
    }

    private func x(_ index: Int, of count: Int) -> Double {
        left + (Double(index) + 0.5) / Double(count) * (width - left - right)
    }

    private func y(_ value: Double, _ ceiling: Double) -> Double {
        height - bottom - value / ceiling * (height - top - bottom)
    }

    /// 1, 2 or 5 times a power of ten, not below a value.
    private static func roundStep(_ least: Double) -> Double {
        guard least > 0 else { return 1 }
        var power = 1.0
        while power * 10 <= least { power *= 10 }
        while power > least { power /= 10 }
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= least } ?? 10 * power
    }

    private static func label(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : BenchmarkTable.decimal(value, 2)
    }

    private static func short(_ value: Double) -> String { BenchmarkTable.decimal(value, 1) }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
