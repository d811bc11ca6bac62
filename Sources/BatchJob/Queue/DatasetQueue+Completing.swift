import DatasetTable
import Postgres

extension DatasetQueue {
    /// Writes a claimed batch, records its failures, commits, and finds out why rows are without their vector.
    ///
    /// - Parameter outcome: What was committed, also if this throws.
    func complete(_ batch: EncodedBatch, _ outcome: inout BatchOutcome) async throws(PostgresError) {
        do throws(PostgresError) {
            let result = try await write(batch.rows[...])
            if batch.exceeds(result.written), try await !isColumnUnchanged() {
                outcome.isColumnReplaced = true
                return try await rollback()
            }
            let failures = batch.failures + result.failures(among: batch.rows[...])
            try await fail(failures[...])
            try await commit()
            (outcome.written, outcome.failures) = (result.written, failures)
        } catch {
            guard error.mayBeOfOneRow(attempt: 0) else { throw error }
            try await rollback()
            return try await recover(batch, attempt: 0, &outcome)
        }
        try await explain(batch, &outcome)
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
        if attempt > 0 {
            let rows = batch.rows.map(\.row)
            outcome.written.formUnion(
                try await reading { () throws(PostgresError) in try await committed(rows) })
        }
        outcome.isStatementRefused = false
        var isolation = Isolation(attempt: attempt, failures: batch.failures, writer: self)
        let rest = batch.rows.filter { !outcome.written.contains($0.row.key) }
        let size = max(1, rest.count >> attempt)
        for start in stride(from: 0, to: rest.count, by: size) {
            try await isolate(rest[start..<min(start + size, rest.count)], &isolation, &outcome)
        }
        if batch.exceeds(outcome.written),
            try await !reading({ () throws(PostgresError) in try await isColumnUnchanged() })
        {
            return outcome.isColumnReplaced = true
        }
        if let setUp = isolation.setUp, outcome.written.isEmpty { throw setUp }
        outcome.unnoted = []
        try await note(isolation.failures[...], &outcome)
        outcome.failures = isolation.failures
        try await explain(batch, &outcome)
    }

    /// What is found while a batch is written in pieces.
    private struct Isolation {
        let attempt: Int
        var failures: [FailedRow]
        /// A failure of a single row that speaks of privileges and names: none is to blame for it unless others pass.
        var setUp: PostgresError?
        /// What writes: this queue, or one without the side tables that refuse whatever is noted there.
        var writer: DatasetQueue
        /// How many single rows were written without a side table that could not be written with it.
        var refusals: [SideTable: Int] = [:]
        /// Whether rows of this batch were written with all side tables.
        var hasNoted = false
    }

    /// Writes in halves, down to the rows that are to blame.
    private func isolate(
        _ rows: ArraySlice<EncodedRow>, _ isolation: inout Isolation, _ outcome: inout BatchOutcome
    ) async throws(PostgresError) {
        let writer = isolation.writer
        do throws(PostgresError) {
            let result = try await inTransaction { () throws(PostgresError) in try await writer.write(rows) }
            outcome.written.formUnion(result.written)
            isolation.failures += result.failures(among: rows)
            if !result.written.isEmpty { isolation.hasNoted = true }
        } catch {
            guard error.mayBeOfOneRow(attempt: isolation.attempt), let first = rows.first else { throw error }
            try await rollback()
            if try await isOfSideTables(error, rows, &isolation, &outcome) {
                return try await isolate(rows, &isolation, &outcome)
            }
            guard rows.count > 1 else {
                if try await write(rows, withoutSideTablesAfter: error, &isolation, &outcome) { return }
                if error.disposition == .configuration { isolation.setUp = error }
                isolation.failures.append(FailedRow(row: first.row, failure: .write, error))
                return
            }
            let middle = rows.startIndex + rows.count / 2
            try await isolate(rows[..<middle], &isolation, &outcome)
            try await isolate(rows[middle...], &isolation, &outcome)
        }
    }

