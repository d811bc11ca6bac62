import BatchJob
import DatasetSearch
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import SentenceEncoding
import Testing

/// What a change of the table may do to scores.
@Suite("The score of a row", .requiresPostgres, .timeLimit(.minutes(30)))
struct ScoreChangeTests {
    @Test("does not fall with more downloads", arguments: ["weighted", "rrf"])
    func moreDownloads(fusion: String) async throws {
        let (before, after) = try await scores(fusion) { catalog in
            try await catalog.database.run("UPDATE datasets SET download_count = 2 * download_count + 3")
        }
        #expect(before.filter { id, score in (after[id] ?? 0) < score - Self.passing }.isEmpty)
        #expect(before.count { id, score in (after[id] ?? 0) > score + 0.001 } > 50)
    }

    @Test("does not rise with age", arguments: ["weighted", "rrf"])
    func older(fusion: String) async throws {
        let (before, after) = try await scores(fusion) { catalog in
            try await catalog.database.run(
                "UPDATE datasets SET source_updated_at = source_updated_at - interval '300 days'")
        }
        #expect(before.filter { id, score in (after[id] ?? 1) > score + Self.passing }.isEmpty)
        #expect(before.count { id, score in (after[id] ?? 1) < score - 0.001 } > 50)
    }

    @Test("is not changed by other rows, as long as nothing is measured anew")
    func unrelated() async throws {
        let (before, after) = try await scores("weighted") { catalog in
            try await catalog.database.run(
                """
                INSERT INTO datasets (title, description, source, download_count, like_count, view_count, enrichment_status)
                SELECT 'Zebra ' || i, 'stripes', 'Large', 1000000000, 5, 1000000000, 'enriched' FROM generate_series(1, 9) i
                """)
            #expect(try await catalog.fixture.drain(StubEncoder(dimension: Catalog.dimension)).processed > 8)
        }
        #expect(before.count { after[$0.key] != nil } > 250)
        #expect(before.filter { id, score in after[id].map { abs($0 - score) > Self.passing } == true }.isEmpty)
    }

    /// More than a score loses between two searches, because rows grow older meanwhile.
    private static let passing = 1e-6

    /// The scores of one question before and after a change, by row.
    private func scores(
        _ fusion: String, _ change: (Catalog) async throws -> Void
    ) async throws -> (before: [String: Double], after: [String: Double]) {
        try await withScores { catalog in
            var settings = SearchSettings()
            settings.limit = 400
            settings.fusion = try #require(SearchSettings.Fusion(rawValue: fusion))
            func scores() async throws -> [String: Double] {
                let hits = try await catalog.search("river oceans", Catalog.vector(seed: 3), settings)
                return Dictionary(uniqueKeysWithValues: hits.map { ($0.id, $0.score) })
            }
            let before = try await scores()
            try await change(catalog)
            let after = try await scores()
            #expect(before.count > 250)
            return (before, after)
        }
    }

    private func withScores<Result>(_ body: (Catalog) async throws -> Result) async throws -> Result {
        var result: Result?
        try await withTemporaryDatabase { database in result = try await body(Catalog(database)) }
        return try #require(result)
    }
}
