import ComputeTestSupport
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("embedding-job search", .requiresPostgres, .timeLimit(.minutes(30)))
struct SearchTests {
    @Test("prints one object a line, best first, with exactly the keys that are documented")
    func lines() async throws {
        try await withSearchable { searchable in
            let outcome = try await searchable.search(["sea ice"])
            #expect(outcome.exitStatus == 0 && outcome.standardError.isEmpty, "\(outcome.standardError)")
            let hits = try outcome.hits
            #expect(hits.map(\.id).sorted() == [1, 2, 3, 4] && hits.first?.title == "sea ice")
            #expect(hits.map(\.score) == hits.map(\.score).sorted(by: >))
            #expect(hits.first { $0.id == 4 }?.source == nil)
            let number = #"-?\d+(\.\d+)?(e-?\d+)?"#
            let parts = #""parts":\{"semantic":N,"keyword":N,"static":N,"age_factor":N\}"#
            let line = #"\{"id":\d+,"score":N,"title":"[^"]*","source":("\w+"|null),\#(parts)"#
            let explained =
                #","explain":\{"similarity":N,"coverage":N,"cover_density":N,"age_days":N,"semantic_rank":\d+,"keyword_rank":(\d+|null)\}"#
            for (arguments, form) in [
                (["sea ice"], line + #"\}"#), (["sea ice", "--explain"], line + explained + #"\}"#),
            ] {
                let pattern = try Regex(form.replacing("N", with: number))
                for text in try await searchable.search(arguments).outputLines {
                    #expect(try pattern.wholeMatch(in: text) != nil, "\(text)")
                }
            }
            #expect(try await searchable.search(["sea ice", "--limit", "2"]).outputLines.count == 2)
        }
    }

    @Test("prints a table on a terminal, and there too JSON if asked", .enabled(if: BuiltExecutable.hasPseudoTerminal))
    func terminal() async throws {
        try await withSearchable { searchable in
            let table = try await searchable.search(["sea"], onTerminal: true)
            #expect(table.exitStatus == 0, "\(table.output)")
            let lines = table.output.split(whereSeparator: \.isNewline)
            #expect(try #/#  +score  +title  +source/#.wholeMatch(in: lines.first ?? "") != nil, "\(table.output)")
            #expect(lines.count == 5 && lines[1].contains("sea ice") && lines[1].contains("noaa"))
            let explained = try await searchable.search(["sea", "--explain"], onTerminal: true)
            let heading = explained.output.split(whereSeparator: \.isNewline).first?.split(separator: " ")
            #expect(heading == ["#", "score", "semantic", "keyword", "static", "age", "title", "source"])
            let json = try await searchable.search(["sea", "--json"], onTerminal: true)
            #expect(json.output.hasPrefix(#"{"id":1,"#))
            try await searchable.database.run("UPDATE datasets SET is_active = false")
            #expect(try await searchable.search(["sea"], onTerminal: true).output.contains("nothing was found"))
            let nothing = try await searchable.search(["sea"])
            #expect(nothing.exitStatus == 0 && nothing.output.isEmpty)
        }
    }

    @Test("prints no title as a command to the terminal")
    func controlCharacters() async throws {
        try await withSearchable(#"(E'sea \x1b[2J\u009b31m\u202e\x7f', E'a\nb', E'no\x1baa')"#) { searchable in
            for onTerminal in [false, true] where !onTerminal || BuiltExecutable.hasPseudoTerminal {
                let outcome = try await searchable.search(["sea"], onTerminal: onTerminal)
                #expect(outcome.exitStatus == 0)
                #expect(outcome.output.contains(#"sea \u001b[2J\u009b31m\u202e\u007f"#), "\(outcome.output)")
                #expect(outcome.output.contains(#"no\u001baa"#))
                let scalars = (outcome.output + outcome.standardError).unicodeScalars
                #expect(!scalars.contains { "\u{1B}\u{9B}\u{202E}\u{7F}".unicodeScalars.contains($0) })
            }
        }
    }

    @Test("finds rows of the sources and of the time that are asked for, and no others")
    func filters() async throws {
        try await withSearchable { searchable in
            func ids(_ filters: [String]) async throws -> [Int] {
                let outcome = try await searchable.search(["sea"] + filters)
                #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
                return try outcome.hits.map(\.id).sorted()
            }
            #expect(try await ids(["--source", "noaa"]) == [1, 2])
            #expect(try await ids(["--source", "noaa", "--source", "zenodo"]) == [1, 2, 3])
            #expect(try await ids(["--source", "NOAA"]) == [])
            try await searchable.database.run(
                """
                UPDATE datasets SET updated_at = '2020-02-29 12:00Z' WHERE id = 1;
                UPDATE datasets SET updated_at = '2021-01-01 00:00Z' WHERE id = 2
                """)
            #expect(try await ids(["--since", "2020-03-01"]) == [2, 3, 4])
            #expect(try await ids(["--since", "2020-02-29T12:00:00Z"]) == [1, 2, 3, 4])
            #expect(try await ids(["--since", "2020-02-29 14:30+02:00"]) == [2, 3, 4])
            #expect(try await ids(["--since", "2021-01-01T00:00:00.5Z", "--source", "noaa"]) == [])
        }
    }

    /// The rows that a question finds, and those that its words find.
    private func found(
        _ searchable: Searchable, _ question: String, byWords: Bool = false
    ) async throws -> [Int] {
        let outcome = try await searchable.search([question, "--explain"])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        let lines = outcome.outputLines.filter { !byWords || !$0.contains(#""keyword_rank":null"#) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try lines.map { try decoder.decode(HitLine.self, from: Data($0.utf8)).id }.sorted()
    }

    @Test("excludes what follows a minus from both arms, and takes a dash for none")
    func operators() async throws {
        try await withSearchable { searchable in
            let others = try await found(searchable, "wind -rain")
            #expect(others == [1, 3, 4])
            #expect(try await found(searchable, #"wind -"city bus" -gene"#) == [1, 2])
            #expect(try await found(searchable, #""rain and wind"-gene"#) == [1, 2, 3])
            // Its stem is that of "snow", in documents and in questions.
            #expect(try await found(searchable, "bus -snows") == [1, 2, 4])
            #expect(try await found(searchable, "sea - rain") == [1, 2, 3, 4])

            #expect(try await found(searchable, "sea OR bus", byWords: true) == [1, 3])

            // So many rows have the first word that those with any word are not looked for.
            try await searchable.database.run(
                """
                INSERT INTO datasets (title, enrichment_status) SELECT 'gene ' || i, 'enriched' FROM generate_series(1, 25) AS i;
                INSERT INTO datasets (title, enrichment_status) VALUES ('gene bus', 'enriched')
                """)
            let run = try await searchable.datasets.run(["run", "--model", searchable.model])
            #expect(run.exitStatus == 0, "\(run.standardError)")
            let id = try await searchable.database.number("SELECT max(id) FROM datasets")
            #expect(try await found(searchable, "gene - bus", byWords: true).contains(id))
            #expect(try await !found(searchable, "gene -bus", byWords: true).contains(id))
        }
    }

    @Test("knows rows without metrics, dates and sources, and tables that have no such columns")
    func columns() async throws {
        try await withSearchable { searchable in
            try await searchable.database.run(
                "UPDATE datasets SET download_count = NULL, view_count = NULL, title = '' WHERE id = 1")
            let unknown = try await searchable.search(["sea"]).hits
            #expect(unknown.count == 4 && unknown.allSatisfy { $0.parts.static == 0.5 })
            try await searchable.database.run(
                """
                ALTER TABLE datasets DROP COLUMN download_count, DROP COLUMN view_count, DROP COLUMN updated_at,
                    DROP COLUMN created_at, DROP COLUMN source
                """)
            let outcome = try await searchable.search(["sea"])
            #expect(outcome.exitStatus == 0 && outcome.standardError.isEmpty, "\(outcome.standardError)")
            let hits = try outcome.hits
            #expect(hits.count == 4 && hits.allSatisfy { $0.source == nil && $0.parts.static == 0.5 })
            #expect(hits.allSatisfy { abs($0.parts.ageFactor - 0.925) < 1e-9 })
            for (filter, option) in [("--source", "--source-column"), ("--since", "--date-column")] {
                let value = filter == "--since" ? "2020-01-01" : "noaa"
                try await searchable.search(["sea", filter, value]).expectNoSearch(78, naming: ["datasets", option])
            }
        }
    }

    @Test("of an empty table finds nothing, and of one without a vector neither")
    func empty() async throws {
        try await withSearchable("") { searchable in
            for rows in ["", "INSERT INTO datasets (title, enrichment_status) VALUES ('sea', 'enriched')"] {
                if !rows.isEmpty { try await searchable.database.run(rows) }
                let outcome = try await searchable.search(["sea"])
                #expect(outcome.exitStatus == 0 && outcome.output.isEmpty, "\(outcome.standardError)")
            }
            let refreshed = try await searchable.datasets.run(["schema", "--search", "--refresh-scores"])
            #expect(refreshed.exitStatus == 0, "\(refreshed.standardError)")
        }
    }

    @Test(
        "goes by meaning alone where a question has no word, and says so",
        arguments: ["!!! ...", "the of and", "?", "; ( )"])
    func noWords(question: String) async throws {
        try await withSearchable { searchable in
            let outcome = try await searchable.search([question])
            #expect(outcome.exitStatus == 0)
            let hits = try outcome.hits
            #expect(hits.count == 4 && hits.allSatisfy { $0.parts.keyword == nil })
            #expect(
                try outcome.logRecords.map { $0["message"] } == [
                    "the question has no word to look for, so meaning alone counts"
                ])
        }
    }

    @Test("answers questions in scripts without blanks", arguments: ["海冰 温度", "ทะเลน้ำแข็ง", "北極の氷", "얼음"])
    func scripts(question: String) async throws {
        try await withSearchable { searchable in
            try await searchable.database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('\(question)', 'enriched')")
            #expect(try await searchable.datasets.run().exitStatus == 0)
            let outcome = try await searchable.search([question])
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(try outcome.hits.count == 5)
            #expect(try outcome.hits.first?.title == question)
            // What stands between blanks is a word.
            #expect(try (outcome.hits.first?.parts.keyword ?? 0) > 0.5)
        }
    }

    @Test("says how much of a question the model does not read")
    func longQuestion() async throws {
        try await withSearchable { searchable in
            let outcome = try await searchable.search([String(repeating: "sea ", count: 500)])
            #expect(outcome.exitStatus == 0)
            let records = try outcome.logRecords
            #expect(records.map { $0["message"] } == ["the model reads the beginning of the question only"])
            #expect(records.first?["tokens_lost"] == "462")
            #expect(try outcome.hits.first?.title == "sea ice")
        }
    }
}
