import Foundation
import PostgresTestSupport
import Testing

/// The command and the SQL function, which send one statement.
@Suite("embedding-job search and the SQL function", .requiresPostgres, .timeLimit(.minutes(30)))
struct SearchFunctionTests {
    @Test("find the same rows, with the same scores and parts")
    func plain() async throws {
        try await withSearchedDatasets { table in
            for asking in Self.askings { try await Self.expectSame(table, asking) }
        }
    }

    @Test("that is told to look at words alone, where there are none, gives each row the score 0")
    func wordsAlone() async throws {
        try await withSearchedDatasets { table in
            let hits = try await table.call("the", words: "the", ", semantic_weight => 0, static_weight => 0")
            #expect(hits.count == 60 && hits.allSatisfy { $0.numbers[0] == 0 })
        }
    }

    @Test("find the same through pgbouncer in transaction mode", .requiresPgbouncer)
    func pooled() async throws {
        try await withSearchedDatasets { table in
            let url = try Pgbouncer.url(of: table.database)
            for asking in Self.askings { try await Self.expectSame(table, asking, url: url) }
        }
    }

    @Test("find the same in a column of half-precision vectors")
    func halfVectors() async throws {
        try await withSearchedDatasets("ALTER TABLE datasets ALTER embedding TYPE halfvec(32)") { table in
            for asking in Self.askings { try await Self.expectSame(table, asking) }
        }
    }

    @Test("find the same in a table whose names need quotation marks, by keys that are no numbers")
    func quotedNames() async throws {
        try await withTemporaryDatabase { database in
            try await database.run(
                #"""
                CREATE SCHEMA "We ird";
                CREATE TABLE "We ird"."Data; ""sets""" ("select" uuid PRIMARY KEY, "Ti""tle" text, "de scription" text,
                    "Status" text DEFAULT 'it''s ready', "Active?" boolean DEFAULT true, "vec'tor" vector(32), "From" text,
                    "down'loads; --" int, "$1" numeric, "da te" timestamp);
                INSERT INTO "We ird"."Data; ""sets""" ("select", "Ti""tle", "From", "down'loads; --", "$1", "da te")
                SELECT md5(r.title)::uuid, r.* FROM (\#(SearchedTable.rows)) r
                """#)
            let table = try await SearchedTable(
                database,
                names: [
                    "--table", "We ird.Data; \"sets\"", "--id-column", "select", "--title-column", "Ti\"tle",
                    "--description-column", "de scription", "--status-column", "Status", "--status-value", "it's ready",
                    "--active-column", "Active?", "--column", "vec'tor", "--source-column", "From",
                ],
                score: ["--metric", "down'loads; --=2", "--metric", "$1=1", "--date-column", "da te"],
                function: #""We ird"."search_Data; ""sets""""#)
            for asking in Self.askings { try await Self.expectSame(table, asking) }
        }
    }

    // MARK: - Questions

    /// A question in both languages.
    private struct Asking {
        let question: String
        /// What of it the model reads.
        let words: String
        var options: [String] = []
        var arguments = ""
        /// How many rows it must find; `nil` for some.
        var count: Int?
    }

    private static let since = Date(timeIntervalSinceNow: -700 * 86_400).formatted(.iso8601)

    private static let askings = [
        Asking(question: "sea ice", words: "sea ice", count: 60),
        Asking(
            question: "\"rain wind\" OR gene -city", words: "rain wind gene", options: ["--fusion", "rrf"],
            arguments: ", fusion => 'rrf'"),
        Asking(question: "the of", words: "the of", count: 60),
        Asking(
            question: "bus's", words: "bus's",
            options: ["--source", "North", "--source", "South", "--since", since, "--half-life", "40"],
            arguments: ", sources => ARRAY['North', 'South'], since => '\(since)', half_life => 40"),
        Asking(
            question: "wind", words: "wind", options: ["--weights", "1,2,1", "--age-floor", "0.1"],
            arguments: ", semantic_weight => 0.25, keyword_weight => 0.5, static_weight => 0.25, age_floor => 0.1",
            count: 60),
        Asking(
            question: "sea", words: "sea", options: ["--source", "nowhere"], arguments: ", sources => '{nowhere}'",
            count: 0),
    ]

    private func withSearchedDatasets(
        _ change: String = "SELECT", _ body: (SearchedTable) async throws -> Void
    ) async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                """
                ALTER TABLE datasets ADD like_count int, ADD source_updated_at date;
                INSERT INTO datasets (title, source, download_count, like_count, source_updated_at, enrichment_status)
                SELECT r.*, 'enriched' FROM (\(SearchedTable.rows)) r;
                \(change)
                """)
            try await body(SearchedTable(datasets.database))
        }
    }

    private static func expectSame(_ table: SearchedTable, _ asking: Asking, url: String? = nil) async throws {
        let asked = try await table.ask(asking.question, asking.options, url: url)
        let called = try await table.call(asking.question, words: asking.words, asking.arguments, url: url)
        if let count = asking.count { #expect(asked.count == count, "\(asking.question)") }
        #expect(!asked.isEmpty || asking.count == 0, "\(asking.question)")
        #expect(asked.map(\.id) == called.map(\.id), "\(asking.question)")
        let differences = zip(asked, called).flatMap { Self.differences($0, $1) }
        #expect(differences == [], "\(asking.question)")
    }

    private static func differences(_ first: SearchedTable.Hit, _ second: SearchedTable.Hit) -> [String] {
        guard first.title == second.title, first.source == second.source else { return ["\(first), not \(second)"] }
        return zip(SearchedTable.numberColumns, zip(first.numbers, second.numbers)).compactMap { name, pair in
            if pair.0 == nil, pair.1 == nil { return nil }
            // Rows grow older between the two.
            let tolerance = name == "age_days" ? 0.01 : 1e-6
            let isSame = abs((pair.0 ?? .nan) - (pair.1 ?? .nan)) <= tolerance
            return isSame ? nil : "\(first.id), \(name): \(pair)"
        }
    }
}
