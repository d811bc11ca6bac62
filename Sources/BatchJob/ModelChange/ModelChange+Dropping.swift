import DatasetTable
import Logging
import Postgres

extension ModelChange {
    /// Throws if the server would not drop the column because of what was made of it.
    private func requireNoDependents(on column: ResolvedTable.Column, of table: ResolvedTable) async throws {
        let dependents = try await connector.withSession { session in
            try await session.readOnly {
                try await ColumnDependent.lookUp(on: column, without: nil, of: table, session).filter(\.keepsColumn)
            }
        }
        guard !dependents.isEmpty else { return }
        throw RunFailure(
            .configuration,
            "\(table.quoted).\(column.name) cannot be dropped, because of \(dependents.names); create these anew without the column, or drop them; nothing was changed"
        )
    }

    /// Removes a page of what was noted about the vectors of a column.
    ///
    /// - Returns: The last key and the number of rows; `nil` after the last page.
    private func forgetPage(
        of column: ResolvedTable.Column, after last: PostgresValue, in table: ResolvedTable, _ session: PostgresSession
    ) async throws -> PostgresRow? {
        try await session.transaction(.changeBegin) {
            try await session.execute(
                table.statement(.changeForgetStates), [.text(column.stateKey), last], timeout: .seconds(60)
            ).first
        }
    }

    /// Removes the column that a cutover has left, and what was noted about its vectors.
    ///
    /// The notes go first, in pages: whatever ends this early, the column is still there and the step can be repeated.
    ///
    /// - Parameter isConfirmed: Without, nothing is removed.
    public func dropOld(isConfirmed: Bool) async throws -> DroppedColumn {
        let change = try await inspect()
        let old = try change.requireOld(for: "drop")
        let table = change.table
        try await requireNoDependents(on: old, of: table)
        guard isConfirmed else {
            let models = try await connector.withSession { session in
                try await session.readOnly { try await table.models(of: old, session) }
            }
            return DroppedColumn(column: old.name, states: models.values.reduce(0, +), isDone: false)
        }
        let states = try await connector.withSession { session in
            var (count, last) = (0, PostgresValue.null(table.key.typeOID))
            while let row = try await forgetPage(of: old, after: last, in: table, session) {
                count += try row.count("rows")
                last = PostgresValue(typeOID: table.key.typeOID, bytes: try row.bytes("id"))
            }
            return count
        }
        _ = try await exclusively(table, columns: [names.column, oldColumn]) { session in
            let columns = try await ResolvedTable.Column.lookUp([oldColumn], of: table.oid, session)
            guard columns[oldColumn]?.number == old.number else { return }
            try await session.execute(table.statement(.changeDropColumn, ["{RETIRED}": old.quoted]))
        }
        log.notice("column dropped", metadata: metadata([.column: old.name]))
        return DroppedColumn(column: old.name, states: states, isDone: true)
    }
}