    /// Whether the write fails without any row in it, and passes without a side table, which is then left out.
    ///
    /// Throws if it fails even so: then a missing privilege, a lock on the table, a rule or a trigger of the statement is at
    /// fault, and no row may be blamed.
    private func isOfSideTables(
        _ error: PostgresError, _ rows: ArraySlice<EncodedRow>, _ isolation: inout Isolation,
        _ outcome: inout BatchOutcome
    ) async throws(PostgresError) -> Bool {
        func passes(_ queue: DatasetQueue) async throws(PostgresError) {
            try await inTransaction { () throws(PostgresError) in _ = try await queue.write([], evenIfEmpty: true) }
        }
        do throws(PostgresError) {
            try await passes(isolation.writer)
            return false
        } catch {
            // What the catalog can tell of a side table is found out elsewhere.
            if case .serverError(let refusal) = error, [.row, .fatal].contains(error.disposition) {
                for (sideTables, queue) in isolation.writer.withoutSideTables {
                    try await rollback()
                    do throws(PostgresError) { try await passes(queue) } catch { continue }
                    isolation.writer = queue
                    for sideTable in sideTables { outcome.refusals[sideTable] = refusal }
                    outcome.leftOut.formUnion(sideTables)
                    return true
                }
            }
            outcome.isStatementRefused = true
            throw error
        }
    }

    /// Writes a row that is refused without what is noted about it, if that is what was refused.
    private func write(
        _ rows: ArraySlice<EncodedRow>, withoutSideTablesAfter error: PostgresError, _ isolation: inout Isolation,
        _ outcome: inout BatchOutcome
    ) async throws(PostgresError) -> Bool {
        // What the catalog can tell of a side table is found out elsewhere.
        guard case .serverError(let refusal) = error, [.row, .fatal].contains(error.disposition) else { return false }
        for (sideTables, queue) in isolation.writer.withoutSideTables {
            do throws(PostgresError) {
                let result = try await inTransaction { () throws(PostgresError) in try await queue.write(rows) }
                outcome.written.formUnion(result.written)
                isolation.failures += result.failures(among: rows)
            } catch {
                guard error.mayBeOfOneRow(attempt: isolation.attempt) else { throw error }
                try await rollback()
                continue
            }
            for sideTable in sideTables {
                outcome.refusals[sideTable] = refusal
                isolation.refusals[sideTable, default: 0] += 1
            }
            // One may be about its row; two of two are about the side table.
            if !isolation.hasNoted, sideTables.allSatisfy({ isolation.refusals[$0] == 2 }) {
                isolation.writer = queue
                outcome.leftOut.formUnion(sideTables)
            }
            return true
        }
        return false
    }

    /// Queues that note less about what they write, the least of it left out first.
    ///
    /// What is replaced rests on the states, so they are not left out there.
    private var withoutSideTables: [(sideTables: [SideTable], queue: DatasetQueue)] {
        SideTable.omissions.filter { sideTables in
            sideTables.allSatisfy { table[$0] != nil && ($0 != .state || !table.selection.needsState) }
        }.map { sideTables in
            var rest = table
            for sideTable in sideTables { rest[sideTable] = nil }
            return (sideTables, DatasetQueue(session: session, table: rest, model: model))
        }
    }

    /// Records blamed rows in the ledger, in halves if it refuses some of them.
    private func note(
        _ failures: ArraySlice<FailedRow>, _ outcome: inout BatchOutcome
    ) async throws(PostgresError) {
        do throws(PostgresError) {
            try await inTransaction { () throws(PostgresError) in try await fail(failures) }
        } catch {
            // A ledger that is gone or closed is another matter: the run goes on without it.
            guard error.mayBeOfOneRow(attempt: 0), error.disposition != .configuration, let first = failures.first
            else {
                throw error
            }
            try await rollback()
            guard failures.count > 1 else {
                outcome.unnoted.append(FailedRow(row: first.row, failure: first.failure, error))
                return
            }
            let middle = failures.startIndex + failures.count / 2
            try await note(failures[..<middle], &outcome)
            try await note(failures[middle...], &outcome)
        }
    }

