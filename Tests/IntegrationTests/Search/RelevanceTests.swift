import CPUCompute
import ComputeTestSupport
import DatasetSearch
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// What searches of the sample catalog find, as judged by the golden queries.
@Suite("Searches of the sample catalog", .requiresPostgres, .requiresWeights, .timeLimit(.minutes(30)))
struct RelevanceTests {
    /// A line of `queries.jsonl`.
    private struct GoldenQuery: Decodable {
        let query: String
        let kind: String
        /// The grade of each title of use.
        let relevant: [String: Int]
    }

    /// A way to rank, by the name under which it is printed.
    private struct Ranking {
        let name: String
        let settings: SearchSettings
        let calibration: SearchCalibration
    }

    @Test("find more by meaning and words together than by either alone")
    func relevance() async throws {
        let queries = try Self.lines("queries.jsonl").map { try JSONDecoder().decode(GoldenQuery.self, from: $0) }
        try #require(queries.count >= 40)
        let model = try ModelFolder(path: Fixtures.realModel)
        let encoder = try SentenceEncoder(model: model, backend: CPUBackend(workerCount: 2))
        let vectors = try await encoder.encode(queries.map { encoder.tokenizeQuery(try Question($0.query).words) })
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database, dimension: Goldens.dimension)
            try await fixture.prepareSearch(calibration: model.searchCalibration)
            try await Self.insertCatalog(database)
            _ = try await fixture.drain(encoder)
            #expect(try await fixture.pending() == 0)
            try await fixture.refreshScores()
            var gains: [String: Double] = [:]
            for ranking in try Self.rankings(model) {
                let hits = try await fixture.withSearch(
                    dimension: Goldens.dimension, calibration: ranking.calibration
                ) { search in
                    var hits: [[SearchHit]] = []
                    for (query, vector) in zip(queries, vectors) {
                        hits.append(
                            try await search.search(Question(query.query), vector: vector, ranking.settings))
                    }
                    return hits
                }
                gains[ranking.name] = Self.report(ranking.name, queries, hits)
            }
            let best = max(try #require(gains["semantic"]), try #require(gains["keyword"]))
            #expect(try #require(gains["weighted"]) >= best)
        }
    }

    /// Each arm alone, without age, and both together.
    private static func rankings(_ model: ModelFolder) throws -> [Ranking] {
        let calibration = try #require(model.searchCalibration)
        // Cosines as they are, so that good matches are told from better ones.
        let uncut = try #require(SearchCalibration(random: -1, match: 1))
        var (semantic, keyword, ranks) = (SearchSettings(), SearchSettings(), SearchSettings())
        semantic.weights = try #require(SearchSettings.Weights([1, 0, 0]))
        keyword.weights = try #require(SearchSettings.Weights([1e-6, 1, 0]))
        (semantic.ageFloor, keyword.ageFloor) = (1, 1)
        ranks.fusion = .reciprocalRank
        return [
            Ranking(name: "semantic", settings: semantic, calibration: uncut),
            Ranking(name: "keyword", settings: keyword, calibration: calibration),
            Ranking(name: "weighted", settings: SearchSettings(), calibration: calibration),
            Ranking(name: "rrf", settings: ranks, calibration: calibration),
        ]
    }

    private static func lines(_ name: String) throws -> [Data] {
        try Data(contentsOf: URL(filePath: Fixtures.repositoryPath("Scripts/sample/\(name)")))
            .split(separator: UInt8(ascii: "\n"))
    }

    private static func insertCatalog(_ database: TemporaryDatabase) async throws {
        let records = try lines("datasets.jsonl").map { String(decoding: $0, as: UTF8.self) }
        _ = try await database.query(
            """
            INSERT INTO datasets (title, description, source, source_url, download_count, view_count, enrichment_status)
            SELECT r.title, r.description, r.source, r.source_url, r.download_count, r.view_count, 'enriched'
            FROM jsonb_to_recordset($1::jsonb) r(title text, description text, source text, source_url text,
                download_count bigint, view_count bigint)
            """, [.text("[" + records.joined(separator: ",") + "]")])
    }

    /// Prints the mean of all queries, and that of each kind.
    private static func report(_ name: String, _ queries: [GoldenQuery], _ hits: [[SearchHit]]) -> Double {
        let gains = zip(queries, hits).map { gain(of: $1.map(\.title), $0.relevant) }
        let kinds = Dictionary(grouping: zip(queries, gains), by: \.0.kind).sorted { $0.key < $1.key }
            .map { "\($0.key) \(rounded(mean($0.value.map(\.1))))" }
        print("nDCG@10, \(name): \(rounded(mean(gains))) (\(kinds.joined(separator: ", ")))")
        return mean(gains)
    }

    /// The normalized discounted cumulative gain of the first ten (Järvelin and Kekäläinen, 2002).
    private static func gain(of titles: [String?], _ relevant: [String: Int]) -> Double {
        func sum(_ grades: [Int]) -> Double {
            grades.prefix(10).enumerated().reduce(0) {
                $0 + (exp2(Double($1.element)) - 1) / log2(Double($1.offset) + 2)
            }
        }
        let found = titles.map { title in title.flatMap { relevant[$0] } ?? 0 }
        return sum(found) / sum(relevant.values.sorted(by: >))
    }

    private static func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }

    private static func rounded(_ number: Double) -> Double { (number * 1000).rounded() / 1000 }
}
