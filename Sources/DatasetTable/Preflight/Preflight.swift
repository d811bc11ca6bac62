public import Logging
public import Postgres

/// Looks at server, table and columns before anything is read, and reports everything that is wrong at once.
///
/// Names are never quoted by the client: they are sent as values, and what the catalog quotes is what statements use. A
/// name with a quote or a semicolon in it is therefore either the name of a column or not found.
public struct Preflight: Sendable {
    package let session: PostgresSession
    let names: DatasetNames
    let log: Logger
    private let isDryRun: Bool

    /// Prepares to look at a database; for a run that writes nothing (`isDryRun`) a standby is as good.
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
        /// Comparing them with the vector of a question: neither descriptions nor failures are read.
        case search(dimension: Int)
        /// Changing the ledger of failures, which must exist.
        case ledger
        /// Writing vectors of this many components, made by the model with this fingerprint, and documents if they are of the
        /// column that searches use.
        case run(
            dimension: Int, model: Fingerprint, replacesOutdated: Bool = false, writesDocuments: Bool = false)

        /// Whether nothing will be written, so that the right to read is enough.
        var onlyReads: Bool {
            switch self {
            case .status, .verify, .search: true
            case .ledger, .run: false
            }
        }

        /// Whether the column of this name is read.
        func reads(_ name: String, _ names: DatasetNames) -> Bool {
            if case .search = self { name != names.description || name == names.title } else { true }
        }

        /// The number of components that vectors must have, if it matters.
        var dimension: Int? {
            switch self {
            case .verify(let dimension), .search(let dimension), .run(let dimension, _, _, _): dimension
            case .status, .ledger: nil
            }
        }
    }

    /// Confirms the table, or throws a ``RunFailure`` that lists all findings.
    public func check(for purpose: Purpose) async throws -> ResolvedTable {
        try await check(for: purpose) { table in
            switch purpose {
            case .status: TableStatus.trials(table)
            case .ledger: FailureLedger.trials(table)
            case .verify, .search, .run: []
            }
        }
    }

    /// Confirms the table for statements that the server is to look at as well, or throws a ``RunFailure`` that lists all
    /// findings.
    ///
    /// - Parameters:
    ///   - purpose: What the table is checked for.
    ///   - trials: The statements for a table as it will be used; a side table that they cannot use is left out.
    package func check(
        for purpose: Purpose, trying trials: @Sendable (ResolvedTable) -> [StatementTrial]
    ) async throws -> ResolvedTable {
        try await onTrial { try await checkInTransaction(purpose, trials) }
    }

    /// Looks at the database in a transaction of its own, in which the server may refuse statements.
    nonisolated(nonsending) func onTrial<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await session.readOnly {
            try await session.executeScript(SQLFile.trialSavepoint.statement)
            return try await body()
        }
    }

    private func checkInTransaction(
        _ purpose: Purpose, _ trials: @Sendable (ResolvedTable) -> [StatementTrial]
    ) async throws -> ResolvedTable {
        var findings = PreflightFindings()
        let server = try await checkServer(purpose, &findings)
        guard let relation = try await checkTable(&findings), let server else { throw findings.failure }
        let columns = try await lookUpColumns(of: relation.oid)
        try await checkColumns(columns, in: relation.quoted, for: purpose, &findings)
        checkVectorColumn(columns[names.column], relation.quoted, purpose, &findings)

        var table = ResolvedTable(
            names: names, oid: relation.oid, name: relation.name, quoted: relation.quoted,
            nameLiteral: try await session.quoteLiteral(relation.quoted), columns: columns, vector: server.vector,
            hasNoEncoding: server.hasNoEncoding, hasLaterTriggers: relation.hasLaterTriggers,
            statusLiteral: try await session.quoteLiteral(names.statusValue),
            columnLiteral: try await session.quoteLiteral(names.column))
        guard findings.isEmpty else {
            try await probe(table, for: purpose, &findings)
            throw findings.failure
        }
        if case .search = purpose { return table }
        if purpose.onlyReads {
            return try await trying(
                trials, on: addingReadableSideTables(to: table), for: purpose, leavingOut: leaveOut)
        }
        let warnings = SideTableWarnings(log: log)
        table.ledger = try await lookUp(.ledger, for: table, warnings)
        if case .run(_, _, _, let writesDocuments) = purpose {
            table.state = try await lookUp(.state, for: table, warnings)
            // Words can be told apart in no text of an unknown encoding.
            if writesDocuments, !server.hasNoEncoding {
                table.document = try await lookUp(.document, for: table, warnings)
            }
        }
        table = try await trying(trials, on: table, for: purpose, leavingOut: { await warnings.warn($0, $1) })
        guard case .run(_, let model, let replacesOutdated, _) = purpose else {
            guard table.ledger != nil else {
                throw RunFailure(.configuration, "there is no embedding_failure table that this role may write")
            }
            return table
        }
        guard table.state != nil || !replacesOutdated else { throw RunFailure.staleNeedsState }
        try await checkKeys(table, &findings)
        guard findings.isEmpty else { throw findings.failure }
        table.searchIndexes = try await advise(on: table)
        if !replacesOutdated { try await checkModels(table, model) }
        return table
    }

    // MARK: - Server

    /// What the table's statements depend on.
    private struct Server {
        let vector: ResolvedTable.VectorType
        let hasNoEncoding: Bool
    }

    /// The first version with HNSW indexes; nothing older is supported.
    private static let oldestPgvector = ExtensionVersion("0.5.0")

    private func checkServer(_ purpose: Purpose, _ findings: inout PreflightFindings) async throws -> Server? {
        guard let server = try await session.execute(SQLFile.catalogServer.statement).first else { return nil }
        if case .run = purpose, !isDryRun, try server.bool("in_recovery") {
            findings.add("the server at \(session.endpoint) is a read-only standby; name the primary")
        }
        let encoding = try server.text("server_encoding")
        let hasNoEncoding = encoding == "SQL_ASCII"
        if hasNoEncoding {
            log.warning(
                "the database has no encoding; rows whose bytes are not UTF-8 will fail",
                metadata: metadata([.database: encoding]))
        } else if encoding != "UTF8" {
            log.warning(
                "the database is not UTF8; rows with a character that has no equivalent there will fail",
                metadata: metadata([.database: encoding]))
        }
        guard try !server.isNull("vector_oid") else {
            findings.add(
                "the extension pgvector is not installed in this database; run CREATE EXTENSION vector, or embedding-job schema --apply"
            )
            return nil
        }
        let version = ExtensionVersion(try server.text("pgvector_version"))
        if version < Self.oldestPgvector {
            findings.add(
                "pgvector is version \(version) in this database, \(Self.oldestPgvector) is the oldest that will do; install a newer one, then ALTER EXTENSION vector UPDATE"
            )
        }
        if try purpose.dimension != nil && !server.bool("may_use_vector") {
            let schema = try server.text("vector_schema")
            findings.add("this role may not use the schema of pgvector; GRANT USAGE ON SCHEMA \(schema)")
        }
        let vector = ResolvedTable.VectorType(
            quoted: try server.text("vector_type"), oid: try server.oid("vector_oid"),
            arrayOID: try server.oid("vector_array_oid"), schema: try server.text("vector_schema"), version: version)
        return Server(vector: vector, hasNoEncoding: hasNoEncoding)
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
        // Whoever does not search has no need of it.
        case .unusable(.absent) where sideTable == .document: return nil
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
