public import Logging
public import Postgres

/// The history of runs and the views for dashboards, printed or created by `embedding-job schema --history`.
public struct HistorySchema: Sendable {
    private let subject: SchemaSubject
    private let names: DatasetNames
    private let values: [String: String]

    /// Composes the DDL for the table that a schema is of, whether it exists or not.
    public init(of schema: TableSchema, _ names: DatasetNames) {
        subject = schema.subject
        self.names = names
        var values = [
            "{TABLE}": subject.table, "{CREATED}": TableSchema.quote(names.created), "{SCHEMA}": subject.schemaPrefix,
            "{COVERAGE}": TableSchema.quote("\(subject.name)_embedding_coverage"),
            "{FAILURES}": TableSchema.quote("\(subject.name)_embedding_failures"),
        ]
        for (placeholder, name) in [
            ("{ID}", names.id), ("{STATUS}", names.status), ("{ACTIVE}", names.active), ("{COLUMN}", names.column),
        ] { values[placeholder] = subject.quotedColumns[name] }
        self.values = values
    }

    /// The DDL of the table and, as comments, the grants; the views need a table that exists.
    public var script: String {
        [SQLFile.schemaHistory, .schemaHistoryGrants].map { $0.statement(filling: values).sql }.joined(separator: "\n")
    }

    /// Creates what is missing, and the views anew; throws a ``RunFailure`` if the server objects.
    public func apply(_ session: PostgresSession, log: Logger) async throws {
        try await session.change(SQLFile.schemaHistory.statement(filling: values))
        let table = try await Preflight(session: session, names: names, log: log).check(for: .status)
        let isTime = table.columns[names.created].map { ["date", "timestamp", "timestamptz"].contains($0.typeName) }
        let age = isTime == true ? "d.{CREATED}::pg_catalog.timestamptz" : "NULL::pg_catalog.timestamptz"
        let views = values.filter { ["{SCHEMA}", "{COVERAGE}", "{FAILURES}"].contains($0.key) }
        let files = [SQLFile.schemaHistoryCoverage] + (table.ledger == nil ? [] : [.schemaHistoryFailures])
        for file in files {
            // The age names a column itself.
            let text = SQLFile.fill(file.text, ["{AGE}": age])
            try await session.change(PostgresStatement(name: file.name, sql: table.fill(text, views)))
        }
    }
}
