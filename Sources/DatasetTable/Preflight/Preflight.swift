public import Logging
public import Postgres

/// Looks at server, table and columns before anything is read, and reports everything that is wrong at once.
///
/// Names are never quoted by the client: they are sent as values, and what the catalog quotes is what statements use. A
/// name with a quote or a semicolon in it is therefore either the name of a column or not found.
public struct Preflight: Sendable {
    let session: PostgresSession
    let names: DatasetNames
    let log: Logger
    private let isDryRun: Bool

    /// Prepares to look at a database.
    ///
    /// - Parameter isDryRun: Whether the run that is prepared writes nothing, so that a standby is as good.
    public init(session: PostgresSession, names: DatasetNames, log: Logger, isDryRun: Bool = false) {
        self.session = session
        self.names = names
        self.log = log
        self.isDryRun = isDryRun
    }

    /// What the table will be used for, which decides what is required.
    public enum Purpose: Sendable {
        /// Only reading.
        case status
        /// Comparing stored vectors with those of a model that gives this many components.
        case verify(dimension: Int)
        /// Changing the ledger of failures, which must exist.
        case ledger
        /// Writing vectors of this many components, made by the model with this fingerprint.
        case run(dimension: Int, model: Fingerprint, replacesOutdated: Bool = false)

        /// Whether nothing will be written, so that the right to read is enough.
        var onlyReads: Bool {
            switch self {
            case .status, .verify: true
            case .ledger, .run: false
            }
        }

        /// The number of components that vectors must have, if it matters.
        var dimension: Int? {
            switch self {
            case .verify(let dimension), .run(let dimension, _, _): dimension
            case .status, .ledger: nil
            }
        }
    }

    /// Confirms the table, or throws a ``RunFailure`` that lists all findings.
    public func check(for purpose: Purpose) async throws -> ResolvedTable {
        var findings: [String] = []
        let server = try await checkServer(purpose, &findings)
        guard let relation = try await checkTable(&findings), let server else { throw Self.failure(findings) }
        let columns = try await lookUpColumns(of: relation.oid)
        checkColumns(columns, in: relation.quoted, &findings)
        checkVectorColumn(columns[names.column], relation.quoted, purpose, &findings)
        guard findings.isEmpty else { throw Self.failure(findings) }

        var table = ResolvedTable(
            names: names, oid: relation.oid, quoted: relation.quoted,
            nameLiteral: try await session.quoteLiteral(relation.quoted), columns: columns,
            vector: server.vector, hasNoEncoding: server.hasNoEncoding,
            statusLiteral: try await session.quoteLiteral(names.statusValue),
            columnLiteral: try await session.quoteLiteral(names.column))
        if purpose.onlyReads { return try await addingReadableSideTables(to: table) }
        let warnings = SideTableWarnings(log: log)
        table.ledger = try await lookUp(.ledger, for: table, warnings)
        guard case .run(_, let model, let replacesOutdated) = purpose else {
            guard table.ledger != nil else {
                throw RunFailure(.configuration, "there is no embedding_failure table that this role may write")
            }
            return table
        }
        table.state = try await lookUp(.state, for: table, warnings)
        guard table.state != nil || !replacesOutdated else { throw RunFailure.staleNeedsState }
        table.searchIndexes = try await advise(on: table)
        if !replacesOutdated { try await checkModels(table, model) }
        return table
    }

    private static func failure(_ findings: [String]) -> RunFailure {
        RunFailure(.configuration, findings.joined(separator: "; "))
    }

    // MARK: - Server

    /// What the table's statements depend on.
    private struct Server {
        let vector: ResolvedTable.VectorType
        let hasNoEncoding: Bool
    }

    /// The first version with HNSW indexes; nothing older is supported.
    private static let oldestPgvector = ExtensionVersion("0.5.0")

    private func checkServer(_ purpose: Purpose, _ findings: inout [String]) async throws -> Server? {
        guard let server = try await session.execute(SQLFile.catalogServer.statement).first else { return nil }
        if case .run = purpose, !isDryRun, try server.bool("in_recovery") {
            findings.append("the server at \(session.endpoint) is a read-only standby; name the primary")
        }
        let encoding = try server.text("server_encoding")
        let hasNoEncoding = encoding == "SQL_ASCII"
        if hasNoEncoding {
            log.warning(
                "the database has no encoding; rows whose bytes are not UTF-8 will fail",
                metadata: metadata([.database: encoding]))
        } else if encoding != "UTF8" {
            log.warning(
                "the database is not UTF8; a character that cannot be converted to it ends the run",
                metadata: metadata([.database: encoding]))
        }
        guard try !server.isNull("vector_oid") else {
            findings.append(
                "the extension pgvector is not installed in this database; run CREATE EXTENSION vector, or embedding-job schema --apply"
            )
            return nil
        }
        let version = ExtensionVersion(try server.text("pgvector_version"))
        if version < Self.oldestPgvector {
            findings.append(
                "pgvector is version \(version) in this database, \(Self.oldestPgvector) is the oldest that will do; install a newer one, then ALTER EXTENSION vector UPDATE"
            )
        }
        let vector = ResolvedTable.VectorType(
            quoted: try server.text("vector_type"), oid: try server.oid("vector_oid"),
            arrayOID: try server.oid("vector_array_oid"), version: version)
        return Server(vector: vector, hasNoEncoding: hasNoEncoding)
    }

