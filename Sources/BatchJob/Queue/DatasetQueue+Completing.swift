import DatasetTable
import Postgres

/// What became of a batch in the database.
struct BatchOutcome: Sendable {
    /// Keys of rows that took their vector.
    var written: Set<RowKey> = []
    /// Rows that the database refuses by themselves, added to those that could not be encoded.
    var failures: [FailedRow] = []
    /// Keys of rows that somebody held a lock on.
    var locked: Set<RowKey> = []
    /// Whether another column has taken the name of the one to be written, so that nothing could be.
    var isColumnReplaced = false
    /// Why it is not known what became of the other rows, if it is not.
    var failure: (any Error)?
}

extension DatasetQueue {
    /// Writes a claimed batch, records its failures, commits, and finds out why rows were left unwritten.
    ///
    /// - Parameter outcome: What was committed, also if this throws.
    func complete(_ batch: EncodedBatch, _ outcome: inout BatchOutcome) async throws(PostgresError) {
        do throws(PostgresError) {
            let written = try await write(batch.rows[...])
            if written.count < batch.rows.count, try await !isColumnUnchanged() {
                outcome.isColumnReplaced = true
                return try await rollback()
            }
            try await fail(batch.failures)
            try await commit()
            (outcome.written, outcome.failures) = (written, batch.failures)
        } catch {
            guard error.disposition == .row else { throw error }
            try await rollback()
            return try await recover(batch, attempt: 0, &outcome)
        }
        outcome.locked = try await locked(unwritten(of: batch, outcome))
    }

    /// Writes what is not written yet, each piece in a transaction of its own.
    ///
    /// The claim is lost by now, and not needed: the guard decides. Each further attempt sends smaller pieces, in case it was
    /// their size that the server did not manage in time. At attempt 0 the transaction was rolled back, so nothing is
    /// written yet, and what looks like it is the work of somebody else.
    ///
    /// - Parameter outcome: What was committed by this attempt and those before it, also if this throws.
    func recover(
        _ batch: EncodedBatch, attempt: Int, _ outcome: inout BatchOutcome
    ) async throws(PostgresError) {
        if attempt > 0 { outcome.written.formUnion(try await committed(batch.rows.map(\.row))) }
        var failures = batch.failures
        let rest = batch.rows.filter { !outcome.written.contains($0.row.key) }
        let size = max(1, rest.count >> attempt)
        for start in stride(from: 0, to: rest.count, by: size) {
            try await isolate(rest[start..<min(start + size, rest.count)], &outcome.written, &failures)
        }
        if outcome.written.count < batch.rows.count, try await !isColumnUnchanged() {
            return outcome.isColumnReplaced = true
        }
        try await inTransaction { () throws(PostgresError) in try await fail(failures) }
        outcome.failures = failures
        outcome.locked = try await locked(unwritten(of: batch, outcome))
    }

    /// Writes in halves, down to the rows that are to blame.
    private func isolate(
        _ rows: ArraySlice<EncodedRow>, _ written: inout Set<RowKey>, _ failures: inout [FailedRow]
    ) async throws(PostgresError) {
        do throws(PostgresError) {
            written.formUnion(try await inTransaction { () throws(PostgresError) in try await write(rows) })
        } catch {
            guard error.disposition == .row, let first = rows.first else { throw error }
            try await rollback()
            guard rows.count > 1 else {
                let code = error.sqlState?.code ?? "UNKNOWN"
                failures.append(FailedRow(row: first.row, failure: .write, code: code))
                return
            }
            let middle = rows.startIndex + rows.count / 2
            try await isolate(rows[..<middle], &written, &failures)
            try await isolate(rows[middle...], &written, &failures)
        }
    }

    /// Runs the body between BEGIN and COMMIT; a statement on its own would run under the role's isolation, access mode and
    /// time limits.
    private func inTransaction<Result>(
        _ body: () async throws(PostgresError) -> Result
    ) async throws(PostgresError) -> Result {
        try await session.executeScript(statements.begin)
        let result = try await body()
        try await commit()
        return result
    }

    private func unwritten(of batch: EncodedBatch, _ outcome: BatchOutcome) -> [DatasetRow] {
        let refused = Set(outcome.failures.map(\.row.key))
        return batch.rows.map(\.row).filter { !outcome.written.contains($0.key) && !refused.contains($0.key) }
    }
}
