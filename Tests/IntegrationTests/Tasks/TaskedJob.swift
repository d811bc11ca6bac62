import ComputeTestSupport
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// A task as `embedding-job task` shows it.
struct TaskLine: Decodable {
    let taskId, taskName, state, table, column: String
    let attempt: Int
    let createdAt, runAfter: String
    let startedAt, finishedAt, cancelRequestedAt, runner, error: String?
    let exitStatus: Int?
    let report: Report?

    /// What of the line of a run matters here.
    struct Report: Decodable {
        let processed: Int
        let exitReason: String
        let adoptedTasks: Int?
    }
}

extension ProxiedJob {
    /// Runs a command beside the proxy, which must succeed.
    @discardableResult
    func command(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let outcome = try await datasets.run(arguments)
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)", sourceLocation: sourceLocation)
        return outcome.output
    }

    /// Queues a task and returns its identifier.
    func queue(_ arguments: [String] = []) async throws -> String {
        struct Queued: Decodable { let task_id: String }
        let line = try await command(["task", "queue"] + arguments)
        return try JSONDecoder().decode(Queued.self, from: Data(line.utf8)).task_id
    }

    /// A task as it is now.
    func show(_ id: String) async throws -> TaskLine {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(TaskLine.self, from: Data(try await command(["task", "show", id]).utf8))
    }

    /// Lets the pauses of tasks be over, also of those that have yet to be found lost.
    func passTime() async throws {
        try await database.run(
            """
            UPDATE embedding_task SET run_after = least(run_after, now()), started_at = started_at - interval '1 hour'
            """)
    }

    /// A run that has adopted so many tasks and left nothing to do.
    func adopt(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let outcome = try await datasets.run(["run", "--adopt-tasks"])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)", sourceLocation: sourceLocation)
        #expect(try outcome.adoptedTasks == count, "\(outcome.standardError)", sourceLocation: sourceLocation)
    }

    /// The processes that hold a lock of a task.
    static let keepers = """
        SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 'embedding_task'::regclass::oid AND objsubid = 2
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
}

extension BuiltExecutable.Outcome {
    /// What the line of a run says of tasks; `nil` if it does not.
    var adoptedTasks: Int? {
        get throws {
            let object = try #require(
                try JSONSerialization.jsonObject(with: standardOutput) as? [String: Any], "\(standardError)")
            return object["adopted_tasks"] as? Int
        }
    }
}

/// Makes a table with rows, its board of tasks and a proxy in front of the server, and hands them to the body.
func withTaskedJob(rows: Int = 60, _ body: (ProxiedJob) async throws -> Void) async throws {
    try await withProxiedJob(rows: rows) { job in
        try await job.command(["schema", "--tasks", "--apply"])
        try await body(job)
    }
}
