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

    /// Reads the rows of a list, in a transaction; those that cannot be read are left out.
    func listed(_ keys: [RowKey]) async throws(PostgresError) -> [DatasetRow] {
        var claim = Claim()
        _ = try await isolate(keys[...], atMost: keys.count, into: &claim)
        return claim.rows
    }

    /// Reads rows with their vectors; those that no longer have one are left out.
    func stored(_ keys: ArraySlice<RowKey>) async throws(PostgresError) -> [StoredRow] {
        var rows: [StoredRow] = []
        for row in try await session.execute(table.statement(.readStored), [self.keys(Array(keys))]) {
            rows.append(StoredRow(row: try DatasetRow(row), vector: try row.vector("vector")))
        }
        return rows
    }

    /// The same in halves, down to the rows that the server cannot read, each piece under a savepoint.
    func storedInPieces(
        _ keys: ArraySlice<RowKey>, _ unreadable: inout [FailedRow]
    ) async throws(PostgresError) -> [StoredRow] {
        do throws(PostgresError) {
            try await session.executeScript(statements.savepoint)
            return try await stored(keys)
        } catch {
            guard error.mayBeOfOneRow(attempt: 0), let first = keys.first else { throw error }
            try await session.executeScript(statements.rollbackToSavepoint)
            guard keys.count > 1 else {
                if let row = try await self.unreadable(first) {
                    unreadable.append(FailedRow(row: row, failure: .read, error))
                }
                return []
            }
            let middle = keys.startIndex + keys.count / 2
            return try await storedInPieces(keys[..<middle], &unreadable)
                + storedInPieces(keys[middle...], &unreadable)
        }
    }
}
