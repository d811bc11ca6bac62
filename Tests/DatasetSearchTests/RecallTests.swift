import ComputeTestSupport
import DatasetSearch
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// What the index finds, against the exact order of all rows.
@Suite("The arm that goes by meaning", .requiresPostgres, .timeLimit(.minutes(30)))
struct RecallTests {
    /// A filter, what it lets pass, and the least share of the nearest rows that must be found.
    private struct Filter {
        let name: String
        let condition: String
        var sources: [String] = []
        var since: String?
        let leastRecall: Double
    }

    private static let questionCount = 12

    @Test("finds the nearest rows, whatever a filter leaves, and never fewer than there are")
    func recall() async throws {
        try await withTemporaryDatabase { database in
            let table = try await VectorTable(database, thousands: 12)
            let noon = try await database.texts("SELECT now() - interval '17.5 days'")[0]
            var filters = [Filter(name: "none", condition: "true", leastRecall: 0.98)]
            filters += VectorTable.Source.allCases.map {
                Filter(
                    name: $0.rawValue, condition: "source = '\($0.rawValue)'", sources: [$0.rawValue],
                    leastRecall: 0.95)
            }
            // Half of the clusters: a question about one of the others has all its neighbors filtered away.
            filters.append(
                Filter(name: "young", condition: "updated_at >= '\(noon)'", since: noon, leastRecall: 0.95))
            for filter in filters { try await Self.expectRecall(table, filter) }
        }
    }

    private static func expectRecall(_ table: VectorTable, _ filter: Filter) async throws {
        let database = table.fixture.database
        let count = try await database.number("SELECT count(*) FROM datasets WHERE \(filter.condition)")
        try #require(count > 0 && (filter.name == "none" || count < table.rowCount))
        var settings = SearchSettings()
        settings.weights = try #require(SearchSettings.Weights([1, 0, 0]))
        (settings.ageFloor, settings.limit) = (1, 200)
        (settings.sources, settings.since) = (filter.sources, filter.since)
        var generator = SeededGenerator(seed: 5)
        var found = [10: 0, 50: 0]
        var wanted = found
        for number in 0..<questionCount {
            let vector = try await table.vector(in: number * 3, &generator)
            let (ids, plan) = try await search(table, vector, settings)
            // Up to 5,000 rows are compared one by one.
            #expect(try PlanNode.usesNearest(PlanNode.executed(in: plan)) == (count > 5000), "\(filter.name)")
            #expect(ids.count == min(200, count), "\(filter.name)")
            #expect(Set(ids).count == ids.count)
            let nearest = try await database.texts(
                """
                SELECT id FROM datasets WHERE \(filter.condition) ORDER BY (embedding <=> '\(vector)') + 0, id LIMIT 50
                """)
            for limit in [10, 50] {
                let best = nearest.prefix(limit)
                wanted[limit, default: 0] += best.count
                found[limit, default: 0] += Set(best).intersection(ids.prefix(limit)).count
            }
        }
        for limit in [10, 50] {
            let recall = Double(found[limit, default: 0]) / Double(wanted[limit, default: 0])
            print("recall@\(limit), filter \(filter.name) (\(count) of \(table.rowCount) rows): \(recall)")
            #expect(recall >= filter.leastRecall, "recall@\(limit), filter \(filter.name)")
        }
    }

    private static func search(
        _ table: VectorTable, _ vector: [Float], _ settings: SearchSettings
    ) async throws -> (ids: [String], plan: String) {
        try await table.fixture.withSearch(dimension: VectorTable.dimension, calibration: table.calibration) { search in
            let question = try Question("zebra")
            let ids = try await search.search(question, vector: vector, settings).map(\.id)
            return (ids, try await search.plan(question, vector: vector, settings))
        }
    }
}
