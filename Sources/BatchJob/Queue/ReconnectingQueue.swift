import DatasetTable
import Logging
import Postgres

/// A queue on a connection that is replaced by a new one when it breaks.
///
/// A failure that may pass is retried within a budget, with growing pauses of random length: a restarting server, a full
/// pool, a lock that did not come. What was encoded is kept, so nothing is encoded twice because of the database.
actor ReconnectingQueue {
    private let connector: Connector
    let control: RunControl
    let warnings: SideTableWarnings
    private var table: ResolvedTable
    private let model: Fingerprint
    private var queue: DatasetQueue
    private var isReplaced = false

    init(
        _ session: PostgresSession, table: ResolvedTable, model: Fingerprint, control: RunControl,
        warnings: SideTableWarnings, connector: Connector
    ) {
        self.connector = connector
        self.table = table
        self.model = model
        self.control = control
        self.warnings = warnings
        queue = DatasetQueue(session: session, table: table, model: model)
    }

    /// Makes all further statements about these rows.
    func select(_ selection: RowSelection) throws {
        // It may have disappeared since the preflight.
        guard table.state != nil || !selection.needsState else { throw RunFailure.staleNeedsState }
        table.selection = selection
        queue = DatasetQueue(session: queue.session, table: table, model: model)
    }

    /// Counts all vectors of the column.
    func embeddedCount() async throws -> Int {
        try await reading { queue throws(PostgresError) in try await queue.embeddedCount() }
    }

    /// Lists rows that wait, from where the page before ended.
    func list(after last: RowKey?) async throws -> PendingPage {
        try await reading { queue throws(PostgresError) in try await queue.list(after: last) }
    }

    /// Counts the rows that wait.
    func pendingCount() async throws -> Int {
        try await reading { queue throws(PostgresError) in try await queue.pendingCount() }
    }

    /// Counts the rows that the ledger holds back.
    func quarantined() async throws -> Int? {
        try await reading { queue throws(PostgresError) in try await queue.quarantined() }
    }

    /// The triggers that a write fires.
    func writingTriggers() async throws -> String? {
        try await reading { queue throws(PostgresError) in try await queue.writingTriggers() }
    }

    /// Whether there is another connection than when this was asked before: the server may be another, too, and may lack what
    /// the former one had committed last.
    func takeReplacement() -> Bool {
        defer { isReplaced = false }
        return isReplaced
    }

    /// Claims shards and reads their next rows.
    func claim(_ assignment: ShardSchedule.Assignment) async throws -> DatasetQueue.Claim {
        try await retrying { (queue, _) throws(PostgresError) in try await queue.claim(assignment) }
    }

    /// Writes a batch; if the connection breaks meanwhile, finds out what was committed and writes the rest.
    ///
    /// If the budget is spent before, what was written until then counts nevertheless.
    func complete(_ batch: EncodedBatch) async -> BatchOutcome {
        var outcome = BatchOutcome()
        do {
            try await retrying { (queue, attempt) throws(PostgresError) in
                if attempt == 0 {
                    try await queue.complete(batch, &outcome)
                } else {
                    try await queue.recover(batch, attempt: attempt, &outcome)
                }
            }
            if outcome.isColumnReplaced { throw RunFailure.columnReplaced(table) }
            if let role = outcome.readOnlyRole { throw RunFailure.updateDenied(table, role: role) }
        } catch let error as PostgresError where outcome.isStatementRefused && !error.namesItsRemedy {
            outcome.failure = RunFailure.statementRefused(table, error)
        } catch {
            outcome.failure = error
        }
        for sideTable in SideTable.allCases {
            if let refusal = outcome.refusals[sideTable] { await warnings.warn(sideTable, .refusesEntries(refusal)) }
            if outcome.leftOut.contains(sideTable) { table[sideTable] = nil }
        }
        if !outcome.leftOut.isEmpty { queue = DatasetQueue(session: queue.session, table: table, model: model) }
        return outcome
    }

    /// Closes the connection; an open transaction is rolled back.
    func close() async {
        await queue.session.close()
    }

    /// Runs statements that only read.
    func reading<Result: Sendable>(
        _ operation: (DatasetQueue) async throws(PostgresError) -> Result
    ) async throws -> Result {
        try await retrying { (queue, _) throws(PostgresError) in
            try await queue.reading { () throws(PostgresError) in try await operation(queue) }
        }
    }

    /// Runs an operation on a connection that works until it succeeds, fails for good, or the budget is spent.
    func retrying<Result: Sendable>(
        _ operation: (DatasetQueue, _ attempt: Int) async throws(PostgresError) -> Result
    ) async throws -> Result {
        try await connector.retrying(control) { attempt throws(PostgresError) in
            if await !queue.session.isUsable {
                queue = DatasetQueue(session: try await connector.open(), table: table, model: model)
                isReplaced = true
            } else if attempt > 0 {
                // A transaction that failed on a connection that is still good must be ended.
                try await queue.rollback()
            }
            do throws(PostgresError) {
                return try await operation(queue, attempt)
            } catch {
                guard try await adaptToSideTables(after: error) else { throw error }
                return try await operation(queue, attempt + 1)
            }
        }
    }

    /// Goes on without the side tables that were dropped, altered or closed to this role in the middle of the run.
    ///
    /// - Returns: Whether there were any; if not, another table is to blame for the failure.
    private func adaptToSideTables(after error: PostgresError) async throws(PostgresError) -> Bool {
        let causes: [SQLState?] = [.undefinedTable, .undefinedColumn, .undefinedFunction, .insufficientPrivilege]
        guard causes.contains(error.sqlState) else { return false }
        try await queue.rollback()
        var changed = table
        for sideTable in SideTable.allCases where table[sideTable] != nil {
            let session = queue.session
            let finding = try await queue.reading { () throws(PostgresError) in
                try await sideTable.lookUp(for: table, after: error, session)
            }
            switch finding {
            case .usable(let quoted):
                changed[sideTable] = quoted
            case .unusable(let problem):
                // The guard against mixed models is not given up because somebody has put back an old table.
                guard problem != .earlierVersion else { return false }
                guard sideTable != .state || !table.selection.needsState else { return false }
                changed[sideTable] = nil
                await warnings.warn(sideTable, problem)
            }
        }
        if let refusal = try await refusalOfDocuments(changed) {
            changed.document = nil
            await warnings.warn(.document, .refused(refusal))
        }
        guard SideTable.allCases.contains(where: { changed[$0] != table[$0] }) else { return false }
        table = changed
        queue = DatasetQueue(session: queue.session, table: table, model: model)
        return true
    }

    /// What the server objects to in the writing of documents if it objects to nothing else: they are made of columns that nothing
    /// else needs.
    private func refusalOfDocuments(
        _ table: ResolvedTable
    ) async throws(PostgresError) -> PostgresError.ServerError? {
        guard table.document != nil else { return nil }
        var rest = table
        rest.document = nil
        let queues = [table, rest].map { DatasetQueue(session: queue.session, table: $0, model: model) }
        guard let refusal = try await queues[0].refusalOfWrite() else { return nil }
        return try await queues[1].refusalOfWrite() == nil ? refusal : nil
    }
}

extension PostgresError {
    /// Whether the error by itself says what to do: to try again, or which name or privilege is missing.
    fileprivate var namesItsRemedy: Bool { [.retry, .configuration].contains(disposition) }
}
