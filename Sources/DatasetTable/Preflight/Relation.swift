import Postgres

/// The table that a name means.
struct Relation: Sendable {
    let oid: UInt32
    /// Schema and table, quoted by the server.
    let quoted: String
    /// The table without its schema, not quoted.
    let name: String
    /// The schema, quoted by the server.
    let schema: String
    /// The letter by which `pg_class` tells tables from other relations.
    let kind: Character
    let isTemporary: Bool
    let mayUseSchema: Bool
    let hasRowSecurity: Bool
    /// How to have the server apply policies again; `nil` if it does not refuse queries that they touch.
    let rowSecurityReset: String?
    /// Whether row-level security may hide rows from this role.
    let mayHideRows: Bool
    /// Whether the table or a partition has triggers that fire after an UPDATE.
    let hasLaterTriggers: Bool
    /// Tables that inherit from it and are no partitions, separated by commas; `nil` if there are none.
    let heirs: String?

    init(_ row: PostgresRow) throws(PostgresError) {
        oid = try row.oid("oid")
        quoted = try row.text("quoted")
        name = try row.text("name")
        schema = try row.text("schema")
        kind = try row.text("kind").first ?? "r"
        isTemporary = try row.bool("is_temporary")
        mayUseSchema = try row.bool("may_use_schema")
        hasRowSecurity = try row.bool("row_security")
        rowSecurityReset = try row.isNull("row_security_reset") ? nil : try row.text("row_security_reset")
        mayHideRows = try row.bool("may_hide_rows")
        hasLaterTriggers = try row.bool("has_later_triggers")
        heirs = try row.isNull("heirs") ? nil : try row.text("heirs")
    }

    var isPartitioned: Bool { kind == "p" }

    /// Why it cannot be used; `nil` if it is a table that all connections see.
    var objection: String? {
        if isTemporary { return "\(quoted) is a temporary table, which other connections cannot use" }
        let noun: String
        switch kind {
        case "r", "p": return nil
        case "v": noun = "a view"
        case "m": noun = "a materialized view"
        case "f": noun = "a foreign table"
        case "S": noun = "a sequence"
        case "c": noun = "a composite type"
        default: noun = "of relkind \(kind)"
        }
        return "\(quoted) is not a table but \(noun); name the table itself with --table"
    }
}
