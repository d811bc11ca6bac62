import DatasetTable
import Postgres

/// Rows that the server cannot read are found as those are that it refuses to write: in halves.
extension DatasetQueue {
    /// Reads the next rows of some of the shards of an assignment, all but those that the server cannot read.
    ///
    /// For a transaction of its own, after one in which the server has refused to read them together.
    func readInPieces(
        _ assignment: ShardSchedule.Assignment, of granted: Set<Int32>
    ) async throws(PostgresError) -> Claim {
        let keys = assignment.keys(of: granted)
        var claim = Claim()
        // What fails without any row is of no row.
        _ = try await read([], atMost: assignment.rowLimit, into: &claim)
        let examined = try await isolate(keys[...], atMost: assignment.rowLimit, into: &claim)
        claim.reading = ShardSchedule.Reading(
            granted: granted, shards: claim.rows.map(\.shard), examined: examined)
        return claim
    }

    /// Reads in halves, down to the rows that cannot be read.
    ///
    /// - Returns: How many of the keys were looked at.
    func isolate(
        _ keys: ArraySlice<RowKey>, atMost limit: Int, into claim: inout Claim
    ) async throws(PostgresError) -> Int {
        guard let first = keys.first, claim.rows.count < limit else { return 0 }
        do throws(PostgresError) {
            try await session.executeScript(statements.savepoint)
            return try await read(keys, atMost: limit, into: &claim)
        } catch {
            guard error.mayBeOfOneRow(attempt: 0) else { throw error }
            try await session.executeScript(statements.rollbackToSavepoint)
            guard keys.count > 1 else {
                if let row = try await unreadable(first) {
                    claim.unreadable.append(FailedRow(row: row, failure: .read, error))
                }
                return 1
            }
            let middle = keys.startIndex + keys.count / 2
            let examined = try await isolate(keys[..<middle], atMost: limit, into: &claim)
            return try await examined + isolate(keys[middle...], atMost: limit, into: &claim)
        }
    }

    /// A row that cannot be read; `nil` if it is gone.
    func unreadable(_ key: RowKey) async throws(PostgresError) -> DatasetRow? {
        guard let row = try await session.execute(statements.label, [keys([key])]).first else { return nil }
        return try DatasetRow(unreadable: row)
    }
}

extension PostgresSession {
    /// Runs statements that read rows in a read-only transaction; if the server fails at one of them, others in another one.
    nonisolated func readOnly<Result>(
        _ together: () async throws -> Result, orInPieces inPieces: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await readOnly(together)
        } catch let error as PostgresError where error.mayBeOfOneRow(attempt: 0) {
            return try await readOnly(inPieces)
        }
    }
}
