import Logging
import Postgres

/// What `embedding-job backfill drop-old` has removed, or would.
public struct DroppedColumn: Sendable, Equatable {
    /// The name of the column.
    public let column: String
    /// Entries of `embedding_state` about it.
    public let states: Int
    /// Whether it was done.
    public let isDone: Bool

    /// One line of JSON without a line feed.
    public var json: String {
        JSONLine.object([
            ("column", JSONLine.text(column)), ("states", JSONLine.number(states)),
            ("dropped", isDone ? "true" : "false"),
        ])
    }
}

extension ModelChange {
    /// Removes the column that a cutover has left, and what was noted about its vectors.
    ///
    /// The notes go first, in pages: whatever ends this early, the column is still there and the step can be repeated.
    ///
    /// - Parameter isConfirmed: Without, nothing is removed.
    public func dropOld(isConfirmed: Bool) async throws -> DroppedColumn {
        let change = try await inspect()
        let old = try change.requireOld(for: "drop")
        let table = change.table
        guard isConfirmed else {
            let models = try await withSession { try await ModelChangeTable.models(of: old, in: table, $0) }
            return DroppedColumn(column: old.name, states: models.values.reduce(0, +), isDone: false)
        }
        let states = try await withSession { session in
            var (count, last) = (0, PostgresValue.null(table.key.typeOID))
            while let row = try await session.execute(
                table.statement(.changeForgetStates), [.text(old.stateKey), last], timeout: .seconds(60)
            ).first {
                count += Int(try row.int64("rows"))
                last = PostgresValue(typeOID: table.key.typeOID, bytes: try row.bytes("id"))
            }
            return count
        }
        _ = try await exclusively(table, columns: [names.column, oldColumn]) { session in
            let columns = try await DatasetTable.Column.lookUp([oldColumn], of: table.oid, session)
            guard columns[oldColumn]?.number == old.number else { return }
            try await session.execute(
                PostgresStatement(
                    name: "drop column", sql: table.fill(SQLFile.changeDropColumn.text, ["{RETIRED}": old.quoted])))
        }
        log.notice("column dropped", metadata: metadata([.column: old.name]))
        return DroppedColumn(column: old.name, states: states, isDone: true)
    }
}
