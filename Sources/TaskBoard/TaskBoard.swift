public import DatasetTable
public import FoundationEssentials
public import Postgres

/// The table `embedding_task`, as far as it is about one column of one table.
///
/// Anybody with the rights may queue tasks, look at them and cancel them. Who runs them takes them by ``TaskClaims``.
public struct TaskBoard: Sendable {
    /// What somebody does with the board, which decides what rights are needed.
    public enum Access: Sendable {
        /// Looking at tasks.
        case read
        /// Queueing and cancelling them.
        case queue
        /// Running them.
        case run
    }

    /// A task is begun so often at most.
    public static let mostAttempts = 3

    /// The table that tasks are about, as the server quotes it.
    public let table: String
    /// Its vector column.
    public let column: String

    /// The namespace of the locks: an advisory lock has two numbers, and this is the first.
    let namespace: Int32
    let session: PostgresSession
    /// The board, quoted by the server.
    private let quoted: String

    /// Looks the board up, beside the table or on the search path; throws a `RunFailure` if there is none, or if this role
    /// may not use it.
    ///
    /// - Parameters:
    ///   - names: The table and its column.
    ///   - access: What is done with it.
    ///   - session: A connection to the database, which the board uses from then on.
    public init(of names: DatasetNames, for access: Access, session: PostgresSession) async throws {
        let found = try await Finding(names, session)
        guard let board = found.board else {
            throw RunFailure(
                .configuration,
                "there is no table embedding_task beside \(found.table) or on the search path; create it with embedding-job schema --tasks --apply"
            )
        }
        try board.require(access)
        table = found.table
        column = names.column
        namespace = Int32(bitPattern: board.oid)
        quoted = board.quoted
        self.session = session
    }

    /// A statement with the names of the board.
    func statement(_ file: SQLFile) -> PostgresStatement {
        let parts = [
            "{TASK}": SQLFile.task.text, "{NEXT_STATE}": SQLFile.taskNextState.text,
            "{HAS_TWIN}": SQLFile.taskHasTwin.text,
        ]
        let values = ["{BOARD}": quoted, "{MOST_ATTEMPTS}": String(Self.mostAttempts)]
        // The next state has a part of its own.
        return PostgresStatement(
            name: file.name, sql: [parts, parts, values].reduce(file.text) { SQLFile.fill($0, $1) })
    }

    /// What most statements begin with: table and column.
    var subject: [PostgresValue] { [.text(table), .text(column)] }

    // MARK: - Queueing and looking

    /// Queues a task, unless one with the same arguments waits already.
    ///
    /// - Returns: The task that waits, and whether somebody had queued it before.
    public func enqueue(_ arguments: TaskArguments) async throws -> (task: EmbeddingTask, isDeduplicated: Bool) {
        let id = UUID()
        let parameters = [.text(id.text), .text(EmbeddingTask.name)] + subject + [.text(arguments.json)]
        let task = try await session.transaction(.begin) {
            try await tasks(.taskEnqueue, parameters).first
        }
        guard let task else { throw RunFailure(.configuration, "the table \(quoted) takes no rows; look at its rules") }
        return (task, task.id != id)
    }

    /// The tasks of one state or of all, the latest first, so many at most.
    ///
    /// - Parameters:
    ///   - state: The state; `nil` for all.
    ///   - limit: How many at most.
    ///   - cursor: What the page before returned as `next`; `nil` for the first.
    /// - Returns: The tasks, and where the next page begins, `nil` after the last.
    public func list(
        _ state: TaskState? = nil, limit: Int, after cursor: Int32? = nil
    ) async throws -> (tasks: [EmbeddingTask], next: Int32?) {
        let limit = max(1, min(limit, 1000))
        let parameters =
            subject + [
                state.map { .text($0.rawValue) } ?? .null(PostgresTypeOID.text),
                cursor.map { .int4($0) } ?? .null(PostgresTypeOID.int4), .int4(Int32(limit + 1)),
            ]
        let found = try await session.readOnly { try await tasks(.taskList, parameters) }
        let page = Array(found.prefix(limit))
        return (page, found.count > limit ? page.last?.key : nil)
    }

    /// The task with this identifier; `nil` if there is none about this column.
    public func find(_ id: UUID) async throws -> EmbeddingTask? {
        try await session.readOnly { try await tasks(.taskFind, subject + [.text(id.text)]).first }
    }

