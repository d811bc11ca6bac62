import DatasetSearch
import Foundation
import Postgres
import PostgresTestSupport
import SentenceEncoding

/// What a search must find: the formulas as they are documented, in plain Swift over the columns of all rows.
struct ExpectedSearch {
    /// A question taken to pieces by hand.
    struct Query {
        /// A word in the form that documents have of its stem, and as it is written.
        typealias Word = (stem: String, plain: String)

        let text: String
        let words: [Word]
        /// Whether a row has to have all words to be as asked, or any.
        var isAlternative = false
        /// Whether the question has words that no document keeps.
        var hasStopWords = false
        /// The stem of the word that is not wanted.
        var excluded: String?

        func isAsAsked(_ lexemes: Set<String>) -> Bool {
            let (stems, plain) = (words.map(\.stem), words.map(\.plain))
            if isAlternative { return !lexemes.isDisjoint(with: stems + plain) }
            return lexemes.isSuperset(of: stems) || !hasStopWords && lexemes.isSuperset(of: plain)
        }

        /// Any of the words, as ts_rank_cd takes it.
        var anyWord: String {
            Set(words.flatMap { [$0.stem, $0.plain] }).sorted().map { "'\($0)'" }.joined(separator: " | ")
        }
    }

    /// A row that must be found, and the parts of its score.
    struct Hit {
        let id: Int
        var score = 0.0
        let semantic: Double
        let similarity: Double
        let coverage: Double
        let coverDensity: Double
        let `static`: Double
        let ageFactor: Double
        let ageDays: Double?
        var semanticRank: Int?
        var keywordRank: Int?

        var keyword: Double { 0.6 * coverage + 0.4 * coverDensity }
    }

    private struct Row {
        let id: Int
        let isReady: Bool
        let source: String
        let metrics: [Double?]
        /// In seconds.
        let date: Double?
        let vector: [Float]
        let lexemes: Set<String>
        let coverDensity: Double
    }

    private static let metricWeights = [0.5, 0.3, 0.2]

    private let query: Query
    private let rows: [Row]
    private let now: Double
    /// Of the metrics of active rows, by source; under `nil` those of all.
    private let scales: [[String?: Double]]
    private let rarities: [Double]

    /// Reads all rows.
    init(_ query: Query, _ database: TemporaryDatabase) async throws {
        self.query = query
        now = try await Self.read(database, "SELECT extract(epoch FROM now())::float8") { try $0.float8(0) }[0]
        let isReady = "is_active AND enrichment_status = 'enriched' AND embedding IS NOT NULL"
        rows = try await Self.read(
            database,
            """
            SELECT d.id, (\(isReady))::int AS is_ready, coalesce(source, '') AS source, download_count::float8, like_count,
                view_count::float8, extract(epoch FROM source_updated_at)::float8 AS date, embedding,
                array_to_string(tsvector_to_array(document), ' ') AS lexemes,
                ts_rank_cd('{0.1,0.2,0.4,1.0}', document, $1::tsquery, 1 | 32)::float8 AS density
            FROM datasets d LEFT JOIN embedding_document e ON e.dataset_id = d.id AND e.table_name = 'public.datasets'
            """, [.text(query.anyWord)]
        ) { row in
            func number(_ column: PostgresColumnSelector) throws -> Double? {
                try row.isNull(column) ? nil : try row.float8(column)
            }
            /// What is no number says as little as NULL.
            func metric(_ column: PostgresColumnSelector) throws -> Double? {
                try number(column).flatMap { $0.isFinite ? $0 : nil }
            }
            return Row(
                id: Int(try row.int64("id")), isReady: try row.int32("is_ready") == 1, source: try row.text("source"),
                metrics: try [metric("download_count"), metric("like_count"), metric("view_count")],
                date: try number("date"), vector: try row.isNull("embedding") ? [] : try row.vector("embedding"),
                lexemes: Set(try row.text("lexemes").split(separator: " ").map(String.init)),
                coverDensity: try row.float8("density"))
        }
        let active = try await Self.read(database, "SELECT id FROM datasets WHERE is_active") { Int(try $0.int64(0)) }
        scales = Self.scales(of: rows.filter { Set(active).contains($0.id) })
        let documents = rows.map(\.lexemes)
        rarities = query.words.map { word in
            func frequency(_ form: String) -> Int { documents.count { $0.contains(form) } }
            let most = max(frequency(word.stem), frequency(word.plain))
            return log(1 + Double(documents.count) / Double(1 + most))
        }
    }

    private static func read<Value>(
        _ database: TemporaryDatabase, _ sql: String, _ parameters: [PostgresValue] = [],
        _ value: (PostgresRow) throws -> Value
    ) async throws -> [Value] {
        try await database.query(sql, parameters).map(value)
    }

    private static func scales(of rows: [Row]) -> [[String?: Double]] {
        metricWeights.indices.map { metric in
            var values: [String?: [Double]] = [:]
            for row in rows {
                guard let value = row.metrics[metric] else { continue }
                values[nil, default: []].append(value)
                if !row.source.isEmpty { values[row.source, default: []].append(value) }
            }
            return values.filter { $0.key == nil || $0.value.count >= 200 }.mapValues { percentile99($0.sorted()) }
        }
    }

