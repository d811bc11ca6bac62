import ComputeTestSupport
import DatasetSearch
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// How the server finds the answer in a table of some size.
@Suite("The plan of a search", .requiresPostgres, .timeLimit(.minutes(30)))
struct PlanTests {
    @Test("uses the index of each arm, reads no table from end to end, and looks up the parts row by row")
    func wide() async throws {
        try await withTemporaryDatabase { database in
            let table = try await VectorTable(database, thousands: 30)
            try await database.run(
                """
                INSERT INTO embedding_document SELECT 'public.datasets', id, '', 0,
                    setweight(to_tsvector('english', title), 'A') FROM datasets;
                ANALYZE embedding_document
                """)
            try await table.fixture.refreshScores()
            var generator = SeededGenerator(seed: 6)
            let vector = try await table.vector(in: 5, &generator)
            // As asked, and, because that finds nothing, by any word.
            for question in ["heron", "heron submarine"] {
                let text = try await table.fixture.withSearch(
                    dimension: VectorTable.dimension, calibration: table.calibration
                ) { try await $0.plan(try Question(question), vector: vector, SearchSettings()) }
                try Self.expectGoodPlan(text, question)
            }
        }
    }

    private static func expectGoodPlan(_ text: String, _ question: String) throws {
        let executed = try PlanNode.executed(in: text)
        #expect(PlanNode.usesNearest(executed), "\(question): \(text)")
        #expect(
            executed.contains { $0.type == "Bitmap Index Scan" && $0.index == "embedding_document_words" },
            "\(question): \(text)")
        let tables: Set = ["datasets", "embedding_document"]
        let readWhole = executed.filter { node in
            node.type.hasSuffix("Seq Scan") && node.relation.map(tables.contains) == true
        }
        #expect(readWhole.isEmpty, "\(question): \(text)")
        // Some two hundred candidates, each by its key; the words of what the words have found are known already.
        for key in ["datasets_pkey", "embedding_document_pkey"] {
            let lookedUp = executed.filter { $0.type == "Nested Loop" }.flatMap(\.all).contains { node in
                node.type.hasPrefix("Index") && node.index == key && node.loops >= 100
            }
            #expect(lookedUp, "\(key), \(question): \(text)")
        }
    }
}