    // MARK: - Table and columns

    private func checkTable(_ findings: inout [String]) async throws -> (oid: UInt32, quoted: String)? {
        guard let row = try await session.execute(SQLFile.catalogTable.statement, [.text(names.table)]).first else {
            findings.append(
                "table \(names.table) does not exist or is not on the search path; name it with --table, or create it with embedding-job schema --apply"
            )
            return nil
        }
        let quoted = try row.text("quoted")
        let kind = try row.text("kind")
        guard kind == "r" || kind == "p" else {
            findings.append("\(quoted) is not a table (relkind \(kind)); name the table itself with --table")
            return nil
        }
        if try !row.isNull("heirs") {
            // A unique index holds for one table alone, so a key may stand for a row in each of them. ONLY would leave the
            // rows of the others without vectors and say that nothing is left.
            let heirs = try row.text("heirs")
            findings.append(
                "tables inherit from \(quoted) that are not its partitions, so a key may stand for several rows: \(heirs); attach them as partitions, or end it with ALTER TABLE … NO INHERIT \(quoted), and name each table in a run of its own"
            )
            return nil
        }
        if try row.bool("row_security") {
            log.warning(
                "row-level security hides rows of this table from this role; they will not be embedded",
                metadata: metadata([.remedy: "ALTER ROLE … BYPASSRLS, or a policy for this role"]))
        }
        return (try row.oid("oid"), quoted)
    }

    private func lookUpColumns(of table: UInt32) async throws(PostgresError) -> [String: ResolvedTable.Column] {
        try await ResolvedTable.Column.lookUp(
            [names.id, names.title, names.description, names.status, names.active, names.column, names.created],
            of: table, session)
    }

    private func checkColumns(
        _ columns: [String: ResolvedTable.Column], in table: String, _ findings: inout [String]
    ) {
        for (name, option) in [
            (names.id, "--id-column"), (names.title, "--title-column"), (names.description, "--description-column"),
            (names.status, "--status-column"), (names.active, "--active-column"), (names.column, "--column"),
        ] {
            guard let column = columns[name] else {
                findings.append("\(table) has no column \(name); name it with \(option)")
                continue
            }
            if !column.maySelect {
                findings.append("this role may not read \(table).\(name); GRANT SELECT (\(column.quoted)) ON \(table)")
            }
        }
        if let active = columns[names.active], active.typeName != "bool" {
            findings.append(
                "\(table).\(names.active) is \(active.type), not boolean; name another with --active-column")
        }
        guard let id = columns[names.id] else { return }
        if !["int4", "int8", "uuid", "text"].contains(id.typeName) {
            findings.append("\(table).\(names.id) is \(id.type); a key is integer, bigint, uuid or text")
        }
        if !id.isUnique {
            findings.append("\(table).\(names.id) has no unique index of its own; a key must identify one row")
        }
    }

    private func checkVectorColumn(
        _ column: ResolvedTable.Column?, _ table: String, _ purpose: Purpose, _ findings: inout [String]
    ) {
        guard let column, let dimension = purpose.dimension else { return }
        guard column.typeName == "vector" || column.typeName == "halfvec" else {
            findings.append("\(table).\(column.name) is \(column.type), not vector; name a vector column with --column")
            return
        }
        if column.modifier > 0, column.modifier != dimension {
            findings.append(
                "\(table).\(column.name) holds vectors of \(column.modifier) components, the model gives \(dimension); use the model the column was made for, or another column"
            )
        }
        if !column.mayUpdate, !purpose.onlyReads {
            findings.append(
                "this role may not write \(table).\(column.name); GRANT UPDATE (\(column.quoted)) ON \(table)")
        }
    }

    // MARK: - Side tables

    /// A side table that can be used, quoted; otherwise the run goes on without it, after one warning.
    ///
    /// One that an earlier version made ends it.
    private func lookUp(
        _ sideTable: SideTable, for table: ResolvedTable, _ warnings: SideTableWarnings
    ) async throws -> String? {
        switch try await sideTable.lookUp(for: table, session) {
        case .usable(let quoted): return quoted
        case .unusable(.earlierVersion): throw RunFailure.earlierVersion(sideTable)
        case .unusable(let problem):
            await warnings.warn(sideTable, problem)
            return nil
        }
    }

    /// Refuses to mix the vectors of two models in one column; a few foreign ones are only worth a warning.
    private func checkModels(_ table: ResolvedTable, _ model: Fingerprint) async throws {
        guard table.state != nil else { return }
        let rows = try await table.models(of: table.vectorColumn, session)
        let foreign = rows.filter { $0.key != model }
        let (count, total) = (foreign.values.reduce(0, +), rows.values.reduce(0, +))
        guard let other = foreign.max(by: { $0.value < $1.value }) else { return }
        let names =
            "\(other.key) in \(count) of \(total) vectors, \(model) in this run"
        guard 5 * count <= total else {
            throw RunFailure(
                .mixedModel,
                "\(table.quoted) holds vectors of another model: \(names); use that model, or change the model with embedding-job backfill"
            )
        }
        log.warning("some vectors come from another model", metadata: metadata([.fingerprint: names]))
    }
}
