import Postgres

/// What is asked of the columns, as far as the catalog knows.
extension Preflight {
    /// The columns that exist, by name.
    func lookUpColumns(of table: UInt32) async throws(PostgresError) -> [String: ResolvedTable.Column] {
        let wanted = [
            names.id, names.title, names.description, names.status, names.active, names.column, names.created,
            names.tags, names.source,
            names.sourceRef,
        ]
        do throws(PostgresError) {
            return try await ResolvedTable.Column.lookUp(wanted, of: table, session)
        } catch {
            guard error.sqlState == .untranslatableCharacter else { throw error }
            try await session.executeScript(SQLFile.trialRollback.statement)
        }
        // One of the names has a character that the database's encoding lacks: that column does not exist.
        var columns: [String: ResolvedTable.Column] = [:]
        for name in wanted {
            do throws(PostgresError) {
                columns.merge(try await ResolvedTable.Column.lookUp([name], of: table, session)) { $1 }
            } catch {
                guard error.sqlState == .untranslatableCharacter else { throw error }
                try await session.executeScript(SQLFile.trialRollback.statement)
            }
        }
        return columns
    }

    /// The columns that must exist besides the vector column, with the options that name others.
    var requiredColumns: [(name: String, option: String)] {
        [
            (names.id, "--id-column"), (names.title, "--title-column"), (names.description, "--description-column"),
            (names.status, "--status-column"), (names.active, "--active-column"),
        ]
    }

    func checkColumns(
        _ columns: [String: ResolvedTable.Column], in table: String, for purpose: Purpose,
        _ findings: inout PreflightFindings
    ) async throws(PostgresError) {
        for (name, option) in requiredColumns + [(names.column, "--column")] where purpose.reads(name, names) {
            guard let column = columns[name] else {
                findings.add("\(table) has no column \(name); name it with \(option)", about: name)
                continue
            }
            if !column.maySelect {
                findings.add(
                    "this role may not read \(table).\(name); GRANT SELECT (\(column.quoted)) ON \(table)", about: name)
            }
        }
        if let active = columns[names.active], active.typeName != "bool" {
            findings.add(
                "\(table).\(names.active) is \(active.type), not boolean; name another with --active-column",
                about: names.active)
        }
        if let status = columns[names.status] {
            if status.isEnum { try await checkLabel(status, table, &findings) }
            try await checkRoom(in: status, table, &findings)
            if status.typeName == "char", names.statusValue.utf8.count > 1 {
                // The server would compare with the first letter.
                findings.add(
                    "\(table).\(status.name) is \(status.type), one letter, which cannot be \(names.statusValue); set --status-value",
                    about: status.name)
            }
        }
        guard let id = columns[names.id] else { return }
        checkKeyType(id, in: table, &findings)
        if !id.isUnique {
            findings.add(
                "\(table).\(names.id) has no unique index of its own; a key must identify one row", about: names.id)
        }
    }

    /// Types whose values compare and print alike in every session, so that all processes see the same keys and shards.
    ///
    /// Those that print as a setting says are left out: dates and times (`DateStyle`, `TimeZone`), `bytea`, floating point.
    private static let keyTypes: Set = [
        "int2", "int4", "int8", "numeric", "uuid", "text", "varchar", "bpchar", "citext",
    ]

    func checkKeyType(_ id: ResolvedTable.Column, in table: String, _ findings: inout PreflightFindings) {
        guard !Self.keyTypes.contains(id.typeName) else { return }
        findings.add(
            "\(table).\(id.name) is \(id.type); a key is smallint, integer, bigint, numeric, uuid, text, varchar, char or citext, or a domain over one of these",
            about: id.name)
    }

    /// A status that is too long for its column, or that its domain does not take, is one that no row can have.
    private func checkRoom(
        in status: ResolvedTable.Column, _ table: String, _ findings: inout PreflightFindings
    ) async throws(PostgresError) {
        let column = "\(table).\(status.name) is \(status.type)"
        let value = names.statusValue.unicodeScalars
        // The modifier of these types is the number of characters and four more; blanks at the end of char are none.
        let (limit, length) = (Int(status.modifier) - 4, status.typeName == "bpchar" ? value.trimmedCount : value.count)
        if ["varchar", "bpchar"].contains(status.typeName), limit > 0, length > limit {
            findings.add(
                "\(column) and too short to be \(names.statusValue); set --status-value", about: status.name)
        }
        guard status.type != status.baseType, !status.isEnum, !findings.blames(status.name) else { return }
        let probe = SQLFile.probeStatusDomain.statement(filling: ["{STATUS_TYPE}": status.type])
        do throws(PostgresError) {
            try await session.execute(probe, [.text(names.statusValue)])
        } catch {
            guard case .serverError(let refusal) = error, refusal.disposition == .row else { throw error }
            try await session.executeScript(SQLFile.trialRollback.statement)
            findings.add(
                "\(column), which cannot be \(names.statusValue): \(refusal.explanation); set --status-value",
                about: status.name)
        }
    }

    /// An enum knows no other values than its own.
    private func checkLabel(
        _ status: ResolvedTable.Column, _ table: String, _ findings: inout PreflightFindings
    ) async throws(PostgresError) {
        var values = ""
        let asked: [PostgresValue] = [.oid(status.typeOID), .text(names.statusValue)]
        if let row = try await rows(of: .catalogLabels, naming: asked).first {
            if try row.bool("has_value") { return }
            if try !row.isNull("labels") { values = "; its values are \(try row.text("labels"))" }
        }
        findings.add(
            "\(table).\(status.name) is \(status.type) and has no value \(names.statusValue)\(values); set --status-value",
            about: status.name)
    }

    func checkVectorColumn(
        _ column: ResolvedTable.Column?, _ table: String, _ purpose: Purpose, _ findings: inout PreflightFindings
    ) {
        guard let column, let dimension = purpose.dimension else { return }
        guard column.typeName == "vector" || column.typeName == "halfvec" else {
            findings.add(
                "\(table).\(column.name) is \(column.type), not vector; name a vector column with --column",
                about: column.name)
            return
        }
        if column.modifier > 0, column.modifier != dimension {
            findings.add(
                "\(table).\(column.name) holds vectors of \(column.modifier) components, the model gives \(dimension); use the model the column was made for, or another column",
                about: column.name)
        }
        guard !purpose.onlyReads else { return }
        if column.isGenerated {
            findings.add(
                "\(table).\(column.name) is a generated column, which the server computes; name an ordinary one with --column",
                about: column.name)
        }
        if !column.mayUpdate {
            findings.add(
                "this role may not write \(table).\(column.name); GRANT UPDATE (\(column.quoted)) ON \(table)",
                about: column.name)
        }
    }

    /// Rows without a key that wait for a vector would wait forever.
    func checkKeys(_ table: ResolvedTable, _ findings: inout PreflightFindings) async throws(PostgresError) {
        guard table.key.isNullable else { return }
        let rows = try await session.execute(table.statement(.nullKeys), timeout: .tableScan)
        guard let row = rows.first, try row.bool("exist") else { return }
        findings.add(
            "\(table.quoted).\(names.id) is NULL in rows that wait for a vector, so nothing could be written to them; give them a key, then ALTER TABLE \(table.quoted) ALTER COLUMN \(table.key.quoted) SET NOT NULL"
        )
    }
}

extension String.UnicodeScalarView {
    /// How many there are without blanks at the end.
    fileprivate var trimmedCount: Int { reversed().drop { $0 == " " }.count }
}
