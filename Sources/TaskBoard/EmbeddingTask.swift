import DatasetTable
public import FoundationEssentials
import Postgres

/// A task as the board shows it.
public struct EmbeddingTask: Sendable, Identifiable {
    /// What every task of this version does; the original system's name for it.
    public static let name = "enrich.generate_embeddings"

    /// Its identifier.
    public let id: UUID
    /// What it does; see ``name``.
    public let name: String
    /// The table, as the server quotes it.
    public let table: String
    /// The vector column.
    public let column: String
    /// What its run is told; `nil` if this version cannot tell.
    public let arguments: TaskArguments?
    /// The same as the board holds it, an object of JSON.
    public let argumentsJSON: String
    /// Where it stands.
    public let state: TaskState
    /// How often it was begun.
    public let attempt: Int
    /// When it was queued, in ISO 8601 as all times.
    public let createdAt: String
    /// From when on it is due.
    public let runAfter: String
    /// When its last attempt began.
    public let startedAt: String?
    /// When it came to its end.
    public let finishedAt: String?
    /// When somebody first wanted it to end.
    public let cancelRequestedAt: String?
    /// Who runs it, or did last.
    public let runner: String?
    /// How its last run ended.
    public let exitStatus: Int32?
    /// The line of JSON of that run.
    public let report: String?
    /// Why it failed, or has to be tried again; neither SQL nor names of hosts.
    public let error: String?

    /// Its place in the order of queueing, and the key of its lock.
    let key: Int32

    init(_ row: PostgresRow) throws(PostgresError) {
        func optional<Value>(
            _ column: PostgresColumnSelector, _ read: (PostgresColumnSelector) throws(PostgresError) -> Value
        ) throws(PostgresError) -> Value? {
            try row.isNull(column) ? nil : try read(column)
        }
        func text(_ column: PostgresColumnSelector) throws(PostgresError) -> String? {
            try optional(column) { column throws(PostgresError) in try row.text(column) }
        }
        guard let id = UUID(uuidString: try row.text("id")), let state = TaskState(rawValue: try row.text("state"))
        else {
            throw .malformedValue(statement: row.statement, column: "id", expected: "a task", byteCount: 16)
        }
        (self.id, self.state) = (id, state)
        key = try row.int32("lock_key")
        name = try row.text("task_name")
        table = try row.text("table_name")
        column = try row.text("column_name")
        argumentsJSON = try row.text("arguments")
        arguments = TaskArguments(json: argumentsJSON)
        attempt = Int(try row.int32("attempt"))
        createdAt = try row.text("created_at")
        runAfter = try row.text("run_after")
        startedAt = try text("started_at")
        finishedAt = try text("finished_at")
        cancelRequestedAt = try text("cancel_requested_at")
        runner = try text("runner")
        exitStatus = try optional("exit_status") { column throws(PostgresError) in try row.int32(column) }
        report = try text("report")
        error = try text("error")
    }

    /// One line of JSON, keys in a fixed order, unknown values `null`.
    public var json: String {
        JSONLine.object([
            ("task_id", JSONLine.text(id.text)), ("task_name", JSONLine.text(name)),
            ("state", JSONLine.text(state.rawValue)), ("table", JSONLine.text(table)),
            ("column", JSONLine.text(column)), ("arguments", argumentsJSON), ("attempt", JSONLine.number(attempt)),
            ("created_at", JSONLine.text(createdAt)), ("run_after", JSONLine.text(runAfter)),
            ("started_at", JSONLine.text(startedAt)), ("finished_at", JSONLine.text(finishedAt)),
            ("cancel_requested_at", JSONLine.text(cancelRequestedAt)), ("runner", JSONLine.text(runner)),
            ("exit_status", JSONLine.number(exitStatus)), ("report", report ?? "null"),
            ("error", JSONLine.text(error)),
        ])
    }
}

extension UUID {
    /// As PostgreSQL writes it, in lower case.
    public var text: String { uuidString.lowercased() }
}
