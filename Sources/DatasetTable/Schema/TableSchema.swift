public import Logging
public import Postgres

/// The database objects that a run works with, printed or created by `embedding-job schema`.
///
/// Besides it only `embedding-job backfill` runs DDL, for a change of the model.
public struct TableSchema: Sendable {
    /// The statements in the order in which they run; each index is a statement of its own, because `CONCURRENTLY` does not
    /// work inside a transaction.
    public let statements: [PostgresStatement]
    /// Statements, and what is only there to be read.
    private let parts: [PostgresStatement]

    /// Whether the table does not exist yet.
    public var isOfNewTable: Bool { !subject.exists }
    /// What the DDL is about, for what other modules add to it.
    package let subject: SchemaSubject

    private let names: DatasetNames

    /// Composes the DDL for a database that has none of it.
    ///
    /// - Parameters:
    ///   - names: Table and columns.
    ///   - dimension: The number of components of the vector column.
    ///   - hnsw: Whether to add an HNSW index for nearest-neighbor search.
    public init(names: DatasetNames, dimension: Int, hnsw: Bool) throws(RunFailure) {
        self.init(try SchemaSubject(new: names), names, dimension: dimension, hnsw: hnsw)
    }

    /// Composes the DDL for what a database lacks.
    ///
    /// - Parameters:
    ///   - names: Table and columns.
    ///   - dimension: The number of components that the vector column is to have, if that is said; an existing column must
    ///     then have it.
    ///   - defaultDimension: The number of components of a vector column that is to be made, if nothing is said.
    ///   - hnsw: Whether to add an HNSW index for nearest-neighbor search.
    ///   - session: A connection to the database, where nothing is changed yet.
    ///   - log: Where the lookup of the table warns.
    public init(
        names: DatasetNames, dimension: Int?, defaultDimension: @Sendable () throws -> Int, hnsw: Bool,
        reading session: PostgresSession, log: Logger
    ) async throws {
        let preflight = Preflight(session: session, names: names, log: log)
        let subject = try await preflight.onTrial { try await SchemaSubject(names, in: session, preflight) }
        if let dimension, let existing = subject.dimension, dimension != existing {
            throw RunFailure(
                .configuration,
                "\(subject.table).\(names.column) holds vectors of \(existing) components, not \(dimension); leave out --dimension, or name another column with --column"
            )
        }
        let components = try dimension ?? (subject.storage == nil ? defaultDimension() : 0)
        self.init(subject, names, dimension: components, hnsw: hnsw)
    }

    private init(_ subject: SchemaSubject, _ names: DatasetNames, dimension: Int, hnsw: Bool) {
        self.names = names
        self.subject = subject
        let prefix = "\(subject.name)_\(names.column)"
        let literal = names.statusValue.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        var values = [
            "{TABLE}": subject.table, "{SCHEMA}": subject.schemaPrefix, "{KEY}": subject.keyType,
            "{SCHEMAS}": subject.schemas.joined(separator: ", "), "{DIMENSION}": String(dimension),
            "{VECTOR_SCHEMA}": subject.vectorPrefix, "{STORAGE}": subject.storage ?? "vector",
            "{STATUS_VALUE}": "'\(literal)'", "{STATUS_SCHEMA}": subject.statusSchema,
            "{PENDING_INDEX}": subject.pendingIndex ?? Self.quote(prefix + "_pending"),
            "{HNSW_INDEX}": Self.quote(prefix + "_hnsw"),
            "{CONCURRENTLY}": Self.concurrently(isPartitioned: subject.isPartitioned),
        ]
        for (placeholder, name) in [
            ("{ID}", names.id), ("{TITLE}", names.title), ("{DESCRIPTION}", names.description),
            ("{STATUS}", names.status), ("{ACTIVE}", names.active), ("{COLUMN}", names.column),
        ] { values[placeholder] = subject.quotedColumns[name] }

        var files: [SQLFile] = [.schemaExtension, subject.exists ? .schemaExistingTable : .schemaTable]
        if subject.exists, subject.storage == nil { files.append(.schemaVectorColumn) }
        files += [.schemaLedger, .schemaState, .schemaModelTable]
        if subject.isPartitioned, hnsw || !subject.hasPendingIndex { files.append(.schemaPartitioned) }
        if !subject.hasPendingIndex { files.append(.schemaPendingIndex) }
        if hnsw { files.append(.schemaHnswIndex) }
        files.append(.schemaGrants)
        parts = files.map {
            let text = SQLFile.fill($0.text, ["{PENDING}": subject.pendingCondition])
            return PostgresStatement(name: $0.name, sql: SQLFile.fill(text, values))
        }
        statements = zip(files, parts).filter { !$0.0.line.isEmpty }.map(\.1)
    }

    /// The DDL as a script for psql.
    public var script: String { parts.map(\.sql).joined(separator: "\n") }

    /// Creates what is missing, and brings side tables of an earlier version up to date; throws a ``RunFailure`` if the
    /// server objects.
    public func apply(_ session: PostgresSession, log: Logger) async throws {
        let sideTables = [SQLFile.schemaLedger.name, SQLFile.schemaState.name]
        let first = statements.firstIndex { sideTables.contains($0.name) } ?? statements.endIndex
        for statement in statements[..<first] { try await session.change(statement) }
        // A side table may be shared, and lie in another schema than the one that a new table would be created in.
        let existing = try await SideTableMigration(names: names, session: session, log: log).migrate()
        let done = existing.map { $0.schema.name }
        for statement in statements[first...] where !done.contains(statement.name) {
            try await session.change(statement)
        }
    }

    /// How an index is built while the table stays in use; PostgreSQL does not do that on a partitioned table.
    package static func concurrently(isPartitioned: Bool) -> String { isPartitioned ? "" : " CONCURRENTLY" }

    /// Quotes an identifier, for objects that do not exist yet and that no catalog can quote.
    ///
    /// Snake-case names with an underscore are no keywords of SQL and stay as they are, so the script reads well for
    /// the usual names.
    package static func quote(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
        let usual = ["datasets", "id", "title", "description", "embedding", "public"]
        if isPlain, name.contains("_") || usual.contains(name) { return name }
        return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension SideTable {
    /// The file that creates the table.
    fileprivate var schema: SQLFile {
        switch self {
        case .ledger: .schemaLedger
        case .state: .schemaState
        case .document: .schemaDocument
        }
    }
}
