import Postgres

extension SideTable {
    /// What the catalog says about the side table that a table uses.
    struct Entry: Sendable {
        let oid: UInt32
        /// Schema and table, quoted by the server.
        let quoted: String
        /// Whether its `dataset_id` has the type of the table's key.
        let keyMatches: Bool
        /// The columns that are not there, separated by commas.
        let missingColumns: String
        /// Whether it has a `table_name`.
        let tellsTablesApart: Bool
        /// Whether its key has one.
        let hasKey: Bool
        /// Whether it has the key of an earlier version, which had no `table_name`.
        let hasEarlierKey: Bool
        let mayRead: Bool
        let mayWrite: Bool
        let mayDelete: Bool
        /// Rules that rewrite what is written to it, separated by commas.
        let rules: String
        let hasRowSecurity: Bool
        /// Whether row-level security certainly leaves this role nothing to do.
        let lacksPolicy: Bool
        /// The statement that creates a policy for this role.
        let policy: String
    }

    /// Looks for the side table in the table's schema, then on the search path.
    func entry(
        table: UInt32, keyType: UInt32, to access: Access, _ session: PostgresSession
    ) async throws(PostgresError) -> Entry? {
        let key = ["table_name", "dataset_id", lastKeyColumn]
        let result = try await session.execute(
            SQLFile.catalogSideTable.statement,
            [
                .text(rawValue), .oid(table), .oid(keyType), .textArray(columns(for: access)), .textArray(key),
                .textArray(commands(for: access)),
            ])
        guard let row = result.first else { return nil }
        return Entry(
            oid: try row.oid("oid"), quoted: try row.text("quoted"), keyMatches: try row.bool("key_matches"),
            missingColumns: try row.text("missing_columns"), tellsTablesApart: try row.bool("tells_tables_apart"),
            hasKey: try row.bool("has_key"), hasEarlierKey: try row.bool("has_earlier_key"),
            mayRead: try row.bool("may_read"), mayWrite: try row.bool("may_write"),
            mayDelete: try row.bool("may_delete"), rules: try row.text("rules"),
            hasRowSecurity: try row.bool("row_security"), lacksPolicy: try row.bool("lacks_policy"),
            policy: try row.text("policy"))
    }
}
