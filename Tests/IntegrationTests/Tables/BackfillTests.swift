import ComputeTestSupport
import DatasetTable
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("embedding-job backfill", .requiresPostgres, .timeLimit(.minutes(30)))
struct BackfillTests {
    /// A table with vectors of the toy model and a search index, and two other models.
    private func withFilledTable(
        _ count: Int = 60, _ body: (Datasets, _ wide: String, _ other: String) async throws -> Void
    ) async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                """
                INSERT INTO datasets (title, description, enrichment_status)
                SELECT word, 'rain in the city of ' || word, 'enriched'
                FROM generate_series(1, \(count)) AS i, translate(i::text, '0123456789', 'abcdefghij') AS word
                """)
            #expect(try await datasets.run().exitStatus == 0)
            try await datasets.database.run(
                "CREATE INDEX by_meaning ON datasets USING hnsw (embedding vector_cosine_ops)")
            let wide = try await RandomModel(in: datasets.job, named: "wide", ["--dimension", "48"])
            let other = try await RandomModel(in: datasets.job, named: "other", ["--seed", "2"])
            try await body(datasets, wide.path, other.path)
        }
    }

    private func stage(_ datasets: Datasets, _ model: String) async throws -> String {
        struct Plan: Decodable { let stage: String }
        let outcome = try await datasets.run(["backfill", "plan", "--json", "--model", model])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        return try JSONDecoder().decode(Plan.self, from: outcome.standardOutput).stage
    }

    @Test("changes the model, its dimension with it or not", arguments: [false, true])
    func changes(isWide: Bool) async throws {
        try await withFilledTable { datasets, wide, other in
            let model = ["--model", isWide ? wide : other]
            let early = try await datasets.run(["backfill", "cutover"] + model)
            try early.expectRefusal(78, "configuration", naming: ["next: embedding-job backfill run"])
            let plan = try await datasets.run(["backfill", "plan"] + model)
            #expect(plan.outputLines.first == "stage           not begun")
            #expect(plan.output.contains("rows to embed   60\n"))

            let run = try await datasets.run(["backfill", "run"] + model)
            #expect(run.exitStatus == 0, "\(run.standardError)")
            #expect(try RunReportLine(run).processed == 60)
            let verify = try await datasets.run(["backfill", "verify"] + model)
            let log = verify.standardError.split(separator: "\n")
            let isCalm = log.allSatisfy { $0.contains(#""level":"info""#) }
            #expect(verify.exitStatus == 0 && isCalm, "\(verify.standardError)")
            #expect(verify.outputLines.last?.hasSuffix("verified") == true)
            let cutover = try await datasets.run(["backfill", "cutover"] + model)
            #expect(cutover.exitStatus == 0, "\(cutover.standardError)")
            #expect(try RunReportLine(cutover).exitReason == "drained")
            let swap = try cutover.logRecords.first { $0["swap_ms"] != nil }
            #expect(swap?["lock_wait_ms"] != nil)

            let old = try await datasets.run()
            try old.expectRefusal(
                78, isWide ? "configuration" : "mixed_model",
                naming: isWide ? ["48 components, the model gives 32"] : ["embedding-job backfill"])
            #expect(try await datasets.run(["run"] + model).exitStatus == 0)
            let back = try await datasets.run(["backfill", "rollback"])
            #expect(back.exitStatus == 0, "\(back.standardError)")
            #expect(try await datasets.run().exitStatus == 0)
        }
    }

    /// Where the process dies: at what it sends, or at what it is answered.
    struct Death: Sendable, CustomTestStringConvertible {
        let step: String
        let text: String
        /// What the plan says afterwards.
        let stage: String
        var testDescription: String { "\(step), at \(text)" }
    }

    private static let deaths = [
        Death(step: "run", text: "ADD COLUMN", stage: "not_begun"),
        Death(step: "run", text: "CREATE INDEX CONCURRENTLY", stage: "filling"),
        Death(step: "run", text: "\0-- The one statement that correctness rests on", stage: "filling"),
        Death(step: "run", text: "USING hnsw", stage: "not_indexed"),
        Death(step: "verify", text: "enable_indexscan", stage: "ready"),
        Death(step: "cutover", text: "LOCK TABLE", stage: "ready"),
        Death(step: "cutover", text: "RENAME COLUMN", stage: "ready"),
        Death(step: "cutover", text: "which model a column holds", stage: "ready"),
        Death(step: "rollback", text: "RENAME COLUMN", stage: "cut_over"),
        Death(step: "drop-old", text: "gone AS (", stage: "cut_over"),
        Death(step: "drop-old", text: "DROP COLUMN", stage: "cut_over"),
    ]

    @Test("that is killed at any point leaves a state that the plan names, and the same command goes on from there")
    func killed() async throws {
        try await withFilledTable { datasets, model, _ in
            try await datasets.database.run("INSERT INTO embedding_model SELECT 'x', 'y', 'z', '', 1")
            func arguments(_ step: String) -> [String] {
                ["backfill", step, "--model", model] + (step == "drop-old" ? ["--yes"] : ["--batch-size", "20"])
            }
            for (number, death) in Self.deaths.enumerated() {
                try await withFaultProxy(to: datasets.database.url) { proxy in
                    proxy.set(.holdFrom(death.text), for: .clientToServer)
                    let run = try datasets.job.start(
                        arguments(death.step),
                        environment: [
                            "DATABASE_URL": try proxy.url(from: datasets.database.url),
                            "EMBEDDING_MODEL": Fixtures.toyModel,
                        ])
                    try await proxy.waitUntil(seen: death.text, .clientToServer)
                    run.send(9)
                    #expect(try await run.outcome().signal == 9)
                    proxy.cut()
                }
                try await datasets.database.wait(
                    until: """
                        NOT EXISTS (SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND application_name = 'embedding-job')
                        """)
                #expect(try await stage(datasets, model) == death.stage, "\(death.testDescription)")
                // The next death belongs to another step: this one is completed first.
                guard Self.deaths.dropFirst(number + 1).first?.step != death.step else { continue }
                let outcome = try await datasets.run(arguments(death.step))
                #expect(outcome.exitStatus == 0, "\(death.testDescription): \(outcome.standardError)")
                if death.step == "rollback" {
                    #expect(try await datasets.run(arguments("cutover")).exitStatus == 0)
                }
            }
            #expect(try await stage(datasets, model) == "complete")
            #expect(try await datasets.database.number("SELECT count(embedding) FROM datasets") == 60)
            #expect(try await datasets.database.number("SELECT count(*) FROM embedding_state") == 60)
            let verify = try await datasets.run(["verify", "--model", model])
            #expect(verify.exitStatus == 0, "\(verify.standardError)")
        }
    }

    @Test("of the user guide, line by line, changes the quickstart's model", .requiresWeights)
    func userGuide() async throws {
        let article = DeploymentFile.text("Sources/EmbeddingJob/EmbeddingJob.docc/ChangingTheModel.md")
        let blocks = article.matches(of: #/```sh\n([\s\S]*?)```/#).map { String($0.output.1) }
        try #require(blocks.count >= 2)
        try await withDatasets(dimension: Goldens.dimension) { datasets in
            try await datasets.database.run(
                """
                INSERT INTO datasets (title, description, enrichment_status)
                SELECT 'Dataset ' || i, 'Measurements of the year ' || 1900 + i, 'enriched' FROM generate_series(1, 20) AS i
                """)
            #expect(try await datasets.run(["run", "--model", Fixtures.realModel]).exitStatus == 0)
            // A checkout as the reader has it, but for its database.
            let folder = datasets.job.folder
            func link(_ name: String, _ target: String) throws {
                let place = folder.appending(path: name)
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: target)
            }
            try link("Scripts/random-model", Fixtures.repositoryPath("Scripts/random-model"))
            try link("weights/all-MiniLM-L6-v2", Fixtures.realModel)
            let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
                .deletingLastPathComponent().appending(path: "embedding-job")
            try link(".build/release/embedding-job", executable.path)
            try FileManager.default.createDirectory(
                at: folder.appending(path: ".local"), withIntermediateDirectories: true)
            try datasets.job.write("#!/bin/sh\necho '\(datasets.database.url)'\n", to: "Scripts/postgres")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.appending(path: "Scripts/postgres").path)
            try datasets.job.write(blocks.joined(separator: "\n"), to: "chapter.sh")

            let outcome = try await Script.run("/bin/bash", ["-euo", "pipefail", "chapter.sh"], in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let types = try await datasets.database.texts(
                """
                SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
                WHERE attrelid = 'datasets'::regclass AND attname LIKE 'embedding%' AND NOT attisdropped
                """)
            #expect(types == ["embedding vector(768)"])
            #expect(try await datasets.database.number("SELECT count(embedding) FROM datasets") == 20)
        }
    }
}
