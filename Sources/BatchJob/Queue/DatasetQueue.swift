import DatasetTable
import Postgres

/// The database side of a drain on one connection: claim and read, write, and nothing in between but an open transaction.
///
/// While a batch is encoded the transaction holds advisory locks only: no row lock, no transaction id, no snapshot. See
/// <doc:RowLifeCycle>.
struct DatasetQueue: Sendable {
    let session: PostgresSession
    let table: ResolvedTable
    /// The model's fingerprint: the first parameter of every statement about rows.
    let model: Fingerprint

    let statements: Statements

    init(session: PostgresSession, table: ResolvedTable, model: Fingerprint) {
        self.session = session
        self.table = table
        self.model = model
        statements = Statements(table)
    }

    struct Statements: Sendable {
        let begin, beginReadOnly, list, pendingCount, embeddedCount, claim, read, releaseSnapshot, write, check,
            checkColumn: PostgresStatement
        let label, savepoint, rollbackToSavepoint, classify, cleared, lockable, updatePolicy,
            writingTriggers: PostgresStatement
        let fail, quarantined: PostgresStatement?

        init(_ table: ResolvedTable) {
            begin = table.statement(.begin)
            beginReadOnly = table.statement(.beginReadOnly)
            list = table.statement(.list)
            pendingCount = table.statement(.pendingCount)
            embeddedCount = table.statement(.embeddedCount)
            claim = table.statement(.claim)
            read = table.statement(.read)
            releaseSnapshot = table.statement(.releaseSnapshot)
            write = table.statement(.write)
            check = table.statement(.check)
            checkColumn = table.statement(.checkColumn)
            label = table.statement(.label)
            savepoint = table.statement(.trialSavepoint)
            rollbackToSavepoint = table.statement(.trialRollback)
            classify = table.statement(.classify)
            cleared = table.statement(.cleared)
            lockable = table.statement(.lockable)
            updatePolicy = table.statement(.updatePolicy)
            writingTriggers = table.statement(.writingTriggers)
            fail = table.ledger == nil ? nil : table.statement(.fail)
            quarantined = table.ledger == nil ? nil : table.statement(.quarantined)
        }
    }

    /// `$1` and `$2` of every statement about rows.
    var identity: [PostgresValue] { [.bytea(model.bytes), .text(table.vectorColumn.stateKey)] }

    /// A claim and the rows that were read under it.
    struct Claim: Sendable {
        var reading = ShardSchedule.Reading()
        var rows: [DatasetRow] = []
        /// Rows among those asked for that the server cannot read.
        var unreadable: [FailedRow] = []
    }

    /// Most rows of a page of pending rows: their keys take some megabytes, and listing them a tenth of a second.
    private static let pageSize = 65_536
    /// A list has the key of every row that waits: those of a hundred million rows and more.
    private static let mostBytesOfList = 4 << 30
    /// Twice the title and the description, cut to 2,048 and 16,384 characters of up to four bytes, and what goes with them.
    private static let mostBytesOfRow = 1 << 17

    /// Lists rows that wait in the order of their keys; those that the ledger holds back are counted, and not listed.
    ///
    /// Missing vectors come page by page, from the pending index. Rows with a vector of another origin are listed at once,
    /// because all of them have to be looked at to find one.
    ///
    /// Needs a transaction, which goes on in any case.
    ///
    /// - Parameter last: The last key of the page before; `nil` for the first.
    func list(after last: RowKey?) async throws(PostgresError) -> PendingPage {
        var page = PendingPage()
        for row in try await listedRows(after: last) {
            page.append(try row.key("id"), shard: try row.shard("shard"), isHeldBack: try row.bool("is_held"))
        }
        page.isLast = table.selection != .missing || page.count < Self.pageSize
        return page
    }

    private func listedRows(after last: RowKey?) async throws(PostgresError) -> PostgresResult {
        let limit = table.selection == .missing ? PostgresResult.usualByteLimit : Self.mostBytesOfList
        func execute(_ list: PostgresStatement) async throws(PostgresError) -> PostgresResult {
            try await session.execute(list, listParameters(after: last), timeout: .tableScan, byteLimit: limit)
        }
        guard table.ledger != nil else { return try await execute(statements.list) }
        try await session.executeScript(statements.savepoint)
        do throws(PostgresError) {
            return try await execute(statements.list)
        } catch {
            guard error.disposition == .row else { throw error }
            try await session.executeScript(statements.rollbackToSavepoint)
        }
        // A row that was blamed cannot be read any more: reading finds out which.
        var table = table
        table.ledger = nil
        return try await execute(table.statement(.list))
    }

    /// The parameters of `list.sql`.
    func listParameters(after last: RowKey?) -> [PostgresValue] {
        let size: PostgresValue =
            table.selection == .missing ? .int4(Int32(Self.pageSize)) : .null(PostgresTypeOID.int4)
        return identity + [key(last), size]
    }

    /// Counts the rows that wait, quarantined ones included.
    func pendingCount() async throws(PostgresError) -> Int {
        try await session.execute(statements.pendingCount, identity, timeout: .tableScan).first?.count("rows") ?? 0
    }

