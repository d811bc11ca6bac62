package import Benchmarking

/// Throughput over batch size as a figure in SVG: for each device the median as a line and the spread as a band, and above
/// the processor's what `sgemm` would allow.
package struct ThroughputChart {
    /// A line for the processor and one for a GPU, told apart without color too, by their names at the end.
    private static let colors = ["#2f6fbf", "#b45309", "#4d7c0f"]
    private let reports: [BenchmarkReport]
    private let width = 760.0
    private let height = 440.0
    private let top = 78.0
    private let right = 28.0
    private let bottom = 62.0
    private let left = 72.0

    /// Takes the reports to draw, one a device and all of the same batch sizes.
    package init(_ reports: [BenchmarkReport]) {
        self.reports = reports
    }

    /// The figure as the text of an SVG file.
    package var svg: String {
        let sizes = Set(reports.flatMap { $0.results.map(\.batchSize) }).sorted()
        let results = reports.flatMap(\.results)
        let limits = results.compactMap { result in result.gemmShare.map { result.rowsPerSecond.median / $0.median } }
        let most = max(limits.max() ?? 0, results.map(\.rowsPerSecond.highest).max() ?? 0)
        let step = Self.roundStep(most / 5)
        let ceiling = (most / step).rounded(.up) * step

        var parts = [header]
        for value in stride(from: 0, through: ceiling, by: step) {
            let y = Self.short(y(value, ceiling))
            parts.append(#"<line class="grid" x1="\#(left)" x2="\#(width - right)" y1="\#(y)" y2="\#(y)"/>"#)
            parts.append(
                #"<text class="tick" x="\#(left - 10)" y="\#(y)" dy="4" text-anchor="end">\#(Self.label(value))</text>"#
            )
        }
        for (index, size) in sizes.enumerated() {
            parts.append(
                #"<text class="tick" x="\#(Self.short(x(index, of: sizes.count)))" y="\#(height - bottom + 22)" text-anchor="middle">\#(size)</text>"#
            )
        }
        for (report, color) in zip(reports, Self.colors) {
            parts += curve(of: report, color: color, sizes: sizes, ceiling: ceiling)
        }
        parts.append(legend)
        parts.append("</svg>\n")
        return parts.joined(separator: "\n")
    }

    private func curve(of report: BenchmarkReport, color: String, sizes: [Int], ceiling: Double) -> [String] {
        let results = report.results.sorted { $0.batchSize < $1.batchSize }
        let places = results.map { x(sizes.firstIndex(of: $0.batchSize) ?? 0, of: sizes.count) }
        func points(_ values: [Double]) -> [String] {
            zip(places, values).map { "\(Self.short($0)),\(Self.short(y($1, ceiling)))" }
        }
        let band = points(results.map(\.rowsPerSecond.highest)) + points(results.map(\.rowsPerSecond.lowest)).reversed()
        let medians = points(results.map(\.rowsPerSecond.median))
        let limits = results.compactMap { result in result.gemmShare.map { result.rowsPerSecond.median / $0.median } }
        var parts = [#"<polygon class="band" fill="\#(color)" points="\#(band.joined(separator: " "))"/>"#]
        if limits.count == results.count {
            parts.append(#"<polyline class="limit" points="\#(points(limits).joined(separator: " "))"/>"#)
        }
        parts.append(#"<polyline class="rate" stroke="\#(color)" points="\#(medians.joined(separator: " "))"/>"#)
        for (place, result) in zip(places, results) {
            let isBest = result.batchSize == report.recommendedBatchSize
            let y = y(result.rowsPerSecond.median, ceiling)
            parts.append(
                #"<circle class="\#(isBest ? "best" : "point")" cx="\#(Self.short(place))" cy="\#(Self.short(y))" r="\#(isBest ? 6 : 4)" fill="\#(isBest ? "#d97706" : color)"/>"#
            )
            parts.append(
                #"<text class="value" fill="\#(color)" x="\#(Self.short(place))" y="\#(Self.short(y + 22))" text-anchor="middle">\#(BenchmarkTable.decimal(result.rowsPerSecond.median, 1))</text>"#
            )
        }
        return parts
    }

    private var header: String {
        let first = reports.first
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" font-family="system-ui, sans-serif">
            <style>
            .grid { stroke: #d8dee6 } .tick { fill: #4b5563; font-size: 12px } .value { font-size: 11px }
            .band { opacity: .18 } .rate { fill: none; stroke-width: 2.5 }
            .limit { fill: none; stroke: #9ca3af; stroke-width: 1.5; stroke-dasharray: 5 4 }
            .best { stroke: #fff; stroke-width: 1.5 }
            .title { font-size: 17px; font-weight: 600; fill: #111827 } .note { font-size: 12px; fill: #4b5563 }
            </style>
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text class="title" x="\(left)" y="24">Text to vector: throughput over batch size</text>
            \(reports.enumerated().map(device).joined(separator: "\n"))
            <text class="note" x="\(left - 44)" y="\(top - 10)">rows/s</text>
            <text class="note" x="\((width + left - right) / 2)" y="\(height - 14)" text-anchor="middle">texts in a batch\(first.map { " · \(Self.escaped($0.model)) · threads \(Self.escaped($0.threads))" } ?? "")</text>
            """
    }

    /// The name of a device in the color of its line.
    private func device(_ index: Int, _ report: BenchmarkReport) -> String {
        #"<text class="note" style="fill: \#(Self.colors[index])" x="\#(left)" y="\#(42 + 16 * index)">\#(Self.escaped(report.device))</text>"#
    }

    private var legend: String {
        let y = height - bottom - 18
        let end = width - right
        return """
            <line class="rate" stroke="\(Self.colors[0])" x1="\(end - 360)" x2="\(end - 336)" y1="\(y)" y2="\(y)"/>
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
