import DatasetTable
import Postgres

/// A row that was found, with every part of its score.
public struct SearchHit: Sendable, Equatable {
    /// The key as text.
    public let id: String
    /// Whether the key is a number, as which JSON can hold it.
    public let isNumbered: Bool
    /// What the row is ranked by, from 0 to 1.
    public let score: Double
    /// Its title, if it has one.
    public let title: String?
    /// Where it comes from, if the table says.
    public let source: String?
    /// The parts of the score.
    public let parts: Parts

    /// What a score is made of: `search.sql` has the formulas.
    public struct Parts: Sendable, Equatable {
        /// How near the meaning is, from 0 (as any other) to 1 (as a match).
        public let semantic: Double
        /// How many of the words the row has, the rare ones before all, and how close together; `nil` if the question has no
        /// word that counts.
        public let keyword: Double?
        /// How well-liked the row is, from 0 to 1; half where nobody knows.
        public let `static`: Double
        /// What age leaves of the score.
        public let ageFactor: Double
        /// The cosine of the angle between question and row.
        public let similarity: Double
        /// The share of the words that the row has, each weighted by its rarity.
        public let coverage: Double?
        /// `ts_rank_cd` of the words.
        public let coverDensity: Double?
        /// The age in days; `nil` if the table does not say.
        public let ageDays: Double?
        /// The place among the nearest; `nil` if the words have found the row.
        public let semanticRank: Int?
        /// The place among those that have the words; `nil` if the meaning has found the row.
        public let keywordRank: Int?
    }

    static let wholeNumbers: Set<UInt32> = [PostgresTypeOID.int2, PostgresTypeOID.int4, PostgresTypeOID.int8]

    init(_ row: PostgresRow, keyType: UInt32) throws(PostgresError) {
        func optional<Value>(
            _ column: PostgresColumnSelector, _ read: (PostgresColumnSelector) throws(PostgresError) -> Value
        ) throws(PostgresError) -> Value? {
            try row.isNull(column) ? nil : try read(column)
        }
        id = try row.printable("label")
        isNumbered = Self.wholeNumbers.contains(keyType)
        score = try row.float8("score")
        title = try optional("title") { column throws(PostgresError) in try row.printable(column) }
        source = try optional("source") { column throws(PostgresError) in try row.printable(column) }
        func number(_ column: PostgresColumnSelector) throws(PostgresError) -> Double? {
            try optional(column) { column throws(PostgresError) in try row.float8(column) }
        }
        func place(_ column: PostgresColumnSelector) throws(PostgresError) -> Int? {
            try optional(column) { column throws(PostgresError) in try row.count(column) }
        }
        parts = Parts(
            semantic: try row.float8("semantic"), keyword: try number("keyword"), static: try row.float8("static"),
            ageFactor: try row.float8("age_factor"), similarity: try row.float8("similarity"),
            coverage: try number("coverage"), coverDensity: try number("cover_density"),
            ageDays: try number("age_days"), semanticRank: try place("semantic_rank"),
            keywordRank: try place("keyword_rank"))
    }

    /// One line of JSON, keys in a fixed order, unknown values `null`.
    ///
    /// - Parameter explains: Whether what the parts are made of stands there as well.
    public func json(explains: Bool) -> String {
        var fields = [
            ("id", isNumbered ? id : JSONLine.text(id)), ("score", Self.number(score)),
            ("title", JSONLine.text(title)), ("source", JSONLine.text(source)),
            ("parts", parts.json),
        ]
        if explains { fields.append(("explain", parts.explanation)) }
        return JSONLine.object(fields)
    }

    /// JSON has no word for infinity, nor for what is no number.
    package static func number(_ value: Double?) -> String {
        value.flatMap { $0.isFinite ? JSONLine.number($0) : nil } ?? "null"
    }
}

extension SearchHit.Parts {
    /// What a score is made of, as an object of JSON.
    package var json: String {
        JSONLine.object([
            ("semantic", SearchHit.number(semantic)), ("keyword", SearchHit.number(keyword)),
            ("static", SearchHit.number(`static`)), ("age_factor", SearchHit.number(ageFactor)),
        ])
    }

    /// What the parts are made of, as an object of JSON.
    package var explanation: String {
        JSONLine.object([
            ("similarity", SearchHit.number(similarity)), ("coverage", SearchHit.number(coverage)),
            ("cover_density", SearchHit.number(coverDensity)), ("age_days", SearchHit.number(ageDays)),
            ("semantic_rank", JSONLine.number(semanticRank)), ("keyword_rank", JSONLine.number(keywordRank)),
        ])
    }
}
