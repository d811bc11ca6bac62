import Logging
import Postgres

/// What a table's name means.
extension Preflight {
    /// Looks the table up; more than one means that the name can be read in several ways.
    func lookUpTables() async throws(PostgresError) -> [Relation] {
        let name = TableName(quoted: names.table)
        let parameters: [PostgresValue] = [
            .text(names.table), name?.schema.map(PostgresValue.text) ?? .null(PostgresTypeOID.text),
            name.map { .text($0.table) } ?? .null(PostgresTypeOID.text),
        ]
        var relations: [Relation] = []
        for row in try await rows(of: .catalogTable, naming: parameters) { relations.append(try Relation(row)) }
        return relations
    }

    /// Notes that a name can be read in several ways.
    func noteAmbiguity(of relations: [Relation], _ findings: inout PreflightFindings) {
        let readings = relations.map(\.quoted).joined(separator: " or ")
        findings.add("--table \(names.table) can mean \(readings); write it like one of these, with quotes")
    }

    /// The rows of a statement that gets names from the user.
    ///
    /// A name with a character that the database's encoding lacks names nothing there.
    func rows(
        of file: SQLFile, naming parameters: [PostgresValue]
    ) async throws(PostgresError) -> [PostgresRow] {
        do throws(PostgresError) {
            return Array(try await session.execute(file.statement, parameters))
        } catch {
            guard error.sqlState == .untranslatableCharacter else { throw error }
            try await session.executeScript(SQLFile.trialRollback.statement)
            return []
        }
    }

    /// Confirms that the name means one table that can be used.
    func checkTable(_ findings: inout PreflightFindings) async throws -> Relation? {
        let relations = try await lookUpTables()
        guard let relation = relations.first else {
            findings.add(try await absence())
            return nil
        }
        guard relations.count == 1 else {
            noteAmbiguity(of: relations, &findings)
            return nil
        }
        if let objection = relation.objection {
            findings.add(objection)
            return nil
        }
        if let heirs = relation.heirs {
            // A unique index holds for one table alone, so a key may stand for a row in each of them. ONLY would leave the
            // rows of the others without vectors and say that nothing is left.
            findings.add(
                "tables inherit from \(relation.quoted) that are not its partitions, so a key may stand for several rows: \(heirs); attach them as partitions, or end it with ALTER TABLE … NO INHERIT \(relation.quoted), and name each table in a run of its own"
            )
            return nil
        }
        if !relation.mayUseSchema {
            findings.add(
                "this role may not use the schema \(relation.schema); GRANT USAGE ON SCHEMA \(relation.schema)")
        }
        if relation.hasRowSecurity, let reset = relation.rowSecurityReset {
            // Whatever is asked of a column would be refused for the same reason, so none is looked at.
            findings.add(
                "row_security is off for this role, so the server refuses every query of \(relation.quoted), which has policies for it; \(reset), or ALTER ROLE … BYPASSRLS"
            )
            return nil
        }
        if relation.mayHideRows {
            log.warning(
                "row-level security may hide rows of this table from this role; those will not be embedded",
                metadata: metadata([.remedy: "ALTER ROLE … BYPASSRLS, or a policy for this role"]))
        }
        return relation
    }

    /// Tables that the name may have been meant for; `nil` if there are none.
    func similarTables() async throws(PostgresError) -> String? {
        let table = TableName(quoted: names.table)?.table ?? names.table.split(separator: ".").last.map(String.init)
        var similar: [String] = []
        for row in try await rows(
            of: .catalogSimilarTables, naming: [.text(names.table), .text(table ?? names.table)])
        { similar.append(try row.text("quoted")) }
        return similar.isEmpty ? nil : similar.joined(separator: ", ")
    }

    /// Says that there is no such table, and which ones may have been meant.
    func absence() async throws(PostgresError) -> String {
        let remedy =
            try await similarTables().map { "there is \($0), which --table can name like that" }
            ?? "name it with --table"
        return
            "table \(names.table) does not exist or is not on the search path; \(remedy), or create it with embedding-job schema --apply"
    }
}
