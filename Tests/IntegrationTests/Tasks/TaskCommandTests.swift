import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("The commands about tasks", .requiresPostgres, .timeLimit(.minutes(30)))
struct TaskCommandTests {
    @Test("queue, list, show and cancel, as objects of JSON with the same keys always")
    func commands() async throws {
        try await withTaskedJob { job in
            let line = try await job.command(["task", "queue", "--batch-size", "7", "--limit", "9"])
            let id = try #require(line.firstMatch(of: /"task_id":"([0-9a-f-]{36})"/)?.1).description
            let queued =
                #"{"task_name":"enrich.generate_embeddings","status":"queued","message":"#
                + #""Task queued with ID: \#(id)","task_id":"\#(id)","deduplicated":false}"# + "\n"
            #expect(line == queued)
            let again = try await job.command(["task", "queue", "--limit", "9", "--batch-size", "7"])
            #expect(again == queued.replacing(":false}", with: ":true}"))
            let other = try await job.queue()

            let task = try await job.show(id)
            #expect(task.taskId == id && task.state == "queued" && task.attempt == 0 && task.table == "public.datasets")
            #expect(task.exitStatus == nil && task.report == nil && task.runner == nil)
            let list = try await job.command(["task", "list"])
            let keys = [
                "task_id", "task_name", "state", "table", "column", "arguments", "attempt", "created_at", "run_after",
                "started_at", "finished_at", "cancel_requested_at", "runner", "exit_status", "report", "error",
            ]
            let lines = list.split(separator: "\n")
            #expect(lines.count == 2 && lines[0].contains(other) && lines[1].contains(id))
            for line in lines {
                let object = try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                #expect(object.keys.sorted() == keys.sorted())
                var rest = line[...]
                for key in keys {
                    rest = rest[try #require(rest.range(of: "\"\(key)\":"), "\(key) in its order").upperBound...]
                }
            }
            #expect(lines[1].contains(#""arguments":{"limit": 9, "batch_size": 7}"#))

            let cancelled = try await job.command(["task", "cancel", id])
            #expect(cancelled.contains(#""state":"cancelled""#))
            #expect(try await job.command(["task", "list", "--state", "cancelled"]) == cancelled)
            #expect(try await job.command(["task", "list", "--limit", "1"]).contains(other))
            #expect(try await job.command(["task", "list", "--state", "running"]).isEmpty)
            let ended = try await job.datasets.run(["task", "cancel", id])
            #expect(ended.exitStatus == 78 && ended.errorMessage.contains("has ended as cancelled"))
            for command in ["show", "cancel"] {
                let absent = try await job.datasets.run(["task", command, UUID().uuidString])
                #expect(absent.exitStatus == 78 && absent.errorMessage.contains("there is no task"))
            }
            for arguments in [
                ["queue", "--batch-size", "1001"], ["queue", "--limit", "0"], ["show", "1"], ["list", "--state", "x"],
                ["list", "--limit", "1001"], ["cancel"],
            ] {
                #expect(try await job.datasets.run(["task"] + arguments).exitStatus == 64, "\(arguments)")
            }
        }
    }

    @Test("print tables on a terminal", .enabled(if: BuiltExecutable.hasPseudoTerminal))
    func terminal() async throws {
        try await withTaskedJob { job in
            func output(_ arguments: [String]) async throws -> String {
                let environment = ["DATABASE_URL": job.database.url]
                return try await job.datasets.job.run(
                    ["task"] + arguments, environment: environment, onTerminal: true
                ).output
            }
            #expect(try await output(["list"]).contains("there are no tasks"))
            let id = try await job.queue()
            let lines = try await output(["list"]).split(whereSeparator: \.isNewline)
            #expect(lines.first?.wholeMatch(of: /task +state +attempt +queued at +runner +exit status/) != nil)
            #expect(lines.count == 2 && lines[1].contains(id) && lines[1].contains("queued"))
            #expect(try await output(["list", "--json"]).hasPrefix(#"{"task_id":"#))
            #expect(try await output(["show", id]).contains("state                queued"))
            #expect(try await output(["show", id, "--json"]).hasPrefix(#"{"task_id":"#))
        }
    }

    @Test("need the board, whose DDL and grants schema --tasks prints, with a database or without")
    func schema() async throws {
        try await withProxiedJob(rows: 0) { job in
            for arguments in [["queue"], ["list"], ["show", UUID().uuidString], ["cancel", UUID().uuidString]] {
                let outcome = try await job.datasets.run(["task"] + arguments)
                #expect(outcome.exitStatus == 78)
                #expect(outcome.errorMessage.contains("embedding-job schema --tasks --apply"), "\(arguments)")
            }
            let script = try await job.command(["schema", "--tasks"])
            #expect(script.contains("CREATE TABLE IF NOT EXISTS public.embedding_task"))
            #expect(script.contains("-- GRANT SELECT, INSERT, UPDATE ON public.embedding_task TO ROLE;"))
            #expect(script.contains("-- GRANT SELECT, UPDATE ON public.embedding_task TO ROLE;"))
            #expect(try await !job.command(["schema"]).contains("embedding_task"))
            let offline = try await BuiltExecutable().run([
                "schema", "--tasks", "--dimension", "8", "--table", "my_schema.b",
            ])
            #expect(
                offline.exitStatus == 0
                    && offline.output.contains("CREATE TABLE IF NOT EXISTS my_schema.embedding_task"))
            try await job.database.run(script)
            for _ in 0..<2 { try await job.command(["schema", "--tasks", "--apply"]) }
            _ = try await job.queue()
        }
    }

    @Test("work for a role with the rights that schema --tasks prints, and a run without tasks needs none")
    func rights() async throws {
        try await withTaskedJob(rows: 5) { job in
            try await job.datasets.withRole { role, url in
                let run = [
                    "GRANT SELECT, UPDATE ON datasets TO \(role)",
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_failure, embedding_state TO \(role)",
                ]
                try await job.database.run(run.joined(separator: ";"))
                #expect(try await job.datasets.run(url: url).exitStatus == 0)
                let refused = try await job.datasets.run(["run", "--adopt-tasks"], url: url)
                try refused.expectRefusal(
                    78, "configuration", naming: ["GRANT SELECT, UPDATE ON public.embedding_task"])
                try await job.database.run("GRANT SELECT, UPDATE ON embedding_task TO \(role)")
                _ = try await job.queue()
                let adopted = try await job.datasets.run(["run", "--adopt-tasks"], url: url)
                #expect(adopted.exitStatus == 0, "\(adopted.standardError)")
                #expect(try adopted.adoptedTasks == 1)
                #expect(try await job.datasets.run(["task", "queue"], url: url).exitStatus == 78)
                try await job.database.run("GRANT INSERT ON embedding_task TO \(role)")
                #expect(try await job.datasets.run(["task", "queue"], url: url).exitStatus == 0)
            }
        }
    }
}
