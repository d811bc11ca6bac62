import Foundation
import JobTestSupport
import Testing

/// The metrics that the user guide's article promises.
enum DocumentedMetrics {
    static let article = DeploymentFile.text("Sources/EmbeddingJob/EmbeddingJob.docc/Monitoring.md")

    /// The labels that each metric has besides those of its program, by its name.
    static let furtherLabels: [String: Set<String>] = {
        let rows = article.matches(of: /(?m)^\| `((?:embedding_job|catalog_fetch)_\w+)` \|([^|]*)\|/)
        let metrics = rows.map { row in
            // Values of a label stand behind its colon.
            let labels = row.2.split(separator: ":").first ?? ""
            return (String(row.1), Set(labels.matches(of: /`(\w+)`/).map { String($0.1) }))
        }
        return Dictionary(metrics) { first, _ in first }
    }()

    /// All names.
    static let names = Set(furtherLabels.keys)

    /// The labels of all metrics of a program.
    static let commonLabels: [String: Set<String>] = [
        "embedding_job": ["command", "table", "column"], "catalog_fetch": ["command", "source", "table"],
    ]

    /// What node_exporter itself says of the files.
    static let collector: Set = ["node_textfile_scrape_error"]
}

/// Prometheus's own program for checks.
enum Promtool {
    static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":")
        .map { "\($0)/promtool" }
        .first(where: FileManager.default.isExecutableFile(atPath:))

    /// Runs it; everything it says is expected to be good.
    static func expectSuccess(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let outcome = try DeploymentFile.tool(["promtool"] + arguments)
        #expect(outcome.exitStatus == 0, "\(outcome.output)\(outcome.errors)", sourceLocation: sourceLocation)
    }
}

extension Trait where Self == ConditionTrait {
    /// Visible in the results where it is missing.
    static var requiresPromtool: Self {
        .enabled(if: Promtool.path != nil, "needs promtool: run Scripts/setup --for-tests")
    }
}

extension BuiltExecutable {
    /// The metrics in a file of the working directory.
    func metrics(_ name: String = "run.prom") throws -> PrometheusExposition {
        try PrometheusExposition(String(decoding: read(name), as: UTF8.self))
    }
}