    /// What has become of a request to cancel a task.
    public enum Cancellation: Sendable {
        /// It had not begun, and will not.
        case cancelled(EmbeddingTask)
        /// It runs; who runs it has been asked to end it.
        case requested(EmbeddingTask)
        /// It had come to its end before.
        case ended(EmbeddingTask)
    }

    /// Cancels a task; `nil` if there is none about this column.
    public func cancel(_ id: UUID) async throws -> Cancellation? {
        let parameters = subject + [.text(id.text)]
        let task = try await session.transaction(.begin) { try await tasks(.taskCancel, parameters).first }
        if let task { return task.state == .cancelled ? .cancelled(task) : .requested(task) }
        // It may have been queued again in between; asked once more, it can be cancelled.
        return try await find(id).map { .ended($0) }
    }

    // MARK: - Running

    /// Queues again, or fails, the tasks whose runner has gone away, and returns them as they are now.
    ///
    /// Whoever gets the lock of a running task and finds it unchanged afterwards knows that nobody runs it.
    @discardableResult
    public func recoverLost() async throws -> [EmbeddingTask] {
        let running = try await session.readOnly { try await tasks(.taskRunning, subject) }
        var lost: [EmbeddingTask] = []
        for task in running {
            let found = try await retryingTwin {
                try await session.transaction(.begin) { () -> EmbeddingTask? in
                    guard try await lock(task, session) else { return nil }
                    return try await end(task, .queued, nil, nil, error: "its runner went away", isLost: true)
                }
            }
            if let found { lost.append(found) }
        }
        return lost
    }

    /// Takes the lock of a task up to the end of the session's transaction; false if somebody else has it.
    func lock(_ task: EmbeddingTask, _ session: PostgresSession) async throws(PostgresError) -> Bool {
        let row = try await session.execute(
            SQLFile.taskLock.statement, [.int4(namespace), .int4(task.key)], timeout: .seconds(5)
        ).first
        return try row?.bool("is_taken") == true
    }

    /// Locks the row of a task that can be begun, in the session's transaction.
    func pick(_ id: UUID?, leavingOut keys: [Int32]) async throws -> EmbeddingTask? {
        try await tasks(
            .taskPick,
            [.text(EmbeddingTask.name)] + subject + [
                .int4Array(keys), id.map { .text($0.text) } ?? .null(PostgresTypeOID.text),
            ]
        ).first
    }

    /// Begins a task whose row is locked.
    func start(_ task: EmbeddingTask, runner: String) async throws -> EmbeddingTask? {
        try await tasks(.taskStart, [.text(task.id.text), .int4(Int32(task.attempt)), .text(runner)]).first
    }

    /// Notes that this attempt at a task has ended; `nil` if it is no longer the task's.
    func end(
        _ task: EmbeddingTask, exitStatus: Int32, report: String?, error: String?
    ) async throws -> EmbeddingTask? {
        try await retryingTwin {
            try await session.transaction(.begin) {
                try await end(
                    task, TaskState(ofExitStatus: exitStatus), exitStatus, report, error: error, isLost: false)
            }
        }
    }

    private func end(
        _ task: EmbeddingTask, _ state: TaskState, _ exitStatus: Int32?, _ report: String?, error: String?, isLost: Bool
    ) async throws -> EmbeddingTask? {
        func optional(_ text: String?) -> PostgresValue { text.map { .text($0) } ?? .null(PostgresTypeOID.text) }
        return try await tasks(
            .taskEnd,
            [
                .text(task.id.text), .int4(Int32(task.attempt)), .text(state.rawValue),
                exitStatus.map { .int4($0) } ?? .null(PostgresTypeOID.int4), optional(report), optional(error),
                .bool(isLost),
            ]
        ).first
    }

    /// Repeats what found another task with the same arguments queued in the same moment: the second time it sees that one.
    private func retryingTwin<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as PostgresError where error.sqlState == .uniqueViolation {
            return try await body()
        }
    }

    private func tasks(_ file: SQLFile, _ parameters: [PostgresValue]) async throws -> [EmbeddingTask] {
        try await session.execute(statement(file), parameters).map { row in try EmbeddingTask(row) }
    }
}