    /// Counts all vectors of the column.
    func embeddedCount() async throws(PostgresError) -> Int {
        let rows = try await session.execute(statements.embeddedCount, timeout: .tableScan)
        guard let row = rows.first else { return 0 }
        return try row.count("rows")
    }

    /// Counts eligible rows that the ledger holds back; `nil` without a ledger, or while it has one that cannot be read.
    ///
    /// Needs a transaction, which goes on in any case.
    func quarantined() async throws(PostgresError) -> Int? {
        guard let statement = statements.quarantined else { return nil }
        try await session.executeScript(statements.savepoint)
        do throws(PostgresError) {
            guard let row = try await session.execute(statement, identity, timeout: .tableScan).first else { return 0 }
            return try row.count("rows")
        } catch {
            guard error.disposition == .row else { throw error }
            try await session.executeScript(statements.rollbackToSavepoint)
            return nil
        }
    }

    /// Opens a transaction, claims shards and reads their next rows.
    func claim(_ assignment: ShardSchedule.Assignment) async throws(PostgresError) -> Claim {
        do throws(PostgresError) {
            return try await claim(assignment) { shards throws(PostgresError) in
                try await read(assignment, of: shards)
            }
        } catch {
            guard error.mayBeOfOneRow(attempt: 0) else { throw error }
            try await rollback()
        }
        return try await claim(assignment) { shards throws(PostgresError) in
            try await readInPieces(assignment, of: shards)
        }
    }

    private func claim(
        _ assignment: ShardSchedule.Assignment, reading read: (Set<Int32>) async throws(PostgresError) -> Claim
    ) async throws(PostgresError) -> Claim {
        try await session.executeScript(statements.begin)
        let granted = try await session.execute(
            statements.claim,
            [.int4(table.claimNamespace(of: table.names.column)), .int4Array(assignment.positions.map(\.shard))])
        var shards: Set<Int32> = []
        for row in granted { shards.insert(try row.shard("shard")) }

        let claim = try await read(shards)
        if !shards.isEmpty { try await session.executeScript(statements.releaseSnapshot) }
        return claim
    }

    /// Reads the next rows of some of the shards of an assignment.
    func read(
        _ assignment: ShardSchedule.Assignment, of granted: Set<Int32>
    ) async throws(PostgresError) -> Claim {
        let keys = assignment.keys(of: granted)
        var claim = Claim()
        let examined = keys.isEmpty ? 0 : try await read(keys[...], atMost: assignment.rowLimit, into: &claim)
        claim.reading = ShardSchedule.Reading(
            granted: granted, shards: claim.rows.map(\.shard), examined: examined)
        return claim
    }

    /// Reads until there are as many rows as are wanted.
    ///
    /// - Returns: How many of the keys were looked at.
    func read(
        _ keys: ArraySlice<RowKey>, atMost limit: Int, into claim: inout Claim
    ) async throws(PostgresError) -> Int {
        let result = try await session.execute(
            statements.read, identity + [self.keys(Array(keys)), .int4(Int32(limit - claim.rows.count))],
            byteLimit: max(PostgresResult.usualByteLimit, limit * Self.mostBytesOfRow))
        var rows: [DatasetRow] = []
        var place = 0
        for row in result {
            rows.append(try DatasetRow(row))
            place = Int(try row.int32("place"))
        }
        claim.rows += rows
        // With as many rows as were wanted, nothing is known of the keys after the last.
        return claim.rows.count == limit ? place : keys.count
    }

    /// Writes vectors and tells which rows took them.
    ///
    /// Inside the transaction of ``claim(_:)``, or in one of its own: the guard does not need the claim.
    ///
    /// - Parameter evenIfEmpty: Whether the statement is sent without any row, to see whether it can be executed.
    func write(
        _ rows: ArraySlice<EncodedRow>, evenIfEmpty: Bool = false
    ) async throws(PostgresError) -> WriteResult {
        var outcome = WriteResult()
        guard !rows.isEmpty || evenIfEmpty else { return outcome }
        for row in try await session.execute(statements.write, writeParameters(rows), timeout: Self.writeTimeout) {
            let key = try row.key("id")
            if try row.isNull("code") {
                outcome.written.insert(key)
            } else {
                outcome.refused[key] = try row.text("code")
            }
        }
        return outcome
    }

    /// The parameters of `write.sql`.
    func writeParameters(_ rows: ArraySlice<EncodedRow>) -> [PostgresValue] {
        let column = table.vectorColumn
        let vectors: PostgresValue =
            if column.isHalf {
                .halfVectorArray(rows.map(\.vector), elementOID: column.typeOID, arrayOID: column.arrayOID)
            } else {
                .vectorArray(rows.map(\.vector), elementOID: table.vector.oid, arrayOID: table.vector.arrayOID)
            }
        return identity + rowParameters(rows.map(\.row)) + [
            vectors, .int4Array(rows.map { Int32($0.tokens) }), .boolArray(rows.map(\.isTruncated)),
            .int4Array(rows.map { Int32($0.tokensLost) }),
        ]
    }

