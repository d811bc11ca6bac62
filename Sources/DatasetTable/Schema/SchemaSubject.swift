import Logging
import Postgres

/// What the DDL is about: a table that exists, as the catalog shows it, or one that is to be made.
package struct SchemaSubject: Sendable {
    /// Schema and table, quoted.
    package var table: String
    /// The table without its schema, not quoted.
    package var name: String
    /// The schema with a dot, quoted; empty for the one that the server chooses.
    package var schemaPrefix: String
    /// The schemas that a role must be allowed to use, quoted.
    package var schemas: [String]
    /// Names of columns, quoted.
    package var quotedColumns: [String: String]
    /// The type of the key.
    package var keyType = "bigint"
    /// The schema of the operator that compares the status, quoted.
    var statusSchema = "pg_catalog"
    /// The schema of pgvector's types with a dot, quoted; empty if it is on the search path.
    var vectorPrefix = ""
    package var exists = false
    package var isPartitioned = false
    /// The type of the vector column, `vector` or `halfvec`; `nil` if there is none yet.
    var storage: String?
    /// The number of components that an existing vector column has; `nil` if it does not say.
    var dimension: Int?
    var hasPendingIndex = false
    /// A free name for that index, quoted; `nil` for a table that is to be made.
    var pendingIndex: String?
    /// The condition of that index, with the names of columns still to be filled in.
    var pendingCondition: String

    /// A table that is to be made, in a database that is not looked at.
    init(new names: DatasetNames) throws(RunFailure) {
        guard let table = TableName(new: names.table) else {
            throw RunFailure(
                .configuration,
                "--table \(names.table) can be read in several ways; write it with quotes, as in \"my.schema\".\"my.table\""
            )
        }
        name = table.table
        schemaPrefix = table.schema.map { TableSchema.quote($0) + "." } ?? ""
        self.table = schemaPrefix + TableSchema.quote(table.table)
        schemas = [table.schema.map(TableSchema.quote) ?? "public"]
        pendingCondition = ResolvedTable.pendingIndexCondition(names, [:])
        quotedColumns = Dictionary(
            [names.id, names.title, names.description, names.status, names.active, names.column].map {
                ($0, TableSchema.quote($0))
            }
        ) { $1 }
    }

    /// The table in a database, or the one that is to be made there.
    init(_ names: DatasetNames, in session: PostgresSession, _ preflight: Preflight) async throws {
        var findings = PreflightFindings()
        let relations = try await preflight.lookUpTables()
        if relations.count > 1 {
            preflight.noteAmbiguity(of: relations, &findings)
            throw findings.failure
        }
        if let relation = relations.first {
            self = try await SchemaSubject(names, relation, in: session, preflight)
        } else {
            if let similar = try await preflight.similarTables() {
                preflight.log.warning(
                    "there is no table of this name yet, but there are tables of a similar one",
                    metadata: metadata([.table: names.table, .tables: similar]))
            }
            try self.init(new: names)
        }
        guard let server = try await session.execute(SQLFile.catalogServer.statement).first else { return }
        guard try !server.isNull("vector_schema") else { return }
        let schema = try server.text("vector_schema")
        if try !server.bool("vector_is_visible") { vectorPrefix = schema + "." }
        if !schemas.contains(schema) { schemas.append(schema) }
    }

    private init(
        _ names: DatasetNames, _ relation: Relation, in session: PostgresSession, _ preflight: Preflight
    ) async throws {
        var findings = PreflightFindings()
        if let objection = relation.objection {
            findings.add(objection)
            throw findings.failure
        }
        let columns = try await preflight.lookUpColumns(of: relation.oid)
        for (name, option) in preflight.requiredColumns where columns[name] == nil {
            findings.add("\(relation.quoted) has no column \(name); name it with \(option)")
        }
        if let key = columns[names.id] {
            preflight.checkKeyType(key, in: relation.quoted, &findings)
            let others = try await session.execute(
                SQLFile.catalogSideKeys.statement, [.oid(relation.oid), .oid(key.typeOID)])
            for row in others {
                let table = try row.text("quoted")
                findings.add(
                    "\(table) was made for keys of type \(try row.text("type")), and \(relation.quoted).\(key.name) is \(key.type); drop \(table) if nothing else uses it, then repeat this"
                )
            }
        }
        let vector = columns[names.column]
        if let vector, vector.typeName != "vector", vector.typeName != "halfvec" {
            findings.add(
                "\(relation.quoted).\(vector.name) is \(vector.type), not vector; name a vector column with --column")
        }
        guard findings.isEmpty, let key = columns[names.id] else { throw findings.failure }
        table = relation.quoted
        name = relation.name
        schemaPrefix = relation.schema + "."
        schemas = [relation.schema]
        quotedColumns = columns.mapValues(\.quoted)
        quotedColumns[names.column] = vector?.quoted ?? TableSchema.quote(names.column)
        keyType = key.baseType
        statusSchema = columns[names.status]?.operatorSchema ?? statusSchema
        exists = true
        isPartitioned = relation.isPartitioned
        pendingCondition = ResolvedTable.pendingIndexCondition(names, columns)
        storage = vector?.typeName
        dimension = vector.flatMap { $0.modifier > 0 ? Int($0.modifier) : nil }
        let advice = try await session.execute(
            SQLFile.catalogAdvice.statement, [.oid(relation.oid), .text(names.column)])
        pendingIndex = try advice.first?.text("pending_index")
        guard let vector, let status = columns[names.status], let active = columns[names.active] else { return }
        let literal = try await session.quoteLiteral(names.statusValue)
        let values = [
            "{TABLE}": table, "{STATUS}": status.quoted, "{STATUS_SCHEMA}": statusSchema,
            "{STATUS_VALUE}": literal, "{ACTIVE}": active.quoted, "{COLUMN}": vector.quoted,
        ]
        hasPendingIndex = try await preflight.hasPendingIndex(relation.oid, values)
    }
}
