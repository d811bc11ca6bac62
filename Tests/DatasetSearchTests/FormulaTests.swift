import DatasetSearch
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// Every part of every score, against a computation that shares nothing with the product.
@Suite("A score", .requiresPostgres, .timeLimit(.minutes(30)))
struct FormulaTests {
    @Test("is what the documented formulas say, part by part, and so is the order")
    func weighted() async throws {
        try await withTemporaryDatabase { database in
            let catalog = try await Catalog(database)
            for (number, query) in Self.queries.enumerated() {
                try await Self.expectFormulas(catalog, query, seed: UInt64(number), SearchSettings())
            }
        }
    }

    @Test("by ranks is what the documented formula says")
    func reciprocalRank() async throws {
        try await withTemporaryDatabase { database in
            let catalog = try await Catalog(database)
            var settings = SearchSettings()
            settings.fusion = .reciprocalRank
            for (number, query) in Self.queries.enumerated() {
                try await Self.expectFormulas(catalog, query, seed: UInt64(number), settings)
            }
        }
    }

    @Test("follows weights, half-life, floor and filters")
    func settings() async throws {
        try await withTemporaryDatabase { database in
            let catalog = try await Catalog(database)
            var settings = SearchSettings()
            settings.weights = try #require(SearchSettings.Weights([1, 2, 5]))
            (settings.halfLife, settings.ageFloor) = (90, 0.2)
            try await Self.expectFormulas(catalog, Self.queries[0], seed: 50, settings)
            settings.sources = ["Large", "Tiny"]
            try await Self.expectFormulas(catalog, Self.queries[1], seed: 51, settings)
            let date = Date(timeIntervalSinceNow: -3 * 365 * 86_400)
            settings.since = date.formatted(.iso8601)
            try await Self.expectFormulas(
                catalog, Self.queries[3], seed: 52, settings, since: date.timeIntervalSince1970.rounded(.down))
            settings.sources = []
            try await Self.expectFormulas(
                catalog, Self.queries[4], seed: 53, settings, since: date.timeIntervalSince1970.rounded(.down))
        }
    }

    /// Common and rare words, few and many matches, none, stop words, and the operators.
    private static let queries = [
        ExpectedSearch.Query(text: "river oceans", words: [("river", "river"), ("ocean", "oceans")]),
        ExpectedSearch.Query(
            text: "lichens on the quartz", words: [("lichen", "lichens"), ("quartz", "quartz")], hasStopWords: true),
        ExpectedSearch.Query(text: "coral zyzzyva", words: [("coral", "coral"), ("zyzzyva", "zyzzyva")]),
        ExpectedSearch.Query(text: "of the and", words: [], hasStopWords: true),
        ExpectedSearch.Query(
            text: "forest -ocean market", words: [("forest", "forest"), ("market", "market")], excluded: "ocean"),
        ExpectedSearch.Query(
            text: "storms OR deserts", words: [("storm", "storms"), ("desert", "deserts")], isAlternative: true),
        // The stem stands where the plural does not.
        ExpectedSearch.Query(
            text: "forest -oceans market", words: [("forest", "forest"), ("market", "market")], excluded: "ocean"),
        ExpectedSearch.Query(
            text: "\"forest\"-oceans market", words: [("forest", "forest"), ("market", "market")], excluded: "ocean"),
        ExpectedSearch.Query(text: "river - oceans", words: [("river", "river"), ("ocean", "oceans")]),
        ExpectedSearch.Query(text: "(-forest) oceans", words: [("forest", "forest"), ("ocean", "oceans")]),
        ExpectedSearch.Query(text: "xylophone", words: [("xylophon", "xylophone")]),
    ]

    private static func expectFormulas(
        _ catalog: Catalog, _ query: ExpectedSearch.Query, seed: UInt64, _ settings: SearchSettings,
        since: Double? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var settings = settings
        settings.limit = 400
        let vector = Catalog.vector(seed: seed)
        let expected = try await ExpectedSearch(query, catalog.database)
            .hits(vector, catalog.calibration, settings, since: since)
        let hits = try await catalog.search(query.text, vector, settings)
        try #require(expected.count > 20, sourceLocation: sourceLocation)
        #expect(hits.map(\.id) == expected.map { String($0.id) }, "\(query.text)", sourceLocation: sourceLocation)
        let wanted = Dictionary(uniqueKeysWithValues: expected.map { (String($0.id), $0) })
        let differences = hits.flatMap { hit in
            wanted[hit.id].map { Self.differences(hit, $0, hasWords: !query.words.isEmpty) } ?? []
        }
        #expect(differences == [], "\(query.text)", sourceLocation: sourceLocation)
    }

    /// The parts that are not what they should be.
    private static func differences(_ hit: SearchHit, _ row: ExpectedSearch.Hit, hasWords: Bool) -> [String] {
        let parts = hit.parts
        let pairs: [(String, Double?, Double?)] = [
            ("score", hit.score, row.score), ("semantic", parts.semantic, row.semantic),
            ("keyword", parts.keyword, hasWords ? row.keyword : nil), ("static", parts.static, row.static),
            ("age factor", parts.ageFactor, row.ageFactor), ("similarity", parts.similarity, row.similarity),
            ("coverage", parts.coverage, hasWords ? row.coverage : nil),
            ("cover density", parts.coverDensity, hasWords ? row.coverDensity : nil),
        ]
        var differences = pairs.filter { !Self.isNear($1, $2, 1e-6) }.map {
            "row \(hit.id), \($0): \($1 as Any), not \($2 as Any)"
        }
        // The one that is read a moment later.
        if !Self.isNear(parts.ageDays, row.ageDays, 60 / 86_400) { differences.append("row \(hit.id), age in days") }
        if parts.semanticRank != row.semanticRank { differences.append("row \(hit.id), place by meaning") }
        if parts.keywordRank != row.keywordRank { differences.append("row \(hit.id), place by words") }
        return differences
    }

    private static func isNear(_ first: Double?, _ second: Double?, _ tolerance: Double) -> Bool {
        guard let first, let second else { return first == nil && second == nil }
        return first == second || first.isNaN && second.isNaN || abs(first - second) <= tolerance
    }
}
