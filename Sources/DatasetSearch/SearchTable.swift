import DatasetTable
import Logging
import Postgres

/// A table that can be searched, with the statements about it.
struct SearchTable: Sendable {
    let table: ResolvedTable
    let columns: ResolvedSearchColumns
    let names: Names

    /// What a search needs beside the table, quoted by the server.
    struct Names: Sendable {
        let schema, function, ready, scale, word, role: String
        /// `embedding_model`; `nil` if this role may not read it, or if there is none.
        let models: String?
        /// Whether this role may read the table; `nil` if there is none.
        let mayReadScale, mayReadWord, mayReadModels: Bool?
        let isPartitioned: Bool
        /// Whether an index begins with the column of sources.
        let hasSourceIndex: Bool
        /// What `embedding_model` would be called.
        let modelsName: String

        init(_ table: ResolvedTable, _ session: PostgresSession) async throws {
            guard
                let row = try await session.execute(
                    SQLFile.searchNames.statement, [.oid(table.oid), .text(table.names.source)]
                ).first
            else {
                throw RunFailure(.database, "\(table.quoted) has just been dropped; try again")
            }
            func flag(_ column: String) throws(PostgresError) -> Bool? {
                let selector = PostgresColumnSelector(stringLiteral: column)
                return try row.isNull(selector) ? nil : try row.bool(selector)
            }
            schema = try row.text("schema")
            function = try row.text("function")
            ready = try row.text("ready")
            scale = try row.text("scale")
            word = try row.text("word")
            role = try row.text("role")
            isPartitioned = try row.bool("is_partitioned")
            hasSourceIndex = try row.bool("has_source_index")
            modelsName = try row.text("models")
            mayReadModels = try flag("may_read_models")
            models = mayReadModels == true ? modelsName : nil
            mayReadScale = try flag("may_read_scale")
            mayReadWord = try flag("may_read_word")
        }
    }

    /// Looks up the columns that a search needs besides those of the table.
    init(
        _ table: ResolvedTable, _ columns: SearchColumns, _ names: Names, _ session: PostgresSession
    ) async throws {
        self.table = table
        self.columns = try await ResolvedSearchColumns(columns, of: table, session)
        self.names = names
    }

    /// A statement of this module with the names of the table.
    func statement(_ file: SQLFile, _ more: [String: String] = [:]) -> PostgresStatement {
        PostgresStatement(name: file.name, sql: text(of: file, more))
    }

    private func text(of file: SQLFile, _ more: [String: String]) -> String {
        let parts = SQLFile.fill(
            file.text,
            [
                "{NOT_EXCLUDED}": SQLFile.notExcluded.text, "{WORDS_OF_DOCUMENT}": SQLFile.wordsOfDocument.text,
                "{SAMPLE}": SQLFile.documentSample.text,
            ])
        let values = [
            "{SCHEMA}": names.schema, "{SCALE}": names.scale, "{WORD}": names.word,
            "{SOURCE_VALUE}": columns.sourceValue, "{DATE_VALUE}": columns.dateValue, "{FILTER}": columns.filter,
            "{METRIC_COLUMNS}": columns.metricColumns,
            "{QUERY_VECTOR}": "$2::\(table.vector.quoted)::\(table.vectorColumn.quotedType)",
        ]
        return table.fill(parts, values.merging(more) { $1 })
    }

    /// The search itself, which the command sends and the SQL function holds.
    var search: PostgresStatement {
        statement(.search, ["{METRICS}": columns.metricRows { "d.metric_\($0)" }])
    }

    /// The same with each key as text.
    var labelledSearch: PostgresStatement {
        PostgresStatement(
            name: SQLFile.search.name,
            sql: "SELECT s.*, s.id::pg_catalog.text AS label FROM (\(search.sql)) s ORDER BY s.score DESC, s.id")
    }

    /// Throws a `RunFailure` about what is missing for a search.
    func requireSearchable() throws(RunFailure) {
        var problems: [String] = []
        for (name, mayRead) in [(names.scale, names.mayReadScale), (names.word, names.mayReadWord)]
        where mayRead == nil {
            problems.append("\(name) does not exist; run embedding-job schema --search --apply")
        }
        // Without the models nothing would tell a question by another one than the column's; they need not exist.
        for (name, mayRead) in [
            (names.scale, names.mayReadScale), (names.word, names.mayReadWord),
            (names.modelsName, names.mayReadModels),
        ] where mayRead == false {
            problems.append("this role may not read \(name); GRANT SELECT ON \(name) TO \(names.role)")
        }
        guard problems.isEmpty else { throw RunFailure(.configuration, problems.joined(separator: "; ")) }
    }
}
