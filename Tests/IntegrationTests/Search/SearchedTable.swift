import ComputeTestSupport
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// A table with some rows for the toy model, by whatever names, that is searched by the command and by the SQL function.
struct SearchedTable {
    let database: TemporaryDatabase
    let job: BuiltExecutable
    /// The options that name the table.
    let names: [String]
    /// The options that name the columns of scores, which drains do not know.
    let score: [String]
    /// Its function, quoted.
    let function: String

    /// Takes a table that exists and has rows, and does everything up to the first search.
    init(
        _ database: TemporaryDatabase, names: [String] = [], score: [String] = [],
        function: String = "search_datasets"
    ) async throws {
        (self.database, job, self.names, self.score) = (database, try BuiltExecutable(), names, score)
        self.function = function
        let folder = job.folder.appending(path: "toy")
        try FileManager.default.copyItem(at: URL(filePath: Fixtures.toyModel), to: folder)
        // Random weights make all texts similar.
        try job.write(#"{"a": 0.2, "b": 0.98}"#, to: "toy/search.json")
        _ = try await run(["schema", "--search", "--apply"] + names + score)
        _ = try await run(["run"] + names)
        _ = try await run(["schema", "--search", "--refresh-scores"] + names + score)
    }

    private func run(_ arguments: [String], url: String? = nil) async throws -> BuiltExecutable.Outcome {
        let outcome = try await job.run(
            arguments, environment: ["DATABASE_URL": url ?? database.url, "EMBEDDING_MODEL": "./toy"])
        #expect(outcome.exitStatus == 0, "\(arguments): \(outcome.standardError)")
        return outcome
    }

    /// Titles, sources, downloads, likes and dates of rows, as a query of five columns.
    static let rows = """
        SELECT concat_ws(' ', (ARRAY['sea', 'ice', 'rain', 'wind', 'city', 'bus', 'gene'])[1 + i % 7],
                (ARRAY['sea', 'ice', 'rain', 'wind', 'city'])[1 + i % 5], 'a ' || i) AS title,
            (ARRAY['North', 'South', NULL])[1 + i % 3] AS source, nullif(i * i % 97, 5) AS downloads,
            i % 11 AS likes, CASE WHEN i % 13 > 0 THEN now() - i * interval '20 days' END AS date
        FROM generate_series(1, 60) i
        """

    // MARK: - Both ways to search

    /// What both say of a row.
    struct Hit {
        let id: String
        let title: String?
        let source: String?
        /// The score and all its parts, in the order of the function's columns.
        let numbers: [Double?]
    }

    /// The columns of numbers, and where the command's lines have them.
    static let numberColumns = [
        "score", "semantic", "keyword", "static", "age_factor", "similarity", "coverage", "cover_density", "age_days",
        "semantic_rank", "keyword_rank",
    ]

    /// Asks the command.
    func ask(_ question: String, _ options: [String], url: String? = nil) async throws -> [Hit] {
        let arguments = ["search", "--json", "--explain", "--limit", "400"] + options + names + score
        let outcome = try await run(arguments + ["--", question], url: url)
        return try outcome.outputLines.map { line in
            let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let nested = ["parts", "explain"].compactMap { record[$0] as? [String: Any] }
            let all = nested.reduce(record) { $0.merging($1) { $1 } }
            return Hit(
                id: "\(try #require(all["id"]))", title: all["title"] as? String, source: all["source"] as? String,
                numbers: Self.numberColumns.map { (all[$0] as? NSNumber)?.doubleValue })
        }
    }

    /// Calls the function.
    ///
    /// - Parameters:
    ///   - question: The question.
    ///   - words: What of it the model reads.
    ///   - arguments: More arguments, such as `, fusion => 'rrf'`.
    func call(_ question: String, words: String, _ arguments: String, url: String? = nil) async throws -> [Hit] {
        let encoder = try Fixtures.toyEncoder()
        let vector = try #require(try await encoder.encode([encoder.tokenizeQuery(words)]).first)
        let numbers = Self.numberColumns.map { "\($0)::float8" }.joined(separator: ", ")
        let statement = PostgresStatement(
            name: "call",
            sql: """
                SELECT id::text AS label, title, source, \(numbers)
                FROM \(function)($1::text, '\(vector)', max_results => 400\(arguments))
                """)
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "tests")
        let rows = try await session.execute(statement, [.text(question)])
        await session.close()
        return try rows.map { row in
            func optional<Value>(
                _ column: String, _ read: (PostgresColumnSelector) throws -> Value
            ) throws -> Value? {
                let selector = PostgresColumnSelector(stringLiteral: column)
                return try row.isNull(selector) ? nil : try read(selector)
            }
            return Hit(
                id: try row.text("label"), title: try optional("title") { try row.text($0) },
                source: try optional("source") { try row.text($0) },
                numbers: try Self.numberColumns.map { try optional($0) { try row.float8($0) } })
        }
    }
}
