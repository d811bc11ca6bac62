import ComputeTestSupport
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("embedding-job search, before it finds anything,", .requiresPostgres, .timeLimit(.minutes(30)))
struct SearchRefusalTests {
    @Test(
        "refuses a question that cannot be asked, and never shows the whole table",
        arguments: [
            ([""], "no words"), (["  \t "], "no words"), (["--", "-sea"], "no words"), ([#""""#], "no words"),
            ([String(repeating: "a", count: 2001)], "2001 bytes"), ([], "question"), (["sea", "ice"], "ice"),
        ])
    func question(arguments: [String], mention: String) async throws {
        try await withSearchable { searchable in
            try await searchable.search(arguments).expectNoSearch(64, naming: [mention])
        }
    }

    @Test("refuses bytes that are not UTF-8, in the question and beside it")
    func notUTF8() async throws {
        try await withSearchable { searchable in
            for words in [#"$'sea\xff'"#, #"$'\xc3'"#, #"$'\xed\xa0\x80'"#, #"sea --source $'\xff'"#] {
                let launcher = ["/bin/bash", "-c", "exec \"$0\" \"$@\" \(words)"]
                try await searchable.search([], launcher: launcher).expectNoSearch(64, naming: ["UTF-8"])
            }
        }
    }

    @Test(
        "refuses values that mean nothing",
        arguments: [
            ["--since", "yesterday"], ["--since", "2023-02-29"], ["--since", "2024-04-31"], ["--since", "0000-01-01"],
            ["--since", "2024-01-01T24:30"], ["--since", "2024-01-01 10:60"], ["--since", "2024-01-01T10:00+99"],
            ["--since", "٢٠٢٤-01-01"], ["--since", ""], ["--limit", "0"], ["--fusion", "best"],
            ["--weights", "1,1"], ["--weights", "0,1,1"], ["--weights", "nan,1,1"], ["--age-floor", "1.1"],
            ["--half-life", "0"], ["--metric", "view_count"], ["--metric", "view_count=0"],
        ])
    func value(arguments: [String]) async throws {
        try await BuiltExecutable().run(["search", "sea"] + arguments).expectNoSearch(64, naming: [arguments[0]])
    }

    /// What a database lacks, and what the one line says.
    private static let lacks = [
        ("DROP TABLE embedding_document", ["embedding_document", "embedding-job schema --search --apply"]),
        ("DROP TABLE embedding_scale", ["embedding_scale", "embedding-job schema --search --apply"]),
        ("DROP TABLE embedding_word", ["embedding_word", "embedding-job schema --search --apply"]),
        ("DROP TABLE embedding_scale, embedding_word", ["embedding_scale", "embedding_word"]),
        ("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'", ["0.7.4", "ALTER EXTENSION"]),
        ("UPDATE pg_extension SET extversion = '0.4.9' WHERE extname = 'vector'", ["0.4.9", "ALTER EXTENSION"]),
        ("ALTER TABLE embedding_document DROP COLUMN document", ["embedding_document", "document"]),
        ("ALTER TABLE datasets RENAME embedding TO other", ["embedding", "--column"]),
    ]

    @Test("names what the database lacks, and what mends it", arguments: lacks)
    func lack(sql: String, mentions: [String]) async throws {
        try await withSearchable { searchable in
            try await searchable.database.run(sql)
            try await searchable.search(["sea"]).expectNoSearch(78, naming: mentions)
        }
    }

    @Test("names columns that cannot be used")
    func columns() async throws {
        try await withSearchable { searchable in
            for arguments in [["--metric", "absent=1"], ["--metric", "title=1"]] {
                try await searchable.search(["sea"] + arguments).expectNoSearch(78, naming: ["--metric"])
            }
            for arguments in [["--date-column", "absent"], ["--date-column", "title"]] {
                try await searchable.search(["sea"] + arguments).expectNoSearch(78, naming: ["--date-column"])
            }
            try await searchable.search(["sea", "--table", "absent"]).expectNoSearch(78, naming: ["absent"])
        }
    }

    @Test("warns of a pgvector whose HNSW index may lose rows, where there is one")
    func lossyIndex() async throws {
        try await withSearchable { searchable in
            try await searchable.database.run("UPDATE pg_extension SET extversion = '0.8.3' WHERE extname = 'vector'")
            #expect(try await searchable.search(["sea"]).standardError.isEmpty)
            try await searchable.database.run(
                "CREATE INDEX by_meaning ON datasets USING hnsw (embedding vector_cosine_ops)")
            let outcome = try await searchable.search(["sea"])
            #expect(outcome.exitStatus == 0)
            #expect(try outcome.hits.count == 4)
            let records = try outcome.logRecords
            #expect(records.map { $0["level"] } == ["warning"] && records.first?["version"] == "0.8.3")
            #expect(records.first?["remedy"]?.contains("REINDEX") == true)
        }
    }

    @Test("answers no question by another model than the column's")
    func otherModel() async throws {
        try await withSearchable { searchable in
            let other = try await RandomModel(in: searchable.datasets.job, named: "other", ["--seed", "2"])
            let wide = try await RandomModel(in: searchable.datasets.job, named: "wide", ["--dimension", "48"])
            try await searchable.search(["sea", "--model", other.path])
                .expectNoSearch(78, naming: ["public.datasets.embedding holds vectors of the model"])
            try await searchable.search(["sea", "--model", wide.path])
                .expectNoSearch(78, naming: ["32 components, the model gives 48"])
            // What a change of the model has noted says the same.
            try await searchable.database.run("DELETE FROM embedding_state")
            #expect(try await searchable.search(["sea"]).exitStatus == 0)
        }
    }

    @Test("ranks by places if nobody has measured the model, says so, and refuses weights")
    func uncalibrated() async throws {
        try await withSearchable { searchable in
            let outcome = try await searchable.search(["sea ice", "--model", Fixtures.toyModel])
            #expect(outcome.exitStatus == 0)
            #expect(try outcome.hits.map(\.id).sorted() == [1, 2, 3, 4])
            #expect(try outcome.logRecords.map { $0["remedy"] } == ["Scripts/calibrate-search"])
            #expect(try outcome.logRecords.first?["message"]?.contains("ranked by places") == true)
            try await searchable.search(["sea", "--model", Fixtures.toyModel, "--fusion", "weighted"])
                .expectNoSearch(78, naming: ["--fusion rrf", "Scripts/calibrate-search"])
            let chosen = try await searchable.search(["sea ice", "--fusion", "rrf"])
            #expect(chosen.exitStatus == 0 && chosen.standardError.isEmpty)
            #expect(try chosen.hits.first?.title == "sea ice")
        }
    }

    @Test(
        "names what is wrong with search.json",
        arguments: [
            "", "{", "[]", "{}", #"{"a":0.1}"#, #"{"a":"0.1","b":0.6}"#, #"{"a":0.6,"b":0.1}"#, #"{"a":0.1,"b":7}"#,
        ])
    func malformedCalibration(text: String) async throws {
        try await withSearchable { searchable in
            try searchable.datasets.job.write(text, to: "calibrated/search.json")
            try await searchable.search(["sea"]).expectNoSearch(78, naming: ["search.json"])
        }
    }
}