    /// Between the two values on both sides of the place, in proportion.
    private static func percentile99(_ sorted: [Double]) -> Double {
        let place = 0.99 * Double(sorted.count - 1)
        let below = Int(place)
        guard below + 1 < sorted.count else { return sorted[below] }
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }
}

// MARK: - Parts

extension ExpectedSearch {
    /// The rows that both arms find, best first.
    func hits(
        _ vector: [Float], _ calibration: SearchCalibration, _ settings: SearchSettings, since: Double? = nil
    ) -> [Hit] {
        let eligible = rows.filter { row in
            guard row.isReady, query.excluded.map(row.lexemes.contains) != true else { return false }
            if let since { guard let date = row.date, date >= since else { return false } }
            return settings.sources.isEmpty || settings.sources.contains(row.source)
        }
        var hits = Dictionary(
            uniqueKeysWithValues: eligible.map { ($0.id, hit($0, vector, calibration, settings)) })

        // What has no direction is farther than all others.
        let nearest = Self.ranked(Array(hits.values)) { $0.similarity.isNaN ? -2 : $0.similarity }
        for (place, hit) in nearest.prefix(200).enumerated() { hits[hit.id]?.semanticRank = place + 1 }

        var matches = eligible.filter { query.isAsAsked($0.lexemes) }
        if matches.count < 20 {
            let forms = query.words.flatMap { [$0.stem, $0.plain] }
            matches += eligible.filter { !query.isAsAsked($0.lexemes) && !$0.lexemes.isDisjoint(with: forms) }
        }
        if query.words.isEmpty { matches = [] }
        let worded = Self.ranked(matches.compactMap { hits[$0.id] }, by: \.keyword)
        for (place, hit) in worded.prefix(200).enumerated() { hits[hit.id]?.keywordRank = place + 1 }

        let found = hits.values.filter { $0.semanticRank != nil || $0.keywordRank != nil }.map { hit in
            var scored = hit
            scored.score = score(hit, settings)
            return scored
        }
        return Self.ranked(found, by: \.score)
    }

    /// The greatest first; of equals, that of the least key.
    private static func ranked(_ hits: [Hit], by value: (Hit) -> Double) -> [Hit] {
        hits.sorted { first, second in
            let values = (value(first), value(second))
            return values.0 == values.1 ? first.id < second.id : values.0 > values.1
        }
    }

    private func hit(
        _ row: Row, _ vector: [Float], _ calibration: SearchCalibration, _ settings: SearchSettings
    ) -> Hit {
        let similarity = Self.cosine(row.vector, vector)
        let relative = (similarity - calibration.random) / (calibration.match - calibration.random)
        let found = zip(query.words, rarities).filter { word, _ in
            row.lexemes.contains(word.stem) || row.lexemes.contains(word.plain)
        }
        let total = rarities.reduce(0, +)
        let age = row.date.map { max(0, (now - $0) / 86_400) }
        let left = 1 - settings.ageFloor
        return Hit(
            id: row.id, semantic: similarity.isNaN ? 0 : min(1, max(0, relative)), similarity: similarity,
            coverage: total > 0 ? found.reduce(0) { $0 + $1.1 } / total : 0, coverDensity: row.coverDensity,
            static: staticScore(row),
            ageFactor: settings.ageFloor + left * (age.map { exp2(-$0 / settings.halfLife) } ?? 0.5), ageDays: age)
    }

    private static func cosine(_ first: [Float], _ second: [Float]) -> Double {
        func product(_ one: [Float], _ other: [Float]) -> Double {
            zip(one, other).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        return product(first, second) / (product(first, first) * product(second, second)).squareRoot()
    }

    private func staticScore(_ row: Row) -> Double {
        var (sum, weights) = (0.0, 0.0)
        for (metric, weight) in Self.metricWeights.enumerated() {
            guard let value = row.metrics[metric], let scale = scales[metric][row.source] ?? scales[metric][nil],
                scale > 0
            else { continue }
            sum += weight * min(1, log(1 + value) / log(1 + scale))
            weights += weight
        }
        return weights > 0 ? sum / weights : 0.5
    }

    private func score(_ hit: Hit, _ settings: SearchSettings) -> Double {
        let weights = settings.weights
        switch settings.fusion {
        case .weighted where query.words.isEmpty:
            let sum = weights.semantic * hit.semantic + weights.metrics * hit.static
            return sum / (weights.semantic + weights.metrics) * hit.ageFactor
        case .weighted:
            return (weights.semantic * hit.semantic + weights.keyword * hit.keyword + weights.metrics * hit.static)
                * hit.ageFactor
        case .reciprocalRank:
            let ranks = [hit.semanticRank, hit.keywordRank].compactMap { $0 }
            let sum = ranks.reduce(0) { $0 + 1 / Double(60 + $1) }
            let best = (query.words.isEmpty ? 1.0 : 2.0) / 61
            return ((1 - weights.metrics) * sum / best + weights.metrics * hit.static) * hit.ageFactor
        }
    }
}