    // MARK: - Rows without their vector

    /// Blames rows that took their vector and have lost it by the end of the transaction.
    private func takeBackCleared(_ batch: EncodedBatch, _ outcome: inout BatchOutcome) async throws(PostgresError) {
        // Without triggers nobody can have done so but another session, whose doing the next pass finds.
        guard table.hasLaterTriggers else { return }
        let rows = batch.rows.map(\.row).filter { outcome.written.contains($0.key) }
        guard !rows.isEmpty else { return }
        // With a snapshot of its own for the statement, later than the lock on the table: an earlier one, as in a transaction that
        // only reads, would not show that the column's name has just come to mean another.
        try await session.executeScript(statements.begin)
        let keys = try await cleared(rows)
        try await rollback()
        guard !keys.isEmpty else { return }
        let failures = rows.filter { keys.contains($0.key) }
            .map { FailedRow(row: $0, failure: .write, code: FailedRow.undone) }
        try await note(failures[...], &outcome)
        outcome.written.subtract(keys)
        outcome.failures += failures
    }

    /// Finds out which rows have lost their vector, and why others were neither written nor refused.
    private func explain(_ batch: EncodedBatch, _ outcome: inout BatchOutcome) async throws(PostgresError) {
        try await takeBackCleared(batch, &outcome)
        let refused = Set(outcome.failures.map(\.row.key))
        let rows = batch.rows.map(\.row).filter {
            !outcome.written.contains($0.key) && !refused.contains($0.key)
        }
        outcome.locked = []
        guard !rows.isEmpty else { return }
        let found = try await reading { () throws(PostgresError) in try await waiting(rows) }
        outcome.locked = found.keys
        guard found.isRestricted else { return }
        let denied = try await denied(rows.filter { found.keys.contains($0.key) })
        guard !denied.isEmpty else { return }
        outcome.locked.subtract(denied.map(\.row.key))
        outcome.readOnlyRole = try await reading { () throws(PostgresError) in try await roleWithoutUpdatePolicy() }
        guard outcome.readOnlyRole == nil else { return }
        try await note(denied[...], &outcome)
        outcome.failures += denied
    }

    /// Of rows that wait unchanged, those that row-level security keeps this role from updating.
    private func denied(_ rows: [DatasetRow]) async throws(PostgresError) -> [FailedRow] {
        var lockable: Set<RowKey> = []
        try await findLockable(rows[...], &lockable)
        let suspects = rows.filter { !lockable.contains($0.key) }
        // Some may have been deleted or hidden in the meantime.
        let found = try await reading { () throws(PostgresError) in try await waiting(suspects) }
        return suspects.filter { found.keys.contains($0.key) }
            .map { FailedRow(row: $0, failure: .write, code: FailedRow.denied) }
    }

    /// Finds the rows that this role may lock, whether or not somebody else has.
    private func findLockable(
        _ rows: ArraySlice<DatasetRow>, _ lockable: inout Set<RowKey>
    ) async throws(PostgresError) {
        guard !rows.isEmpty else { return }
        do throws(PostgresError) {
            try await session.executeScript(statements.begin)
            lockable.formUnion(try await lockableRows(Array(rows)))
            try await rollback()
        } catch {
            guard error.sqlState == .lockNotAvailable, let first = rows.first else { throw error }
            try await rollback()
            guard rows.count > 1 else {
                // The lock that it waits for is one that it may ask for.
                lockable.insert(first.key)
                return
            }
            let middle = rows.startIndex + rows.count / 2
            try await findLockable(rows[..<middle], &lockable)
            try await findLockable(rows[middle...], &lockable)
        }
    }
}
