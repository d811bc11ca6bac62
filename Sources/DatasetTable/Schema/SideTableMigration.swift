import Logging
import Postgres

/// Lets side tables of an earlier version, whose keys do not say which table they are about, tell tables apart.
///
/// One transaction for both: whatever ends it early leaves everything as it was. It claims all shards of all vector
/// columns, so that it waits for the batches in hand and none begins meanwhile. A row is given to the table whose text it
/// was made from, or to the only one that this role sees to have its key and column; others stay under the empty name, and
/// are counted. Nothing is deleted.
///
/// A side table that has been migrated may still hold rows under the empty name. Those are looked at again each time, but
/// then the text must be the same: by now a key may belong to a row that came later.
struct SideTableMigration: Sendable {
    let names: DatasetNames
    let session: PostgresSession
    let log: Logger

    /// A side table that exists, with the key of the table that it is looked up for, which has the same type as its own.
    typealias Found = (sideTable: SideTable, entry: SideTable.Entry, key: ResolvedTable.Column)

    /// Migrates the side tables that a run on the table would use.
    ///
    /// - Returns: Those that exist, wherever they are.
    func migrate() async throws -> Set<SideTable> {
        let preflight = Preflight(session: session, names: names, log: log)
        let subject = try await preflight.onTrial {
            () -> (oid: UInt32, key: ResolvedTable.Column, found: [Found], isDue: Bool)? in
            guard let oid = try await preflight.lookUpTables().first?.oid else { return nil }
            guard let key = try await ResolvedTable.Column.lookUp([names.id], of: oid, session)[names.id] else {
                return nil
            }
            let found = try await lookUp(oid, key)
            return (oid, key, found, try await !due(found).isEmpty)
        }
        guard let (oid, key, found, isDue) = subject else { return [] }
        if isDue {
            for note in try await exclusively(found, { try await due(try await lookUp(oid, key)) }) { note.write(log) }
        }
        return Set(found.map(\.sideTable))
    }

    private func lookUp(_ table: UInt32, _ key: ResolvedTable.Column) async throws(PostgresError) -> [Found] {
        var found: [Found] = []
        for sideTable in SideTable.usual {
            let entry = try await sideTable.entry(table: table, keyType: key.typeOID, to: .write, session)
            if let entry, entry.keyMatches { found.append((sideTable, entry, key)) }
        }
        return found
    }

    /// Those of the side tables that there is something to do for.
    private func due(_ found: [Found]) async throws(PostgresError) -> [Found] {
        var due: [Found] = []
        for one in found {
            let entry = one.entry
            if entry.hasKey, entry.missingColumns.isEmpty, try await unassigned(entry) == 0 { continue }
            due.append(one)
        }
        return due
    }

    // MARK: - The transaction

    /// Takes all claims and locks, looks again at what is to be done, since another process may have been faster, and does
    /// it.
    private func exclusively(_ found: [Found], _ due: () async throws -> [Found]) async throws -> [Note] {
        try await session.executeScript(SQLFile.schemaBegin.statement)
        do {
            try await claimColumns()
            for (_, entry, _) in found { try await session.execute(statement(.migrationLock, entry)) }
            var notes: [Note] = []
            for found in try await due() { notes.append(try await migrate(found)) }
            try await session.execute(.commit)
            return notes
        } catch {
            // If this fails too, the connection is gone and the transaction with it; the first error is the one to tell.
            _ = try? await session.execute(.rollback)
            throw Self.explained(error)
        }
    }

    /// A wait in vain, by what was waited for.
    private static func explained(_ error: any Error) -> any Error {
        guard let error = error as? PostgresError, error.sqlState == .lockNotAvailable else { return error }
        return RunFailure(
            .database,
            "the side tables are in use: a run has been at one batch, or somebody has read them, for half a minute; stop it, or try again when it is done"
        )
    }

    private func claimColumns() async throws {
        var namespaces: [Int32] = []
        for row in try await session.execute(SQLFile.migrationVectorColumns.statement) {
            namespaces.append(ResolvedTable.claimNamespace(of: try row.text("name"), in: try row.oid("relation")))
        }
        let claim = SQLFile.claimColumns.statement(filling: ["{SHARD_COUNT}": String(ResolvedTable.shardCount)])
        do throws(PostgresError) {
            try await session.execute(claim, [.int4Array(namespaces)], timeout: .schemaChange)
        } catch {
            guard error.sqlState == .outOfMemory else { throw error }
            throw RunFailure(
                .configuration,
                "the server has no room for \(namespaces.count * ResolvedTable.shardCount) locks, which keep runs on \(namespaces.count) vector columns away from the side tables; raise max_locks_per_transaction, then try again"
            )
        }
    }

    private func migrate(_ found: Found) async throws(PostgresError) -> Note {
        let (sideTable, entry, _) = found
        let isFirst = !entry.tellsTablesApart
        let columns: SQLFile = sideTable == .ledger ? .migrationLedger : .migrationState
        try await session.executeScript(statement(columns, entry))
        var note = Note(sideTable: sideTable)
        try await assign(found, isFirst: isFirst, &note)
        if !entry.hasKey { try await replaceKey(sideTable, entry) }
        note.isMigration = !entry.hasKey
        note.unassigned = try await unassigned(entry)
        return note
    }

    private func replaceKey(_ sideTable: SideTable, _ entry: SideTable.Entry) async throws(PostgresError) {
        let oldKey = PostgresValue.textArray(["dataset_id", sideTable.lastKeyColumn])
        for row in try await session.execute(SQLFile.migrationOldKeys.statement, [.oid(entry.oid), oldKey]) {
            try await session.execute(PostgresStatement(name: "remove old key", sql: try row.text("statement")))
        }
        let key = statement(.migrationKey, entry, ["{REST}": sideTable.lastKeyColumn])
        try await session.executeScript(key, timeout: .schemaChange)
    }

    /// The rows that are of no table.
    private func unassigned(_ entry: SideTable.Entry) async throws(PostgresError) -> Int {
        let statement = statement(.migrationUnassigned, entry)
        return try await session.execute(statement, timeout: .tableScan).first?.count("rows") ?? 0
    }

    func statement(_ file: SQLFile, _ entry: SideTable.Entry, _ more: [String: String] = [:]) -> PostgresStatement {
        file.statement(filling: more.merging(["{SIDE_TABLE}": entry.quoted]) { $1 })
    }
}
