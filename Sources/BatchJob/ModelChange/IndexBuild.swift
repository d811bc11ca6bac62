import DatasetTable
import Logging
import Postgres

/// Builds an index while the table stays in use, and says how far it has come.
///
/// `CREATE INDEX CONCURRENTLY` cannot be part of a transaction; ended early, it leaves an index behind that is not valid. A
/// second connection holds the lock that keeps other processes from building the same, and looks at the progress.
struct IndexBuild: Sendable {
    private static let progressInterval = Duration.seconds(2)
    private static let longest = Duration.seconds(7 * 86_400)

    private let change: ModelChange
    private let table: ResolvedTable
    private let name: String
    private let statement: PostgresStatement

    init(_ change: ModelChange, _ table: ResolvedTable, name: String, statement: PostgresStatement) {
        self.change = change
        self.table = table
        self.name = name
        self.statement = statement
    }

    private var log: Logger { change.log }

    /// Builds the index unless it is there, or somebody else is at it.
    ///
    /// - Returns: Whether it was built.
    @discardableResult
    func build() async throws -> Bool {
        let session = try await change.connector.open()
        if try await state(session)?.isValid == true {
            await session.close()
            return false
        }
        let watcher = await change.connector.more(1).first
        do {
            let hasBuilt = try await build(session, watcher)
            await session.close()
            await watcher?.close()
            return hasBuilt
        } catch {
            await session.close()
            await watcher?.close()
            throw error
        }
    }

    private func build(_ session: PostgresSession, _ watcher: PostgresSession?) async throws -> Bool {
        if let watcher, try await !becomeBuilder(watcher) { return leave() }
        // Looked at again, now that nobody else builds.
        if let found = try await state(session) {
            if found.isValid { return false }
            if found.isBeingBuilt { return leave() }
            log.warning("dropping an index that an earlier build did not finish", metadata: metadata([.index: name]))
            try await session.liftLimits()
            try await session.execute(
                table.statement(.changeDropIndex, ["{INDEX}": found.quoted]), timeout: Self.longest)
        }
        try await session.liftLimits()
        log.notice("building an index", metadata: metadata([.index: name]))
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await session.execute(statement, timeout: Self.longest)
                return true
            }
            group.addTask {
                try await watch(watcher, building: session)
                return false
            }
            // The watch ends by being cancelled; if it fails, the build goes on unwatched.
            while let isBuilt = try await group.next(), !isBuilt {}
            group.cancelAll()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        log.notice("index built", metadata: metadata([.index: name, .seconds: "\(seconds)"]))
        return true
    }

    /// What the catalog says of the index; `nil` if there is none of the name.
    private func state(
        _ session: PostgresSession
    ) async throws -> (quoted: String, isValid: Bool, isBeingBuilt: Bool)? {
        let rows = try await session.readOnly {
            try await session.execute(SQLFile.changeIndex.statement, [.oid(table.oid), .text(name)])
        }
        guard let row = rows.first else { return nil }
        return (try row.text("quoted"), try row.bool("is_valid"), try row.bool("is_being_built"))
    }

    private func leave() -> Bool {
        log.notice("another process is building indexes; leaving it to that one", metadata: metadata([.index: name]))
        return false
    }

    private func becomeBuilder(_ watcher: PostgresSession) async throws(PostgresError) -> Bool {
        try await watcher.executeScript(SQLFile.changeWatch.statement)
        let namespace = table.claimNamespace(of: change.nextColumn)
        let row = try await watcher.execute(table.statement(.changeBuilder), [.int4(namespace)]).first
        // The transaction goes on, and its snapshot must not: the build waits for all older ones.
        try await watcher.executeScript(SQLFile.releaseSnapshot.statement)
        return try row?.bool("is_builder") ?? false
    }

    /// Logs the progress every few seconds, and ends the build on a signal.
    private func watch(_ watcher: PostgresSession?, building session: PostgresSession) async throws {
        var lastLogged = ContinuousClock.now
        while true {
            try? await Task.sleep(for: .milliseconds(500))
            if Task.isCancelled { return }
            if await change.control.request != nil { return session.interrupt() }
            guard let watcher, ContinuousClock.now - lastLogged >= Self.progressInterval else { continue }
            lastLogged = .now
            do {
                try await logProgress(watcher)
            } catch {
                return log.warning("the progress is not known any more", metadata: metadata([.error: "\(error)"]))
            }
        }
    }

    private func logProgress(_ watcher: PostgresSession) async throws(PostgresError) {
        let row = try await watcher.execute(SQLFile.changeProgress.statement, [.oid(table.oid)]).first
        try await watcher.executeScript(SQLFile.releaseSnapshot.statement)
        guard let row, try !row.isNull("phase") else { return }
        let (done, total) = (try row.count("done"), try row.count("total"))
        let phase = try row.text("phase")
        log.info(
            "progress",
            metadata: metadata([
                .index: name, .phase: phase,
                .percent: total > 0 ? "\(min(100, 100 * done / total))" : "0",
            ]))
    }
}
