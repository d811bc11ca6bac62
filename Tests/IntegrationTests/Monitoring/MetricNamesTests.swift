import ComputeTestSupport
import Foundation
import HTTPTestSupport
import JobTestSupport
import PostgresTestSupport
import Testing

/// The metrics that runs leave, against those that the user guide explains.
@Suite("Metrics and their documentation", .requiresPostgres, .timeLimit(.minutes(30)))
struct MetricNamesTests {
    /// Hands the body the files of a run that adopts tasks, of a `backfill run` and of a fetch with an error: together they
    /// have all metrics.
    private func withFiles(_ body: (_ files: [Data], _ fetched: FetchOutcome) throws -> Void) async throws {
        try await withFetchedCatalog { catalog async throws in
            let datasets = catalog.datasets
            #expect(try await datasets.run(["schema", "--tasks", "--apply"]).exitStatus == 0)
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('sea', 'enriched')")
            let run = try await datasets.run(["run", "--adopt-tasks", "--metrics-file", "run.prom"])
            #expect(run.exitStatus == 0, "\(run.standardError)")
            let other = try await RandomModel(in: datasets.job, named: "other", ["--seed", "2"])
            let backfill = try await datasets.run(
                ["backfill", "run", "--metrics-file", "backfill.prom", "--model", other.path])
            #expect(backfill.exitStatus == 0, "\(backfill.standardError)")

            let listing = (0..<4).map { StubDataset("owner/name-\($0)", minutesAgo: $0) }
            let items = "[" + (listing.map(\.huggingFace) + ["{}"]).joined(separator: ",") + "]"
            let stub = try stubOfHuggingFace(listing, pageSize: 10) { _ in .json(items) }
            let file = ["CATALOG_FETCH_METRICS_FILE": "fetch.prom"]
            let fetched = try await catalog.run("huggingface", from: stub, file)
            let files = try [datasets.job.read("run.prom"), datasets.job.read("backfill.prom")]
            try body(files + [catalog.fetch.read("fetch.prom")], fetched)
        }
    }

    @Test("name the same, with the same labels")
    func names() async throws {
        try await withFiles { files, fetched in
            let expositions = try files.map { try PrometheusExposition(String(decoding: $0, as: UTF8.self)) }
            let written = Set(expositions.flatMap(\.types.keys))
            #expect(written.subtracting(DocumentedMetrics.names) == [], "written and not explained")
            #expect(DocumentedMetrics.names.subtracting(written) == [], "explained and not written")
            #expect(expositions.flatMap(\.types.values).allSatisfy { $0 == "gauge" })
            for sample in expositions.flatMap(\.samples) {
                let program = try #require(
                    DocumentedMetrics.commonLabels.keys.first { sample.name.hasPrefix($0 + "_") })
                let common = try #require(DocumentedMetrics.commonLabels[program])
                let further = DocumentedMetrics.furtherLabels[sample.name] ?? []
                #expect(Set(sample.labels.keys) == common.union(further), "\(sample.name)")
            }
            let commands = expositions.map { Set($0.samples.map { $0.labels["command"] ?? "" }) }
            #expect(commands == [["run"], ["backfill run"], ["huggingface"]])
            // One help for each name, or the collector complains of folders with several files.
            #expect(expositions[0].helps.filter { expositions[1].helps[$0.key] ?? $0.value != $0.value } == [:])
            try expectSame(expositions[2], fetched)
        }
    }

    private func expectSame(_ metrics: PrometheusExposition, _ line: FetchOutcome) throws {
        func value(_ name: String, _ labels: [String: String] = [:]) throws -> Int? {
            try metrics.value("catalog_fetch_last_run_" + name, labels).map { Int($0) }
        }
        for result in ["inserted", "updated", "unchanged", "failed"] {
            #expect(try value("rows", ["result": result]) == line[result], "\(result)")
        }
        for (name, key) in [
            ("requests", "requests"), ("retries", "retries"), ("items", "items"), ("skipped_items", "skipped"),
            ("pages", "pages"), ("text_changed_rows", "text_changed"), ("deactivated_rows", "deactivated"),
        ] {
            #expect(try value(name) == line[key], "\(name)")
        }
        #expect(line["inserted"] == 4 && line["skipped"] == 1)
        for (code, count) in try #require(line.errors) { #expect(try value("errors", ["code": code]) == count) }
        #expect(try value("complete") == (line.isComplete == true ? 1 : 0))
        #expect(try value("exit_status") == line.exitStatus.map(Int.init))
        #expect(try value("exit_reason", ["reason": line.exitReason ?? ""]) == 1)
    }

    @Test("keep to the conventions that promtool knows", .requiresPromtool)
    func conventions() async throws {
        try await withFiles { files, _ in
            for file in files {
                let path = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString).prom")
                try file.write(to: path)
                defer { try? FileManager.default.removeItem(at: path) }
                let outcome = try DeploymentFile.tool(["sh", "-c", "promtool check metrics <\"$0\"", path.path])
                #expect(outcome.exitStatus == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            }
        }
    }
}
