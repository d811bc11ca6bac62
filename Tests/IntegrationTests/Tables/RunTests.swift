import ComputeTestSupport
import DatasetTable
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Whole runs with the real model.
@Suite("embedding-job run", .requiresWeights, .requiresPostgres)
struct RunTests {
    /// A row to embed.
    private struct Row: Encodable {
        let id: Int
        let title: String
        let description: String?
    }

    /// Texts that have broken embedding jobs before.
    private static let rows = [
        Row(id: 1, title: "Sea ice extent", description: "Monthly means since 1979."),
        Row(id: 2, title: "No description", description: nil),
        Row(id: 3, title: " \t", description: "Only a description"),
        Row(id: 5, title: "🐙 Octopus 👩‍👩‍👧 sightings", description: "Emoji 🇳🇴 with joiners"),
        Row(id: 6, title: "東京都の気温", description: "日本語の説明。한국어도 있다."),
        Row(id: 7, title: "A megabyte", description: String(repeating: "wind and rain ", count: 75_000)),
        Row(
            id: 8, title: "Robert'); DROP TABLE datasets; --",
            description: #"\' " \\ $1 $$ {TITLE} %s :name E'\x00' /* "#),
        Row(
            id: 9, title: "Line\none\ttwo\r\nthree", description: "\u{1}\u{7F}\u{85}\u{2028}\u{FEFF} Évapotranspiration"
        ),
    ]

    /// The rows above, a blank one, and four that are none of the run's business.
    private static func fill(_ datasets: Datasets) async throws {
        let session = try await datasets.database.connect()
        let insert = PostgresStatement(
            name: "insert",
            sql: """
                INSERT INTO datasets (id, title, description, enrichment_status) OVERRIDING SYSTEM VALUE
                VALUES ($1, $2, $3, 'enriched')
                """)
        let absent = PostgresValue.null(PostgresTypeOID.text)
        for row in rows {
            let description = row.description.map { PostgresValue.text($0) }
            let values: [PostgresValue] = [.int8(Int64(row.id)), .text(row.title), description ?? absent]
            try await session.execute(insert, values)
        }
        await session.close()
        try await datasets.database.run(
            """
            INSERT INTO datasets (id, title, description, enrichment_status, is_active, embedding)
            OVERRIDING SYSTEM VALUE VALUES
                (4, '  ', E'\\n', 'enriched', true, NULL),
                (10, 'Inactive', 'x', 'enriched', false, NULL),
                (11, 'Not enriched', 'x', 'pending', true, NULL),
                (12, 'Embedded', 'x', 'enriched', true, array_fill(0.25, ARRAY[384])::vector),
                (13, 'Embedded and inactive', 'x', 'enriched', false, array_fill(0.5, ARRAY[384])::vector)
            """)
    }

    @Test("writes vectors of either precision, which verify takes for those of one model")
    func precisions() async throws {
        try await withDatasets(dimension: Goldens.dimension) { datasets in
            try await Self.fill(datasets)
            let model = ["--model", Fixtures.realModel]
            let outcome = try await datasets.run(["run", "--precision", "fast"] + model)
            #expect(try RunReportLine(outcome).precision == "fast")
            struct Verified: Decodable { let exact, close, different: Int }
            for (precision, exact) in [("fast", Self.rows.count), ("exact", 0)] {
                let outcome = try await datasets.run(["verify", "--precision", precision, "--sample", "100"] + model)
                let verified = try JSONDecoder().decode(Verified.self, from: outcome.standardOutput)
                // The two that the table came with are of no text.
                #expect(verified.exact == exact && verified.close == Self.rows.count - exact && verified.different == 1)
            }
        }
    }

    @Test("writes the vectors that encode gives, counts what it did, and has nothing to do the second time")
    func drain() async throws {
        try await withDatasets(dimension: Goldens.dimension) { datasets in
            try await Self.fill(datasets)
            let arguments = ["run", "--model", Fixtures.realModel, "--batch-size", "3"]
            let outcome = try await datasets.run(arguments)
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            let texts = try await TextCommands(datasets.job, Self.rows)
            #expect(report.processed == Self.rows.count)
            #expect(report.failed == 1)
            #expect(report.truncated == 1)
            // Hugging Face `tokenizers` gives 3,521 ids to what the database sends of the megabyte.
            #expect(report.tokensLost == 3_521 - 256)
            #expect(report.skippedStale == 0 && report.skippedLocked == 0)
            #expect(report.tokens == texts.tokenCount)
            #expect(report.model == "all-MiniLM-L6-v2")
            #expect(report.exitReason == "drained")

            let stored = try await datasets.database.query(
                "SELECT id, embedding FROM datasets WHERE embedding IS NOT NULL")
            #expect(stored.count == Self.rows.count + 2)
            for row in stored {
                let id = Int(try row.int64("id"))
                guard let expected = texts.vectors[id] else { continue }
                let difference = LargestDifference(try row.vector("embedding"), expected)
                #expect(difference.value <= 1e-6, "row \(id): \(difference)")
            }
            #expect(
                try await datasets.database.number(
                    """
                    SELECT count(*) FROM datasets WHERE id = 12 AND embedding = array_fill(0.25, ARRAY[384])::vector
                        OR id = 13 AND embedding = array_fill(0.5, ARRAY[384])::vector
                        OR id IN (4, 10, 11) AND embedding IS NULL
                    """) == 5)

            let second = try await datasets.run(arguments)
            #expect(second.exitStatus == 0)
            let nothing = try RunReportLine(second)
            #expect(nothing.processed == 0 && nothing.failed == 0)
            #expect(nothing.quarantined == 1)
        }
    }

    @Test("names a row that failed by its key and a code, and logs no text")
    func log() async throws {
        try await withDatasets(dimension: Goldens.dimension) { datasets in
            try await Self.fill(datasets)
            let outcome = try await datasets.run(["run", "--model", Fixtures.realModel])
            let failures = try outcome.logRecords.filter { $0["message"] == "row failed" }
            #expect(failures.count == 1)
            #expect(failures.first?["row"] == "4")
            #expect(failures.first?["failure"] == "EMPTY")
            #expect(failures.first?["level"] == "warning")
            for text in ["Sea", "Octopus", "東", "Robert", "wind", "Monthly", datasets.database.url] {
                #expect(!outcome.standardError.contains(text), "\(text)")
            }
            let password = try #require(URLComponents(string: datasets.database.url)).password
            if let password { #expect(!outcome.standardError.contains(password)) }
        }
    }

    /// What `encode` and `tokenize` make of the same titles and descriptions.
    private struct TextCommands {
        private(set) var vectors: [Int: [Float]] = [:]
        private(set) var tokenCount = 0

        init(_ job: BuiltExecutable, _ rows: [Row]) async throws {
            let lines = try rows.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) + "\n" }
            try job.write(lines.joined(), to: "rows.jsonl")
            let files = ["--model", Fixtures.realModel, "--input", "rows.jsonl"]

            struct Vector: Decodable {
                let id: Int
                let embedding: [Float]
            }
            for line in try await job.run(["encode", "--output", "-"] + files).outputLines {
                let vector = try JSONDecoder().decode(Vector.self, from: Data(line.utf8))
                vectors[vector.id] = vector.embedding
            }
            struct Tokens: Decodable { let ids: [Int] }
            for line in try await job.run(["tokenize"] + files).outputLines {
                tokenCount += try JSONDecoder().decode(Tokens.self, from: Data(line.utf8)).ids.count
            }
            try #require(vectors.count == rows.count)
        }
    }
}
