import DatasetTable
import Foundation
import Testing

/// The alerts and the dashboard, against the metrics that there are.
@Suite("The monitoring files", .timeLimit(.minutes(30)))
struct MonitoringFilesTests {
    private static let folder = "Scripts/monitoring"
    private static let path = URL(filePath: #filePath).appending(path: "../../../../\(folder)").standardized.path
    private static let alerts = DeploymentFile.text("\(folder)/alerts.yaml")
    private static let histories = DeploymentFile.text("\(folder)/alerts-tests.yaml")
    private static let readme = DeploymentFile.text("\(folder)/README.md")

    // MARK: - Names

    @Test(
        "use only metrics that runs write, with the labels that they have",
        arguments: ["alerts", "histories", "panels"])
    func names(file: String) throws {
        let texts =
            try ["alerts": [Self.alerts], "histories": [Self.histories], "panels": Self.expressions()][file] ?? []
        var used: Set<String> = []
        for text in texts {
            for match in text.matches(of: /\b((?:embedding_job|catalog_fetch|node_textfile)_\w+)(?:\{([^}]*)\})?/) {
                let name = String(match.1)
                used.insert(name)
                let labels = Set((match.2 ?? "").matches(of: /(\w+)(?:=|!=|=~|!~)"/).map { String($0.1) })
                let program = DocumentedMetrics.commonLabels.first { name.hasPrefix($0.key) }?.value ?? []
                let known = program.union(DocumentedMetrics.furtherLabels[name] ?? []).union(["instance"])
                #expect(labels.subtracting(known) == [], "\(name)")
            }
        }
        try #require(used.count > 4)
        #expect(used.subtracting(DocumentedMetrics.names).subtracting(DocumentedMetrics.collector) == [])
    }

    @Test("ask for results, reasons and exit statuses that runs can have")
    func values() throws {
        let texts = try [Self.alerts, Self.histories] + Self.expressions()
        let reasons = texts.flatMap { $0.matches(of: /reason="(\w+)"/).map { String($0.1) } }
        #expect(!reasons.isEmpty && reasons.allSatisfy { ExitReason(rawValue: $0) != nil })
        let results = texts.flatMap { $0.matches(of: /result="(\w+)"/).map { String($0.1) } }
        #expect(!results.isEmpty && results.allSatisfy { DocumentedMetrics.article.contains("`\($0)`") })
        let statuses = Self.alerts.matches(of: /exit_status == (\d+)/).compactMap { Int32($0.1) }
        #expect(Set(statuses) == [65, 70, 78])
        #expect(Set(statuses).isSubset(of: ExitReason.allCases.map(\.exitCode)))
    }

    @Test("are explained: every alert, and no other; each with a severity, and a history in which it fires")
    func readme() throws {
        let names = Self.alerts.matches(of: /(?m)^ +- alert: (\w+)$/).map { String($0.1) }
        let explained = Self.readme.matches(of: /(?m)^\| `(\w+)` \|/).map { String($0.1) }
        try #require(!names.isEmpty)
        #expect(names == explained)
        #expect(Self.alerts.matches(of: /severity: (warning|critical)\n/).count == names.count)
        // That of node_exporter's own metric is not.
        for name in names where name != "EmbeddingJobMetricsUnreadable" {
            let fires = Self.histories.contains("alertname=\"\(name)\"") || name == "EmbeddingJobMetricsMissing"
            #expect(fires, "\(name)")
        }
    }

    // MARK: - Promtool

    @Test("have rules that Prometheus takes, and that say to histories what they should", .requiresPromtool)
    func rules() throws {
        try Promtool.expectSuccess(["check", "rules", "\(Self.path)/alerts.yaml"])
        try Promtool.expectSuccess(["test", "rules", "\(Self.path)/alerts-tests.yaml"])
    }

    @Test("have panels whose questions Prometheus understands", .requiresPromtool)
    func questions() throws {
        let rules = try Self.expressions().enumerated().map { index, expression in
            let expression = expression.replacing("$instance", with: ".*").replacing("$table", with: ".*")
            return "  - record: panel_\(index)\n    expr: '\(expression)'\n"
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "panels-\(UUID().uuidString).yaml")
        try Data(("groups:\n- name: panels\n  rules:\n" + rules.joined()).utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try Promtool.expectSuccess(["check", "rules", file.path])
    }

    // MARK: - Dashboard

    private struct Dashboard: Decodable {
        let uid, title: String
        let schemaVersion: Int
        let panels: [Panel]
        let templating: Templating

        struct Source: Decodable { let type, uid: String }
        struct Place: Decodable { let x, y, w, h: Int }
        struct Target: Decodable {
            let expr: String
            let datasource: Source
        }
        struct Panel: Decodable {
            let id: Int
            let type, title: String
            let gridPos: Place
            let datasource: Source?
            let targets: [Target]?
        }
        struct Templating: Decodable { let list: [Variable] }
        struct Variable: Decodable { let name, type: String }

        static func load() throws -> Dashboard {
            try JSONDecoder().decode(Self.self, from: Data(DeploymentFile.text("\(folder)/dashboard.json").utf8))
        }
    }

    private static func expressions() throws -> [String] {
        try Dashboard.load().panels.flatMap { $0.targets ?? [] }.map(\.expr)
    }

    @Test("have a dashboard that asks the data source of its variable, in panels that do not overlap")
    func dashboard() throws {
        let dashboard = try Dashboard.load()
        #expect(dashboard.schemaVersion >= 39)
        #expect(dashboard.templating.list.map(\.name) == ["datasource", "instance", "table"])
        #expect(dashboard.templating.list.first?.type == "datasource")
        #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
        var cells: Set<[Int]> = []
        for panel in dashboard.panels {
            let sources = (panel.targets ?? []).map(\.datasource) + [panel.datasource].compactMap(\.self)
            #expect(sources.allSatisfy { $0.type == "prometheus" && $0.uid == "${datasource}" })
            #expect(panel.type == "row" || panel.targets?.isEmpty == false, "\(panel.title)")
            #expect(panel.gridPos.x + panel.gridPos.w <= 24)
            for x in panel.gridPos.x..<panel.gridPos.x + panel.gridPos.w {
                for y in panel.gridPos.y..<panel.gridPos.y + panel.gridPos.h {
                    #expect(cells.insert([x, y]).inserted, "\(panel.title)")
                }
            }
        }
        let used = Set(try Self.expressions().flatMap { $0.matches(of: /\$(\w+)/).map { String($0.1) } })
        #expect(used == ["instance", "table"])
    }
}
