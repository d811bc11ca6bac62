import BatchJob
import ComputeTestSupport
import DatasetSearch
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// A table of some hundred rows as uneven as what importers bring, drained, each with a vector of its own, and measured.
struct Catalog {
    static let dimension = 8

    let fixture: DatasetFixture
    let calibration: SearchCalibration

    var database: TemporaryDatabase { fixture.database }

    /// Fills a table and makes everything that searches need.
    init(_ database: TemporaryDatabase) async throws {
        fixture = try await DatasetFixture(database, dimension: Self.dimension)
        calibration = try #require(SearchCalibration(random: 0.05, match: 0.75))
        var generator = SeededGenerator(seed: 20)
        try await database.run("ALTER TABLE datasets ADD like_count float8, ADD source_updated_at timestamptz")
        try await fixture.prepareSearch(calibration: calibration)
        try await insert(&generator)
        #expect(try await fixture.drain(StubEncoder(dimension: Self.dimension)).failed == 0)
        try await replaceVectors(&generator)
        // Of each kind that must not be found, and one whose vector has no direction.
        try await database.run(
            """
            UPDATE datasets SET is_active = false WHERE id % 61 = 1;
            UPDATE datasets SET enrichment_status = 'pending' WHERE id % 61 = 2;
            UPDATE datasets SET embedding = NULL WHERE id % 61 = 3;
            UPDATE datasets SET embedding = array_fill(0, ARRAY[\(Self.dimension)])::vector WHERE id = 10
            """)
        try await fixture.refreshScores()
        try await addForeignRows()
    }

    /// Asks with a vector that is not from a model.
    func search(_ text: String, _ vector: [Float], _ settings: SearchSettings) async throws -> [SearchHit] {
        try await fixture.withSearch(dimension: Self.dimension, calibration: calibration) {
            try await $0.search(try Question(text), vector: vector, settings)
        }
    }

    static func vector(seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return generator.floats(dimension)
    }

    // MARK: - Rows

    /// Nouns whose English stem is the word itself, the common ones first.
    private static let words = [
        "river", "ocean", "forest", "market", "school", "wind", "soil", "bird", "road", "crop", "storm", "desert",
        "harbor",
        "coral", "lichen", "quartz",
    ]

    /// Rows of a source that is measured by itself, of two that are too small for that, and of none.
    private static let sources = [("'Large'", 300), ("'Small'", 90), ("'Tiny'", 25), ("''", 10), ("NULL", 15)]

    private func insert(_ generator: inout SeededGenerator) async throws {
        var rows: [String] = []
        for (source, count) in Self.sources {
            for _ in 0..<count {
                let title = Self.text(Int.random(in: 1...4, using: &generator), &generator)
                let description = Self.text(Int.random(in: 0...25, using: &generator), &generator)
                // No row of the large source has a like, so that its scale is 0.
                let like = source == "'Large'" ? "0" : Self.like(&generator)
                rows.append(
                    "('\(title)', nullif('\(description)', ''), \(source), \(Self.metric(&generator)), \(like), "
                        + "\(Self.metric(&generator)), \(Self.date(&generator)), 'enriched')")
            }
        }
        rows.shuffle(using: &generator)
        try await database.run(
            """
            INSERT INTO datasets (title, description, source, download_count, like_count, view_count, source_updated_at,
                enrichment_status) VALUES \(rows.joined(separator: ", "))
            """)
    }

    private static func text(_ count: Int, _ generator: inout SeededGenerator) -> String {
        (0..<count).map { _ in
            let place = Double.random(in: 0..<1, using: &generator)
            let word = words[Int(place * place * Double(words.count))]
            return word + (Int.random(in: 0..<3, using: &generator) == 0 ? "s" : "")
        }
        .joined(separator: " ")
    }

    /// A count, mostly small; sometimes 0 or not told.
    private static func metric(_ generator: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: "NULL"
        case 1: "0"
        case let magnitude: String(Int.random(in: 1..<(1 << (2 * magnitude)), using: &generator))
        }
    }

    /// The same in a column whose type can hold what is no number.
    private static func like(_ generator: inout SeededGenerator) -> String {
        ["'NaN'", "'Infinity'"].randomElement(using: &generator).flatMap { odd in
            Int.random(in: 0..<15, using: &generator) == 0 ? odd : nil
        } ?? metric(&generator)
    }

    private static func date(_ generator: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: "NULL"
        case 1: "'infinity'"
        case 2: "'-infinity'"
        case 3: "now() + interval '\(Int.random(in: 1..<9000, using: &generator)) hours'"
        default: "now() - interval '\(Int.random(in: 0..<90_000, using: &generator)) hours'"
        }
    }

    private func replaceVectors(_ generator: inout SeededGenerator) async throws {
        let count = try await database.number("SELECT max(id) FROM datasets")
        let rows = (1...count).map { "(\($0), '\(generator.floats(Self.dimension))')" }
        try await database.run(
            """
            UPDATE datasets d SET embedding = v.vector::vector
            FROM (VALUES \(rows.joined(separator: ", "))) v(id, vector) WHERE v.id = d.id
            """)
    }

    /// What another table that shares the side tables would have put there.
    private func addForeignRows() async throws {
        try await database.run(
            """
            INSERT INTO embedding_word SELECT 'public.other', word, total, 999999 FROM embedding_word;
            INSERT INTO embedding_scale SELECT 'public.other', source, metric, 7 FROM embedding_scale;
            INSERT INTO embedding_document SELECT 'public.other', dataset_id, '', 0, 'river ocean' FROM embedding_document
            """)
    }
}
