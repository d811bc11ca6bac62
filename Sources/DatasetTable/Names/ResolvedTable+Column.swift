package import Postgres

extension ResolvedTable.Column {
    /// Those of the columns that exist, by name.
    package static func lookUp(
        _ names: [String], of table: UInt32, _ session: PostgresSession
    ) async throws(PostgresError) -> [String: Self] {
        var columns: [String: Self] = [:]
        for row in try await session.execute(SQLFile.catalogColumns.statement, [.oid(table), .textArray(names)]) {
            let column = try Self(row)
            columns[column.name] = column
        }
        return columns
    }

    private init(_ row: PostgresRow) throws(PostgresError) {
        name = try row.text("name")
        quoted = try row.text("quoted")
        number = try row.int32("number")
        comment = try row.isNull("comment") ? nil : try row.text("comment")
        stateKey = try row.text("state_key")
        type = try row.text("type")
        baseType = try row.text("base_type")
        quotedType = try row.text("quoted_type")
        operatorSchema = try row.text("operator_schema")
        typeName = try row.text("type_name")
        typeOID = try row.oid("type_oid")
        arrayOID = try row.oid("array_oid")
        modifier = try row.int32("modifier")
        isNullable = try row.bool("is_nullable")
        isGenerated = try row.bool("is_generated")
        isVirtual = try row.bool("is_virtual")
        isEnum = try row.bool("is_enum")
        maySelect = try row.bool("may_select")
        mayUpdate = try row.bool("may_update")
        isUnique = try row.bool("is_unique")
    }
}

extension ResolvedTable {
    /// The vectors of a column by model; all that have an entry in `embedding_state`, which must exist.
    package func models(
        of column: Column, _ session: PostgresSession
    ) async throws(PostgresError) -> [Fingerprint: Int] {
        var models: [Fingerprint: Int] = [:]
        let rows = try await session.execute(statement(.models), [.text(column.stateKey)], timeout: .tableScan)
        for row in rows { models[try row.fingerprint("model")] = try row.count("rows") }
        return models
    }
}
