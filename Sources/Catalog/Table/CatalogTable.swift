public import DatasetTable
public import Logging
public import Postgres

/// The table as a catalog that sources fill, with the two tables that its notes are kept in.
public struct CatalogTable: Sendable {
    let session: PostgresSession
    let table: ResolvedTable
    /// What statements have in place of the placeholders of this module; their own are still to be filled in.
    private let parts: [String: String]
    private let names: [String: String]

    /// Looks everything up and has the server plan what will be asked of it, or throws a `RunFailure` that says what is missing.
    ///
    /// - Parameters:
    ///   - names: Table and columns.
    ///   - session: A connection to the database, which is used from then on.
    ///   - log: Where the lookup of the table warns.
    public init(of names: DatasetNames, session: PostgresSession, log: Logger) async throws {
        self.session = session
        let table = try await Preflight(session: session, names: names, log: log).check(for: .status)
        self.table = table
        let (columns, sideTables) = try await session.readOnly {
            (
                try await ResolvedTable.Column.lookUp(CatalogColumns.names(names), of: table.oid, session),
                try await Self.sideTables(of: table, session)
            )
        }
        parts = try CatalogColumns(names, columns, of: table.quoted).parts
        self.names = sideTables.merging(Self.types(names, columns.merging(table.columns) { $1 })) { $1 }
        try await requireIndex()
        try await tryStatements()
    }

    /// Without the index two runs at once would make two rows of one dataset.
    private func requireIndex() async throws {
        let indexes = try await session.readOnly {
            try await execute(
                .catalogSourceIndex, [.oid(table.oid), .text(table.names.source), .text(table.names.sourceRef)])
        }
        guard try indexes.first?.bool("is_valid") != true else { return }
        throw RunFailure(
            .configuration,
            "\(table.quoted) has no valid unique index on \(table.names.source) and \(table.names.sourceRef); embedding-job schema --catalog --apply makes it, once no two rows have the same of both"
        )
    }

    /// The tables beside the table that notes are kept in, by placeholder.
    private static func sideTables(
        of table: ResolvedTable, _ session: PostgresSession
    ) async throws -> [String: String] {
        var found: [String: String] = [:]
        for row in try await session.execute(SQLFile.catalogSideTables.statement, [.oid(table.oid)]) {
            let name = try row.text("name")
            if try !row.isNull("key_type") && row.oid("key_type") != table.key.typeOID {
                throw RunFailure(
                    .configuration,
                    "\(try row.text("quoted")) was made for keys of another type than \(table.quoted) has; drop it if nothing else uses it, and make it anew with embedding-job schema --catalog --apply"
                )
            }
            found[name == "dataset_fetch" ? "{FETCH}" : "{CURSOR}"] = try row.text("quoted")
        }
        guard found.count == 2 else {
            throw RunFailure(
                .configuration,
                "there is no dataset_fetch or no source_cursor beside \(table.quoted) or on the search path; create them with embedding-job schema --catalog --apply"
            )
        }
        return found
    }

    /// The types that values are cast to, by placeholder.
    static func types(_ names: DatasetNames, _ columns: [String: ResolvedTable.Column]) -> [String: String] {
        var types: [String: String] = [:]
        types["{ORIGIN_TYPE}"] = columns[names.source]?.quotedType
        types["{ORIGIN_SCHEMA}"] = columns[names.source]?.operatorSchema
        types["{REF_TYPE}"] = columns[names.sourceRef]?.quotedType
        types["{REF_SCHEMA}"] = columns[names.sourceRef]?.operatorSchema
        types["{STATUS_TYPE}"] = columns[names.status]?.quotedType
        // The table was looked up without those that only a catalog has.
        types["{ORIGIN}"] = columns[names.source]?.quoted
        types["{SOURCE_REF}"] = columns[names.sourceRef]?.quoted
        types["{CREATED}"] = columns[names.created]?.quoted
        types["{TAGS}"] = columns[names.tags]?.quoted
        return types
    }

    // MARK: - Statements

    /// A statement with the names of the table, of its columns and of its side tables.
    func statement(_ file: SQLFile) -> PostgresStatement {
        let wasGone =
            file.name == SQLFile.catalogUpdate.name
            ? "x.was_gone" : "coalesce(f.error_code OPERATOR(pg_catalog.=) 'gone', false)"
        func text(of row: String) -> String { SQLFile.fill(SQLFile.catalogText.text, ["{ROW}": row]) }
        let wholes = ["{INPUT}": SQLFile.catalogInput.text, "{VALUES}": SQLFile.catalogValues.text]
        let texts = [
            "{PRESENT_TEXT}": text(of: "t"), "{TEXT_OF_V}": text(of: "v"), "{TEXT_OF_W}": text(of: "w"),
            "{WAS_GONE}": wasGone, "{MOST_ATTEMPTS}": String(CatalogQueue.mostAttempts),
        ]
        let filled = [wholes, texts, parts, ["{IS_NEWER}": SQLFile.catalogIsNewer.text]].reduce(file.text) {
            SQLFile.fill($0, $1)
        }
        return PostgresStatement(name: file.name, sql: table.fill(filled, names))
    }

    /// Runs a statement.
    @discardableResult
    func execute(_ file: SQLFile, _ parameters: [PostgresValue]) async throws(PostgresError) -> PostgresResult {
        try await session.execute(statement(file), parameters, timeout: .seconds(60))
    }

    /// Has the server plan all statements, which is enough to know whether this role may run them.
    private func tryStatements() async throws {
        let input = CatalogInput(rows: []).parameters(
            .huggingFace, isAuthoritative: true, keepsVectors: false, key: table.key)
        let trials: [(SQLFile, [PostgresValue])] = [
            (.catalogFind, input), (.catalogUpdate, input), (.catalogInsert, input),
            (
                .catalogNote,
                [
                    .text(""), .keys([], of: table.key), .texts([]), .boolArray([]), .texts([]), .bool(false),
                ]
            ),
            (.catalogRelease, [.text(""), .textArray([])]),
            (.catalogTwin, [.key(nil, of: table.key), .key(nil, of: table.key)]),
            (.fetchClaim, [.text(""), .int4(0)]),
            (.cursorWrite, Array(repeating: .null(PostgresTypeOID.text), count: 6) + [.null(PostgresTypeOID.int8)]),
        ]
        do {
            try await session.readOnly {
                for (file, parameters) in trials {
                    try await StatementTrial(statement(file), parameters).explain(session)
                }
            }
        } catch let error as PostgresError {
            guard case .serverError(let refusal) = error, refusal.disposition != .retry else { throw error }
            throw RunFailure(
                .configuration,
                "the server refuses the statement \"\(refusal.statement)\": \(refusal.explanation); embedding-job schema --catalog prints DDL and grants"
            )
        }
    }
}
