import DatasetTable
import Postgres

/// A row and the vector that is stored for it.
struct StoredRow: Sendable {
    let row: DatasetRow
    let vector: [Float]
}

/// Statements about rows that have a vector; the queue's table selects ``RowSelection/embedded``.
extension DatasetQueue {
    /// Counts what vectors were made from, by the state table.
    func states() async throws(PostgresError) -> VectorStates {
        var states = VectorStates()
        for row in try await session.execute(table.statement(.states), identity, timeout: .tableScan) {
            let count = try row.count("rows")
            switch try row.text("state") {
            case "current": states.current = count
            case "stale": states.stale = count
            case "foreign": states.foreign = count
            default: states.unknown = count
            }
        }
        return states
    }

    /// The keys of some rows, the same ones for the same seed.
    func sample(_ count: Int, seed: Int64) async throws(PostgresError) -> [RowKey] {
        var keys: [RowKey] = []
        let limit = Int32(clamping: count)
        let rows = try await session.execute(
            table.statement(.sample), [.int8(seed), .int4(limit)], timeout: .tableScan)
        for row in rows { keys.append(try row.key("id")) }
        return keys
    }

    /// Reads the rows of a list.
    func listed(_ keys: [RowKey]) async throws(PostgresError) -> [DatasetRow] {
        var rows: [DatasetRow] = []
        for row in try await session.execute(
            table.statement(.read), identity + [self.keys(keys), .null(PostgresTypeOID.int4)])
        {
            rows.append(try DatasetRow(row))
        }
        return rows
    }

    /// Reads rows with their vectors; those that no longer have one are left out.
    func stored(_ keys: ArraySlice<RowKey>) async throws(PostgresError) -> [StoredRow] {
        var rows: [StoredRow] = []
        for row in try await session.execute(table.statement(.readStored), [self.keys(Array(keys))]) {
            rows.append(StoredRow(row: try DatasetRow(row), vector: try row.vector("vector")))
        }
        return rows
    }
}
