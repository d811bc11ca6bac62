public import DatasetTable
public import FoundationEssentials
public import Logging
public import Postgres

/// Tasks that this process runs, from their claim to their end.
///
/// A connection of its own keeps their locks: see <doc:0001-lock-in-idle-transaction>. When the process dies, the connection
/// ends, and with it the locks: whoever claims next finds the tasks lost. When the connection alone breaks, the locks are taken
/// again, or the tasks are given up; what they are about goes on in any case.
public actor TaskClaims {
    /// Opens a connection, once.
    public typealias Open = @Sendable () async throws(PostgresError) -> PostgresSession

    /// A task, and whether its lock is held.
    private struct Held {
        let task: EmbeddingTask
        var isLocked = true
    }

    private let names: DatasetNames
    /// The board of the connection that claimed; only its names and the namespace are used later.
    private let board: TaskBoard
    private let runner: String
    private let open: Open
    private let log: Logger
    private var held: [Held] = []
    /// The connection that keeps the locks, and nothing else.
    private var keeper: PostgresSession?

    private init(_ names: DatasetNames, _ board: TaskBoard, runner: String, _ open: @escaping Open, _ log: Logger) {
        (self.names, self.board, self.runner, self.open, self.log) = (names, board, runner, open, log)
    }

    /// The tasks that are this process's own.
    public var tasks: [EmbeddingTask] { held.map(\.task) }

    // MARK: - Claiming

    /// Claims all tasks about a column that are due, after those whose runner has gone away were queued again.
    ///
    /// - Parameters:
    ///   - names: The table and its column.
    ///   - runner: How the board calls this process.
    ///   - session: A connection, used up to the return.
    ///   - open: Opens the connection that keeps the locks, and later ones.
    ///   - log: Where lost tasks are named.
    public static func claimDue(
        of names: DatasetNames, runner: String, session: PostgresSession, open: @escaping Open, log: Logger
    ) async throws -> TaskClaims {
        try await claiming(names, runner, session, open, log) { claims in
            var passed: [Int32] = []
            while let key = try await claims.claim(nil, leavingOut: passed) { passed.append(key) }
        }
    }

    /// Claims one task, due or not; throws a `RunFailure` that says why it cannot be begun.
    ///
    /// The parameters are those of ``claimDue(of:runner:session:open:log:)``.
    public static func claim(
        _ id: UUID, of names: DatasetNames, runner: String, session: PostgresSession, open: @escaping Open, log: Logger
    ) async throws -> TaskClaims {
        try await claiming(names, runner, session, open, log) { claims in
            _ = try await claims.claim(id, leavingOut: [])
            guard await claims.held.isEmpty else { return }
            throw RunFailure(.configuration, try await claims.obstacle(of: id))
        }
    }

    private static func claiming(
        _ names: DatasetNames, _ runner: String, _ session: PostgresSession, _ open: @escaping Open, _ log: Logger,
        _ body: (TaskClaims) async throws -> Void
    ) async throws -> TaskClaims {
        let board = try await TaskBoard(of: names, for: .run, session: session)
        for task in try await board.recoverLost() {
            log.warning(
                "the runner of a task went away",
                metadata: ["task": "\(task.id.text)", "attempt": "\(task.attempt)", "state": "\(task.state)"])
        }
        let claims = TaskClaims(names, board, runner: runner, open, log)
        do {
            try await body(claims)
        } catch {
            // What was begun is lost, and somebody will find it.
            await claims.letGo()
            throw error
        }
        return claims
    }

    /// Claims a task, with no moment at which it runs and its lock is free: the row's lock keeps others away until the
    /// task's lock is taken, and only then the task begins.
    ///
    /// - Returns: The key of the task that was looked at; `nil` if there was none.
    private func claim(_ id: UUID?, leavingOut keys: [Int32]) async throws -> Int32? {
        let keeper = try await openKeeper()
        return try await board.session.transaction(.begin) {
            guard let task = try await board.pick(id, leavingOut: keys) else { return nil }
            let isTaken = try await board.lock(task, keeper)
            // Whatever was read is forgotten, so that the transaction idles without a snapshot.
            try await keeper.executeScript(SQLFile.releaseSnapshot.statement)
            // Somebody may be about to find out whether it is lost.
            guard isTaken else { return task.key }
            guard let begun = try await board.start(task, runner: runner) else { return task.key }
            held.append(Held(task: begun))
            return task.key
        }
    }

    /// Why a task cannot be begun.
    private func obstacle(of id: UUID) async throws -> String {
        guard let task = try await board.find(id) else {
            return
                "there is no task \(id.text) about \(board.table).\(board.column); embedding-job task list shows those"
        }
        switch task.state {
        case .queued: return "task \(id.text) is being claimed or cancelled by somebody else; try again"
        case .running:
            return "task \(id.text) is run by \(task.runner ?? "somebody else"), which holds its lock; leave it to that"
        case .succeeded, .failed, .cancelled:
            return
                "task \(id.text) has ended: it is \(task.state.rawValue); queue another with embedding-job task queue"
        }
    }

    private func openKeeper() async throws(PostgresError) -> PostgresSession {
        if let keeper, await keeper.isUsable { return keeper }
        let session = try await open()
        do {
            try await session.executeScript(SQLFile.taskKeep.statement)
        } catch {
            await session.close()
            throw error
        }
        keeper = session
        for index in held.indices { held[index].isLocked = false }
        return session
    }

    // MARK: - Keeping

    /// Looks after the locks until the Swift task is cancelled, and says once if somebody wants one of the tasks to end.
    public func watch(every interval: Duration = .seconds(5), _ onCancel: @Sendable () async -> Void) async {
        var isCancelled = false
        while true {
            do {
                try await Task.sleep(for: interval)
            } catch {
                return
            }
            guard await lookAfter(), !isCancelled else { continue }
            isCancelled = true
            await onCancel()
        }
    }

    /// Takes locks again that were lost, gives up tasks that are somebody else's by now.
    ///
    /// - Returns: Whether somebody wants one of the tasks to end.
    package func lookAfter() async -> Bool {
        guard !held.isEmpty else { return false }
        do throws(PostgresError) {
            let keeper = try await openKeeper()
            for index in held.indices where !held[index].isLocked {
                held[index].isLocked = try await retake(held[index], keeper)
            }
            let own = try await own(keeper)
            for lost in held where own[lost.task.key] == nil {
                log.warning(
                    "a task was given to another runner; this run goes on without it", metadata: metadata(lost))
            }
            held.removeAll { own[$0.task.key] == nil }
            return own.values.contains(true)
        } catch {
            log.warning(
                "the connection that keeps the locks of tasks failed; they will be taken again",
                metadata: ["error": "\(error.description)"])
            // An aborted transaction keeps nothing either.
            await keeper?.close()
            keeper = nil
            return false
        }
    }

    /// Takes the lock of a task again, and lets it go if the task is somebody else's by now.
    private func retake(_ lost: Held, _ keeper: PostgresSession) async throws(PostgresError) -> Bool {
        try await keeper.executeScript(SQLFile.taskRetakeBegin.statement)
        let isTaken = try await board.lock(lost.task, keeper)
        let isOwn = try await own(keeper)[lost.task.key] != nil
        try await keeper.executeScript((isOwn ? SQLFile.taskRetakeKeep : .taskRetakeUndo).statement)
        if isTaken, isOwn { log.notice("took the lock of a task again", metadata: metadata(lost)) }
        return isTaken && isOwn
    }

    /// Whether somebody wants them to end, of the tasks that are still this process's own.
    private func own(_ keeper: PostgresSession) async throws(PostgresError) -> [Int32: Bool] {
        try await keeper.executeScript(SQLFile.taskWatchBegin.statement)
        let rows = try await keeper.execute(
            board.statement(.taskWatch),
            [.int4Array(held.map(\.task.key)), .int4Array(held.map { Int32($0.task.attempt) })], timeout: .seconds(5))
        var own: [Int32: Bool] = [:]
        for row in rows { own[try row.int32("lock_key")] = try row.bool("is_cancelled") }
        try await keeper.executeScript(SQLFile.taskWatchEnd.statement)
        return own
    }

    private func metadata(_ held: Held) -> Logger.Metadata {
        ["task": "\(held.task.id.text)", "attempt": "\(held.task.attempt)"]
    }

    // MARK: - Ending

    /// Ends all tasks alike, then lets their locks go; what cannot be noted is logged, and found lost by the next who claims.
    ///
    /// - Parameters:
    ///   - exitStatus: How the run ended.
    ///   - report: Its line of JSON.
    ///   - error: Why it did not succeed; neither SQL nor names of hosts.
    ///   - open: Opens the connection for it; the usual one by default.
    public func end(exitStatus: Int32, report: String, error: String?, open: Open? = nil) async {
        guard !held.isEmpty else { return await letGo() }
        do {
            let session = try await (open ?? self.open)()
            let board = try await TaskBoard(of: names, for: .run, session: session)
            for held in held {
                let ended = try await board.end(held.task, exitStatus: exitStatus, report: report, error: error)
                if let ended {
                    log.info(
                        "task ended",
                        metadata: metadata(held).merging(["state": "\(ended.state)"]) { $1 })
                } else {
                    log.warning(
                        "a task was given to another runner, so its end here is not noted", metadata: metadata(held))
                }
            }
            await session.close()
        } catch {
            log.error(
                "the end of tasks could not be noted; the next run that takes tasks will find them lost",
                metadata: ["error": "\(RunFailure(error).description)", "count": "\(held.count)"])
        }
        await letGo()
    }

    /// Closes the connection that keeps the locks.
    private func letGo() async {
        held = []
        await keeper?.close()
        keeper = nil
    }
}
