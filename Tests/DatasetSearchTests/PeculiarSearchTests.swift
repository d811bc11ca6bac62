import DatasetSearch
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("A search in a database with its own ways", .requiresPostgres, .timeLimit(.minutes(30)))
struct PeculiarSearchTests {
    private func withRows(
        _ titles: [String], encoding: String = "UTF8", _ body: (DatasetFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(encoding: encoding) { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.prepareSearch()
            for title in titles {
                try await database.run(
                    "INSERT INTO datasets (title, enrichment_status) VALUES ('\(title)', 'enriched')")
            }
            #expect(try await fixture.drain(StubEncoder()).processed == titles.count)
            try await body(fixture)
        }
    }

    @Test(
        "leaves out the rows with an excluded phrase, and no others, whatever words a stemmer drops",
        arguments: [
            (#"vitamin -"vitamin a""#, [2, 3]), (#"vitamin -“vitamin a”"#, [2, 3]), (#"vitamin -"in adults""#, [2]),
            ("vitamin -survey", [1, 3]), ("vitamin -surveys", [1, 3]), ("vitamin -vitamins", []),
        ])
    func excluded(question: String, ids: [Int]) async throws {
        try await withRows(["Vitamin A in adults", "Vitamin C survey", "Vitamin D in adults"]) { fixture in
            let hits = try await fixture.search(question)
            #expect(hits.map(\.id).sorted() == ids.map(String.init))
        }
    }

    @Test(
        "is not misled by settings of the database",
        arguments: ["standard_conforming_strings = off", "quote_all_identifiers = on"])
    func settings(setting: String) async throws {
        try await withRows(["sea ice", "river"]) { fixture in
            let database = fixture.database
            let name = try await database.texts("SELECT quote_ident(current_database())")[0]
            try await database.run("ALTER DATABASE \(name) SET \(setting)")
            try await fixture.prepareSearch()
            #expect(try await fixture.search("ice -river").map(\.id) == ["1"])
            let function = "SELECT id::text FROM search_datasets('ice -river', '[1,0,0,0]')"
            #expect(try await database.texts(function) == ["1"])
            // The side tables are about the same table as before.
            #expect(try await fixture.drain(StubEncoder()).processed == 0)
            #expect(try await database.number("SELECT count(DISTINCT table_name) FROM embedding_document") == 1)
        }
    }

    @Test("takes values that no number and no point in time can hold for not told, or for the future")
    func extremes() async throws {
        try await withRows(["sea ice", "ice", "iced tea"]) { fixture in
            try await fixture.database.run(
                """
                ALTER TABLE datasets ALTER download_count TYPE numeric, ALTER updated_at TYPE date;
                UPDATE datasets SET download_count = 1e400, updated_at = '5874897-12-31' WHERE id = 1;
                UPDATE datasets SET download_count = 5, updated_at = 'infinity' WHERE id = 2
                """)
            try await fixture.refreshScores()
            let hits = try await fixture.search("ice") { $0.since = "2000-01-01" }
            #expect(Set(hits.map(\.id)) == ["1", "2", "3"])
            #expect(hits.first { $0.id == "1" }?.parts.static == 0.5)
            #expect(hits.first { $0.id == "2" }?.parts.static == 1)
            #expect(hits.filter { $0.id != "3" }.allSatisfy { $0.parts.ageFactor == 1 })
        }
    }

    @Test("says so if the question has a character that the database lacks")
    func untranslatable() async throws {
        try await withRows(["sea ice"], encoding: "LATIN1") { fixture in
            let hits = try await fixture.search("ice")
            #expect(hits.count == 1)
            let failure = await #expect(throws: RunFailure.self) { try await fixture.search("雪 ice") }
            #expect(failure?.reason == .usage)
        }
    }

    @Test("has a function of its own for each of two tables whose long names begin alike")
    func longNames() async throws {
        try await withTemporaryDatabase { database in
            var functions: Set<String> = []
            for suffix in ["a", "b"] {
                var names = DatasetNames()
                names.table = String(repeating: "long_name_", count: 6) + "x" + suffix
                let fixture = try await DatasetFixture(database, names: names)
                try await fixture.prepareSearch()
                functions.formUnion(
                    try await database.texts("SELECT proname FROM pg_proc WHERE proname LIKE 'search\\_long%'"))
            }
            #expect(functions.count == 2)
        }
    }
}
