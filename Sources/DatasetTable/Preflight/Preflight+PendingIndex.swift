import Postgres

/// The index by which pending rows are found without reading all others.
extension Preflight {
    func hasPendingIndex(on table: ResolvedTable) async throws(PostgresError) -> Bool {
        try await hasPendingIndex(
            table.oid,
            [
                "{TABLE}": table.quoted, "{STATUS}": table.column(names.status).quoted,
                "{STATUS_SCHEMA}": table.column(names.status).operatorSchema,
                "{STATUS_VALUE}": table.statusLiteral, "{ACTIVE}": table.column(names.active).quoted,
                "{COLUMN}": table.vectorColumn.quoted,
            ])
    }

    /// Whether a partial index holds the rows that wait and none that has a vector.
    ///
    /// The planner compares the conditions, as it does when it chooses an index: an empty table says nothing by its plans.
    ///
    /// - Parameters:
    ///   - table: The table.
    ///   - values: What the statement is filled with.
    func hasPendingIndex(_ table: UInt32, _ values: [String: String]) async throws(PostgresError) -> Bool {
        let indexes = try await session.execute(
            SQLFile.catalogPartialIndexes.statement,
            [.oid(table), .text(names.id), .textArray([names.status, names.active])])
        for index in indexes {
            let predicate = try index.text("predicate")
            let statement = SQLFile.pendingIndex.statement(filling: values.merging(["{PREDICATE}": predicate]) { $1 })
            if try await isProvenEmpty(statement) { return true }
        }
        return false
    }

    /// Whether the planner proves that a statement gives no row.
    private func isProvenEmpty(_ statement: PostgresStatement) async throws(PostgresError) -> Bool {
        try await session.executeScript(SQLFile.plannerProofs.statement)
        let explain = PostgresStatement(name: statement.name, sql: SQLFile.explain.text + statement.sql)
        do throws(PostgresError) {
            let plan = try await session.execute(explain)
            return try plan.first?.text(0) == "Result"
        } catch {
            guard case .serverError(let refusal) = error, refusal.disposition != .retry else { throw error }
            try await session.executeScript(SQLFile.trialRollback.statement)
            // Who may not read the table cannot ask, and need not be told to make an index that may be there.
            return true
        }
    }
}
