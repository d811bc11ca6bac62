import Foundation
import Glibc
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// A server that runs tasks, by processes of the job.
@Suite("catalog-server --run-tasks", .requiresPostgres, .timeLimit(.minutes(30)))
struct TaskRunnerTests {
    /// Rows that are not embedded yet.
    private func fill(_ server: ServedCatalog, rows: Int) async throws {
        try await server.datasets.database.run(
            """
            INSERT INTO datasets (title, description, enrichment_status)
                SELECT 'a b ' || n, repeat('sea ice ', n % 50), 'enriched' FROM generate_series(1, \(rows)) AS n
            """)
    }

    private func task(_ server: ServedCatalog) async throws -> [String: Any] {
        let tasks = try #require(try await server.send("/api/tasks").object["tasks"] as? [[String: Any]])
        return try #require(tasks.first)
    }

    private func wait(_ server: ServedCatalog, for states: String...) async throws -> [String: Any] {
        try await server.datasets.database.wait(
            until: "EXISTS (SELECT FROM embedding_task WHERE state = ANY ('{\(states.joined(separator: ","))}'))")
        return try await task(server)
    }

    private func pending(_ server: ServedCatalog) async throws -> Int64? {
        try await server.datasets.database.query("SELECT count(*) FROM datasets WHERE embedding IS NULL").first?.int64(
            0)
    }

    @Test("runs what was queued, with the settings that the server was given, and shows the report")
    func runs() async throws {
        try await withServedCatalog(["--run-tasks", "--threads", "1"]) { server in
            try await fill(server, rows: 30)
            #expect(try await server.queue(#"{"batch_size": 7, "limit": 20}"#).status == 202)
            let task = try await wait(server, for: "succeeded", "failed")
            #expect(task["state"] as? String == "succeeded" && task["exit_status"] as? Int == 0)
            let report = try #require(task["report"] as? [String: Any])
            #expect(report["processed"] as? Int == 20 && report["exit_reason"] as? String == "limit")
            #expect(try await pending(server) == 10)
            let outcome = try await server.stop()
            #expect(outcome.standardError.contains(#""threads":"1 (as requested)"#), "the option reached the process")
        }
    }

    @Test("loses no task and runs none twice when server or process is killed", arguments: ["server", "process"])
    func killed(who: String) async throws {
        try await withServedCatalog(["--run-tasks"]) { server in
            try await fill(server, rows: 4000)
            #expect(try await server.queue(#"{"batch_size": 10}"#).status == 202)
            let running = try await wait(server, for: "running")
            let runner = try #require((running["runner"] as? String)?.split(separator: "/").last.flatMap { Int32($0) })
            if who == "server" {
                server.process.send(SIGKILL)
                _ = try await server.process.outcome()
                // The process goes on without it; whoever comes next waits for its lock, not for a time.
                let other = try await server.datasets.run(["run", "--adopt-tasks", "--model", server.searchable.model])
                #expect(other.exitStatus == 0)
                try await server.datasets.database.wait(
                    until: "NOT EXISTS (SELECT FROM embedding_task WHERE state IN ('queued', 'running'))")
                let states = try await server.datasets.database.query("SELECT state, attempt FROM embedding_task")
                #expect(try states.first?.text(0) == "succeeded" && states.first?.int32(1) == 1)
            } else {
                kill(runner, SIGKILL)
                let ended = try await wait(server, for: "succeeded", "failed")
                #expect(ended["state"] as? String == "succeeded" && ended["attempt"] as? Int == 2, "\(ended)")
            }
            #expect(try await pending(server) == 0)
        }
    }

    @Test("that is killed before its task has begun leaves it to the next")
    func killedBeforehand() async throws {
        try await withServedCatalog { server in
            try await fill(server, rows: 10)
            #expect(try await server.queue().status == 202)
            server.process.send(SIGKILL)
            _ = try await server.process.outcome()
            let next = try await server.datasets.run(["run", "--adopt-tasks", "--model", server.searchable.model])
            #expect(next.exitStatus == 0 && next.output.contains(#""adopted_tasks":1"#))
            #expect(try await pending(server) == 0)
        }
    }

    @Test("hands its task back when it is told to stop, and another server takes it")
    func stops() async throws {
        try await withServedCatalog(["--run-tasks"]) { server in
            try await fill(server, rows: 4000)
            #expect(try await server.queue(#"{"batch_size": 10}"#).status == 202)
            _ = try await wait(server, for: "running")
            let outcome = try await server.stop()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let row = try await server.datasets.database.query(
                "SELECT state, exit_status, attempt FROM embedding_task"
            ).first
            #expect(try row?.text(0) == "queued" && row?.int32(1) == 143 && row?.int32(2) == 1)
        }
    }

    @Test("ends a running task that is cancelled")
    func cancels() async throws {
        try await withServedCatalog(["--run-tasks"]) { server in
            try await fill(server, rows: 20_000)
            #expect(try await server.queue(#"{"batch_size": 5}"#).status == 202)
            let running = try await wait(server, for: "running")
            let id = try #require(running["task_id"] as? String)
            #expect(try await server.send("/api/tasks/\(id)", "DELETE").status == 202)
            let ended = try await wait(server, for: "cancelled", "succeeded", "failed")
            #expect(ended["state"] as? String == "cancelled")
            #expect(try #require(try await pending(server)) > 0)
        }
    }
}
