import Logging
import Postgres

/// Whose the rows of a side table are.
extension SideTableMigration {
    /// A table that rows may be about, with a column that can be their key; all names quoted by the server.
    private struct Candidate {
        let quoted: String
        /// The table's name as a literal.
        let literal: String
        /// The table as it stands after FROM.
        let source: String
        /// The names under which `embedding_state` knows its vector columns, as a literal of an array.
        let columns: String
        let key: String
        let title: String?
        let description: String?
        let isVisible: Bool

        init(_ row: PostgresRow) throws(PostgresError) {
            quoted = try row.text("quoted")
            literal = try row.text("literal")
            source = try row.text("source")
            columns = try row.text("columns")
            key = try row.text("key")
            title = try row.isNull("title") ? nil : try row.text("title")
            description = try row.isNull("description") ? nil : try row.text("description")
            isVisible = try row.bool("is_visible")
        }
    }

    /// Gives rows under the empty name to tables.
    ///
    /// - Parameter isFirst: Whether a key and column that only one table has are enough.
    func assign(_ found: Found, isFirst: Bool, _ note: inout Note) async throws(PostgresError) {
        let (sideTable, entry, key) = found
        var candidates: [Candidate] = []
        let parameters: [PostgresValue] = [
            .oid(entry.oid), .text(names.id), .text(names.title), .text(names.description),
        ]
        for row in try await session.execute(SQLFile.migrationTables.statement, parameters) {
            candidates.append(try Candidate(row))
        }
        note.invisible = Set(candidates.filter { !$0.isVisible }.map(\.quoted)).sorted()
        candidates.removeAll { !$0.isVisible }
        guard !candidates.isEmpty else { return }

        // A text costs time, and decides nothing where one table has all keys.
        let readsText = !isFirst || Set(candidates.map(\.quoted)).count > 1
        let encoding = try await session.execute(SQLFile.catalogServer.statement).first?.text("server_encoding")
        let matches = candidates.map { match(sideTable, $0, readsText, hasNoEncoding: encoding == "SQL_ASCII") }
        let statement = statement(
            .migrationAssign, entry,
            [
                "{MATCHES}": SQLFile.fill(
                    matches.joined(separator: "\n    UNION ALL\n    "),
                    ["{SIDE_TABLE}": entry.quoted, "{KEY_SCHEMA}": key.operatorSchema]),
                "{REST}": sideTable.lastKeyColumn, "{KEY_SCHEMA}": key.operatorSchema,
            ])
        for row in try await session.execute(statement, [.bool(isFirst)], timeout: .schemaChange) {
            note.assigned.append((table: try row.text("table_name"), rows: try row.count("rows")))
        }
    }

    /// The query for the rows of the side table whose key a table has.
    private func match(
        _ sideTable: SideTable, _ candidate: Candidate, _ readsText: Bool, hasNoEncoding: Bool
    ) -> String {
        var parts = ["{SOURCE}": "NULL", "{IS_SAME}": "false"]
        var names = [
            "{TABLE}": candidate.source, "{TABLE_NAME}": candidate.literal, "{ID}": candidate.key,
            "{REST}": sideTable.lastKeyColumn,
            "{IS_COLUMN}": sideTable == .state
                ? "e.column_name OPERATOR(pg_catalog.=) ANY (\(candidate.columns))" : "true",
        ]
        if readsText, let title = candidate.title, let description = candidate.description {
            parts["{SOURCE}"] = ResolvedTable.source(hasNoEncoding: hasNoEncoding)
            let fingerprint = ResolvedTable.fingerprint(hasNoEncoding: hasNoEncoding)
            parts["{IS_SAME}"] = "e.source_fingerprint OPERATOR(pg_catalog.=) \(fingerprint)"
            names.merge(["{TITLE}": title, "{DESCRIPTION}": description]) { $1 }
        }
        return [parts, names].reduce(SQLFile.migrationMatch.text) { SQLFile.fill($0, $1) }
    }

    /// What became of the rows of a side table.
    struct Note: Sendable {
        let sideTable: SideTable
        /// Whether the key was changed, and not only rows looked at again.
        var isMigration = false
        /// How many rows each table was given; names quoted by the server.
        var assigned: [(table: String, rows: Int)] = []
        /// How many are of no table.
        var unassigned = 0
        /// Tables that may have keys which this role cannot see.
        var invisible: [String] = []

        init(sideTable: SideTable) {
            self.sideTable = sideTable
        }

        func write(_ log: Logger) {
            let name = sideTable.rawValue
            let tables = assigned.map { "\($0.table) \($0.rows)" }.joined(separator: ", ")
            if isMigration || !assigned.isEmpty {
                log.notice(
                    "the rows of \(name) say now which table they are about",
                    metadata: metadata([.assigned: tables, .unassigned: "\(unassigned)"]))
            }
            if unassigned > 0 {
                log.warning(
                    "rows of \(name) were left under the empty table_name, because no table has their key and column, or several have",
                    metadata: metadata([
                        .unassigned: "\(unassigned)", .remedy: sideTable.remedyForUnassigned,
                    ]))
            }
            if !invisible.isEmpty {
                log.warning(
                    "tables were not looked at for keys in \(name), because this role cannot see their rows",
                    metadata: metadata([.tables: invisible.joined(separator: ", ")]))
            }
        }
    }
}

extension SideTable {
    /// What to do about rows of which nobody knows what table they are about.
    fileprivate var remedyForUnassigned: String {
        switch self {
        case .ledger, .document: "none is needed: runs do the same again at once"
        case .state: "such vectors are of unknown origin; embedding-job run --stale --include-unknown replaces them"
        }
    }
}
