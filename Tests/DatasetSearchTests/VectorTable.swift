import ComputeTestSupport
import DatasetSearch
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// A table of many vectors in clusters, under an HNSW index, whose sources are shares of a known size.
struct VectorTable {
    static let dimension = 24
    /// A prime, so that a source has rows of all clusters.
    static let clusterCount = 37

    /// A source, and how many of each thousand rows it has.
    enum Source: String, CaseIterable {
        case permille, percent, tenth, half

        /// Of the numbers from 0 to 999, those of its rows.
        var numbers: Range<Int> {
            switch self {
            case .permille: 0..<1
            case .percent: 1..<11
            case .tenth: 11..<111
            case .half: 111..<611
            }
        }
    }

    let fixture: DatasetFixture
    let rowCount: Int
    let calibration: SearchCalibration

    /// Makes rows with random vectors around the centers of clusters; the higher a cluster's number, the older its rows.
    init(_ database: TemporaryDatabase, thousands: Int) async throws {
        fixture = try await DatasetFixture(database, dimension: Self.dimension)
        rowCount = thousands * 1000
        // Nothing is cut off, so that similar rows are told apart to the end.
        calibration = try #require(SearchCalibration(random: -1, match: 1))
        try await fixture.prepareSearch(calibration: calibration)
        let sources = Source.allCases.map {
            "WHEN i % 1000 BETWEEN \($0.numbers.lowerBound) AND \($0.numbers.upperBound - 1) THEN '\($0.rawValue)'"
        }
        try await database.run(
            """
            SELECT setseed(0.25);
            INSERT INTO datasets (title, source, enrichment_status, updated_at, embedding)
            SELECT 'Number ' || i || CASE WHEN i % 100 = 0 THEN ' heron' ELSE '' END,
                CASE \(sources.joined(separator: " ")) ELSE 'rest' END, 'enriched',
                now() - i % \(Self.clusterCount) * interval '1 day',
                (SELECT array_agg(\(Self.center("i % \(Self.clusterCount)", "c")) + 1.6 * (random() - 0.5))
                    FROM generate_series(1, \(Self.dimension)) c)::vector
            FROM generate_series(1, \(rowCount)) i;
            CREATE INDEX datasets_nearest ON datasets USING hnsw (embedding vector_cosine_ops);
            ANALYZE datasets
            """)
    }

    /// The component of a cluster's center.
    private static func center(_ cluster: String, _ component: String) -> String {
        "sin((\(cluster) + 1) * \(component) * 1.7)"
    }

    /// A vector somewhere around the center of a cluster.
    func vector(in cluster: Int, _ generator: inout SeededGenerator) async throws -> [Float] {
        let rows = try await fixture.database.query(
            "SELECT array_agg(\(Self.center("\(cluster)", "c")) ORDER BY c)::vector AS center FROM generate_series(1, \(Self.dimension)) c"
        )
        let center = try #require(try rows.first?.vector("center"))
        return zip(center, generator.floats(Self.dimension, deviation: 0.5)).map { $0 + $1 }
    }
}
