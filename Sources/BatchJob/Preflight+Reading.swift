import Logging
import Postgres

extension Preflight {
    /// Adds the side tables that this role may read, which is enough for commands that write nothing.
    ///
    /// One that is absent is no cause for a warning here: the numbers that would come from it are missing in the output.
    func addingReadableSideTables(to table: DatasetTable) async throws(PostgresError) -> DatasetTable {
        var table = table
        table.ledger = try await readableSideTable("embedding_failure", of: table)
        table.state = try await readableSideTable("embedding_state", of: table)
        return table
    }

    private func readableSideTable(_ name: String, of table: DatasetTable) async throws(PostgresError) -> String? {
        let statement = PostgresStatement(name: SQLFile.catalogSideTable.rawValue, sql: SQLFile.catalogSideTable.text)
        let result = try await session.execute(
            statement, [.text(name), .oid(table.oid), .oid(table.key.typeOID)])
        guard let row = result.first else { return nil }
        let keyMatches = try row.bool("key_matches")
        if keyMatches, try row.bool("may_read") { return try row.text("quoted") }
        log.warning(
            "leaving out the side table \(name)",
            metadata: metadata([
                .error: keyMatches ? "this role may not read it" : "its dataset_id is not of the key's type"
            ]))
        return nil
    }
}