    /// More than `begin.sql` allows the server: its own time-out says which statement took too long and leaves the
    /// connection usable.
    static let writeTimeout = Duration.seconds(35)

    /// Whether the names of table and column still mean those that the preflight saw.
    ///
    /// In a transaction that has read or written the table the answer holds until its end: renaming takes a lock on it.
    func isColumnUnchanged() async throws(PostgresError) -> Bool {
        guard let row = try await session.execute(statements.checkColumn).first else { return false }
        return try row.bool("is_same")
    }

    /// Records blamed rows in the ledger, if there is one.
    func fail(_ rows: ArraySlice<FailedRow>) async throws(PostgresError) {
        guard let statement = statements.fail, !rows.isEmpty else { return }
        try await session.execute(statement, failParameters(rows))
    }

    /// The parameters of `fail.sql`.
    func failParameters(_ rows: ArraySlice<FailedRow>) -> [PostgresValue] {
        [.bytea(model.bytes)] + rowParameters(rows.map(\.row)) + [
            .textArray(rows.map(\.failure.rawValue)), .textArray(rows.map(\.code)),
        ]
    }

    /// Ends the transaction and releases the claim; only now are the rows written.
    func commit() async throws(PostgresError) {
        try await session.execute(.commit, timeout: Self.writeTimeout)
    }

    /// Ends the transaction without a trace.
    func rollback() async throws(PostgresError) {
        try await session.execute(.rollback)
    }

    /// Runs the body between BEGIN and COMMIT; a statement on its own would run under the role's isolation, access mode and
    /// time limits.
    func inTransaction<Result>(
        _ body: () async throws(PostgresError) -> Result
    ) async throws(PostgresError) -> Result {
        try await session.executeScript(statements.begin)
        let result = try await body()
        try await commit()
        return result
    }

    /// The same for statements that only read, which get the time to read the whole table.
    func reading<Result>(
        _ body: () async throws(PostgresError) -> Result
    ) async throws(PostgresError) -> Result {
        try await session.executeScript(statements.beginReadOnly)
        let result = try await body()
        // Nothing was written. Only what writes ends with COMMIT.
        try await rollback()
        return result
    }

    /// Of rows that were sent and whose lock the write did not get, those that wait unchanged; and whether row-level security
    /// may be the reason.
    func waiting(_ rows: [DatasetRow]) async throws(PostgresError) -> (keys: Set<RowKey>, isRestricted: Bool) {
        guard !rows.isEmpty else { return ([], false) }
        let result = try await session.execute(statements.classify, identity + rowParameters(rows))
        return (try Self.keys(in: result), try result.first?.bool("is_restricted") ?? false)
    }

    /// After COMMIT: of rows that took their vector, those that have none any more and still the same text.
    func cleared(_ rows: [DatasetRow]) async throws(PostgresError) -> Set<RowKey> {
        try Self.keys(in: try await session.execute(statements.cleared, rowParameters(rows)))
    }

    /// The rows that this role may lock; throws if somebody holds a lock on one of them.
    func lockableRows(_ rows: [DatasetRow]) async throws(PostgresError) -> Set<RowKey> {
        try Self.keys(in: try await session.execute(statements.lockable, [keys(rows.map(\.key))]))
    }

    /// This role, quoted by the server, if no policy of row-level security lets it update any row.
    func roleWithoutUpdatePolicy() async throws(PostgresError) -> String? {
        guard let row = try await session.execute(statements.updatePolicy).first else { return nil }
        return try row.bool("may_update") ? nil : try row.text("role")
    }

    /// The triggers that a write fires, for people; `nil` if there are none.
    func writingTriggers() async throws(PostgresError) -> String? {
        guard let row = try await session.execute(statements.writingTriggers).first else { return nil }
        return try row.isNull("triggers") ? nil : try row.text("triggers")
    }

    /// After a lost connection: of rows that were sent, those whose COMMIT succeeded.
    func committed(_ rows: [DatasetRow]) async throws(PostgresError) -> Set<RowKey> {
        guard !rows.isEmpty else { return [] }
        return try Self.keys(in: try await session.execute(statements.check, identity + rowParameters(rows)))
    }

    func rowParameters(_ rows: [DatasetRow]) -> [PostgresValue] {
        [keys(rows.map(\.key)), .byteaArray(rows.map(\.fingerprint.bytes))]
    }

    func key(_ value: RowKey?) -> PostgresValue {
        value.map { PostgresValue(typeOID: table.key.typeOID, bytes: $0.bytes) } ?? .null(table.key.typeOID)
    }

    func keys(_ values: [RowKey?]) -> PostgresValue {
        .array(of: table.key.typeOID, arrayOID: table.key.arrayOID, elements: values.map { $0?.bytes })
    }

    private static func keys(in result: PostgresResult) throws(PostgresError) -> Set<RowKey> {
        var keys: Set<RowKey> = []
        for row in result { keys.insert(try row.key("id")) }
        return keys
    }
}
