public import Logging
public import Postgres

/// The database objects of a new user, printed or created by `embedding-job schema`.
///
/// Besides it only `embedding-job backfill` runs DDL, for a change of the model.
public struct TableSchema: Sendable {
    /// The statements in the order in which they run; each index is a statement of its own, because `CONCURRENTLY` does not
    /// work inside a transaction.
    public let statements: [PostgresStatement]

    private let names: DatasetNames

    /// Composes the DDL for the given names.
    ///
    /// - Parameters:
    ///   - names: Table and columns.
    ///   - dimension: The number of components of the vector column.
    ///   - hnsw: Whether to add an HNSW index for nearest-neighbor search.
    public init(names: DatasetNames, dimension: Int, hnsw: Bool) {
        self.names = names
        let table = names.table.split(separator: ".").map(String.init)
        let prefix = "\(table.last ?? names.table)_\(names.column)"
        let values = [
            "{TABLE}": table.map(Self.quote).joined(separator: "."), "{DIMENSION}": String(dimension),
            "{SCHEMA}": table.dropLast().map { Self.quote($0) + "." }.joined(), "{KEY}": "bigint",
            "{ID}": Self.quote(names.id), "{TITLE}": Self.quote(names.title),
            "{DESCRIPTION}": Self.quote(names.description), "{STATUS}": Self.quote(names.status),
            "{ACTIVE}": Self.quote(names.active), "{COLUMN}": Self.quote(names.column),
            "{STATUS_VALUE}": "'"
                + names.statusValue.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "''") + "'",
            "{PENDING_INDEX}": Self.quote(prefix + "_pending"), "{HNSW_INDEX}": Self.quote(prefix + "_hnsw"),
        ]
        let files: [SQLFile] =
            [.schemaTable, .schemaLedger, .schemaState, .schemaModelTable, .schemaPendingIndex]
            + (hnsw ? [.schemaHnswIndex] : [])
        statements = files.map { PostgresStatement(name: $0.name, sql: SQLFile.fill($0.text, values)) }
    }

    /// The DDL as a script for psql.
    public var script: String { statements.map(\.sql).joined(separator: "\n") }

    /// Creates what is missing, and brings side tables of an earlier version up to date.
    public func apply(_ session: PostgresSession, log: Logger) async throws {
        let (table, rest) = (statements.prefix(1), statements.dropFirst())
        for statement in table { try await session.executeScript(statement, timeout: .seconds(3600)) }
        // A side table may be shared, and lie in another schema than the one that a new table would be created in.
        let existing = try await SideTableMigration(names: names, session: session, log: log).migrate()
        let done = existing.map { $0.schema.name }
        for statement in rest where !done.contains(statement.name) {
            try await session.executeScript(statement, timeout: .seconds(3600))
        }
    }

    /// Quotes an identifier, for objects that do not exist yet and that no catalog can quote.
    ///
    /// Snake-case names with an underscore are no keywords of SQL and stay as they are, so the script reads well for
    /// the usual names.
    package static func quote(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
        if isPlain, name.contains("_") || ["datasets", "id", "title", "description", "embedding"].contains(name) {
            return name
        }
        return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension SideTable {
    /// The file that creates the table.
    fileprivate var schema: SQLFile {
        switch self {
        case .ledger: .schemaLedger
        case .state: .schemaState
        }
    }
}
