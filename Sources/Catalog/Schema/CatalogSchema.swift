public import DatasetTable
public import Logging
public import Postgres

/// What `catalog-fetch` needs, printed or created by `embedding-job schema --catalog`.
public struct CatalogSchema: Sendable {
    private let subject: SchemaSubject
    private let names: DatasetNames
    private let values: [String: String]

    /// Composes the DDL for the table that a schema is of, whether it exists or not.
    public init(of schema: TableSchema, _ names: DatasetNames) {
        subject = schema.subject
        self.names = names
        values = [
            "{TABLE}": subject.table, "{SCHEMA}": subject.schemaPrefix, "{KEY}": subject.keyType,
            "{SCHEMAS}": subject.schemas.joined(separator: ", "),
            "{ORIGIN}": TableSchema.quote(names.source), "{SOURCE_REF}": TableSchema.quote(names.sourceRef),
            "{TAGS}": TableSchema.quote(names.tags), "{CREATED}": TableSchema.quote(names.created),
            "{SOURCE_INDEX}": TableSchema.quote("\(subject.name)_source_ref"),
            "{CONCURRENTLY}": TableSchema.concurrently(isPartitioned: subject.isPartitioned),
        ]
    }

    private func statement(_ file: SQLFile) -> PostgresStatement {
        PostgresStatement(name: file.name, sql: SQLFile.fill(file.text, values))
    }

    /// What changes the table and makes others, in the order in which it runs.
    private var files: [SQLFile] {
        [.schemaCatalogColumns] + (subject.exists ? [] : [.schemaCatalogNew]) + [.schemaCatalogTables]
    }

    /// The DDL and, as comments, the grants, as a script for psql.
    public var script: String {
        (files + [.schemaCatalogIndex, .schemaCatalogGrants]).map { statement($0).sql }.joined(separator: "\n")
    }

    /// Creates what is missing, and gives rows of before a reference; throws a `RunFailure` if the server objects.
    public func apply(_ session: PostgresSession, log: Logger) async throws {
        for file in files { try await session.change(statement(file)) }
        let table = try await Preflight(session: session, names: names, log: log).check(for: .status)
        try await buildIndex(of: table, session)
        try await ReferenceAdoption(try await CatalogTable(of: names, session: session, log: log), log: log).adopt()
    }

    /// Builds the index, unless there is one; what is left of an attempt that failed is removed first.
    private func buildIndex(of table: ResolvedTable, _ session: PostgresSession) async throws {
        let indexes = try await session.readOnly {
            try await session.execute(
                SQLFile.catalogSourceIndex.statement,
                [.oid(table.oid), .text(names.source), .text(names.sourceRef)])
        }
        for row in indexes {
            if try row.bool("is_valid") { return }
            let concurrently = TableSchema.concurrently(isPartitioned: subject.isPartitioned)
            try await session.change(
                PostgresStatement(
                    name: "drop invalid index", sql: "DROP INDEX\(concurrently) \(try row.text("quoted"))"))
        }
        try await session.change(statement(.schemaCatalogIndex))
    }
}
