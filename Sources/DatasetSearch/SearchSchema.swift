public import DatasetTable
public import Logging
public import Postgres
public import SentenceEncoding

/// The database objects that searches work with, printed or created by `embedding-job schema --search`.
public struct SearchSchema: Sendable {
    private let subject: SearchTable
    private let calibration: SearchCalibration?
    private let session: PostgresSession

    /// Looks at a table that exists, or throws a `RunFailure` that says what is wrong with it.
    ///
    /// - Parameters:
    ///   - names: The table.
    ///   - columns: What scores are made of.
    ///   - calibration: That of the column's model, which is the default of the SQL function; without one the function ranks by
    ///     places.
    ///   - session: A connection to the database.
    ///   - log: Where the lookup of the table warns.
    public init(
        of names: DatasetNames, columns: SearchColumns, calibration: SearchCalibration?, session: PostgresSession,
        log: Logger
    ) async throws {
        let preflight = Preflight(session: session, names: names, log: log)
        var table = try await preflight.check(for: .status) { _ in [] }
        guard !table.hasNoEncoding else {
            throw RunFailure(
                .configuration, "the database has no encoding (SQL_ASCII), so no documents can be made of its texts")
        }
        (self.calibration, self.session) = (calibration, session)
        subject = try await session.readOnly {
            let found = try await SideTable.document.lookUp(for: table, to: .read, session)
            let names = try await SearchTable.Names(table, session)
            if case .usable(let quoted) = found {
                table.document = quoted
            } else {
                table.document = "\(names.schema).\(SideTable.document.rawValue)"
            }
            return try await SearchTable(table, columns, names, session)
        }
    }

    /// The statements in the order in which they run.
    private var statements: [PostgresStatement] {
        let defaults = [
            "{READY_FUNCTION}": subject.names.ready, "{SEARCH_FUNCTION}": subject.names.function,
            "{SEARCH}": subject.search.sql, "{FUSION}": calibration == nil ? "'rrf'" : "'weighted'",
            "{FLOOR}": "\(calibration?.random ?? 0)", "{CEILING}": "\(calibration?.match ?? 1)",
        ]
        return [
            subject.statement(.schemaDocument, ["{SCHEMA}": subject.names.schema + "."]),
            subject.statement(.schemaSearchTables), subject.statement(.schemaSearchReady, defaults),
            subject.statement(.schemaSearchFunction, defaults),
        ] + sourceIndex
    }

    /// The index by which the rows of a source are found, unless there is one.
    ///
    /// Sources are compared as text; an index on values of another type would not serve, and some types have none.
    private var sourceIndex: [PostgresStatement] {
        guard let source = subject.columns.source, ["text", "varchar"].contains(source.typeName), !source.isVirtual,
            !subject.names.hasSourceIndex
        else { return [] }
        let values = [
            "{CONCURRENTLY}": TableSchema.concurrently(isPartitioned: subject.names.isPartitioned),
            "{SOURCE_INDEX}": TableSchema.quote("\(subject.table.name)_\(source.name)_search"),
            "{SOURCE_COLUMN}": source.quoted,
        ]
        return [subject.statement(.schemaSearchSource, values)]
    }

    /// The rights of the roles that write documents and that search, as comments.
    private var grants: PostgresStatement {
        let table = subject.table
        let read = [table.names.id, table.names.title, table.names.status, table.names.active, table.names.column]
            .map { table.column($0).quoted }
        let further = (subject.columns.metrics.map(\.column) + [subject.columns.source, subject.columns.date])
            .compactMap { $0?.quoted }
        let extras = [table.names.tags, table.names.source, table.names.sourceRef]
            .compactMap { table.columns[$0]?.quoted }
        let text = SQLFile.fill(
            SQLFile.schemaSearchGrants.text,
            [
                "{GRANT_EXTRAS}": extras.isEmpty
                    ? "" : "-- GRANT SELECT (\(extras.joined(separator: ", "))) ON {TABLE} TO ROLE;\n"
            ])
        let values = [
            "{SCHEMAS}": [subject.names.schema, table.vector.schema].uniqued.joined(separator: ", "),
            "{TABLE}": table.quoted, "{DOCUMENT}": table.document ?? "",
            "{SCALE}": subject.names.scale, "{WORD}": subject.names.word, "{MODELS}": subject.names.modelsName,
            "{STATE}": table.state ?? "\(subject.names.schema).\(SideTable.state.rawValue)",
            "{READ}": (read + further.filter { !read.contains($0) }).uniqued.joined(separator: ", "),
        ]
        return PostgresStatement(name: SQLFile.schemaSearchGrants.name, sql: SQLFile.fill(text, values))
    }

    /// The DDL as a script for psql.
    public var script: String { (statements + [grants]).map(\.sql).joined(separator: "\n") }

    /// Creates what is missing; throws a `RunFailure` if the server objects.
    public func apply() async throws {
        for statement in statements { try await session.change(statement) }
    }

    /// Renews what scores are measured by: the scales of the metrics, and the words that are rare.
    public func refreshScores() async throws {
        let sample = subject.statement(.documentSample).sql
        let literal = try await session.quoteLiteral(sample)
        let metrics = subject.columns.metricRows(subject.columns.metricValue)
        // What the server says of these may quote a row.
        try await session.transaction(.schemaBegin) {
            for statement in [
                subject.statement(.refreshScales, ["{METRICS}": metrics]),
                subject.statement(.refreshWords, ["{SAMPLE_LITERAL}": literal]),
            ] { try await session.executeScript(statement, timeout: .schemaChange) }
        }
    }
}

extension [String] {
    /// Each once, where it stands first.
    fileprivate var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
