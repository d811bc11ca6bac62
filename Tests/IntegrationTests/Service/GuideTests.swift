import ComputeTestSupport
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// The chapter of the user guide about the service, and the description that programs read.
@Suite("The service, by its documents,", .requiresPostgres, .timeLimit(.minutes(30)))
struct GuideTests {
    /// The lines of the guide that begin with curl.
    private static let lines = DeploymentFile.text("Sources/EmbeddingJob/EmbeddingJob.docc/Service.md")
        .matches(of: /(?m)^```sh\n(curl [^\n]*)\n```$/).map { String($0.output.1) }

    @Test("answers each curl line of the guide as the guide says")
    func curl() async throws {
        #expect(Self.lines.count >= 15)
        try await withServedCatalog { server in
            let queued = try await server.queue(#"{"limit": 9}"#)
            let task = try #require(try queued.object["task_id"] as? String)
            for line in Self.lines {
                let outcome = try await shell(line, server, task: task)
                #expect(outcome.status == 0, "\(line): \(outcome.output)")
                #expect(!outcome.output.isEmpty, "\(line)")
            }
        }
    }

    /// Runs a line as a person would, with the variables that the guide names.
    private func shell(_ line: String, _ server: ServedCatalog, task: String) async throws -> (
        status: Int32, output: String
    ) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", line + " --silent --show-error 2>&1"]
        process.environment = [
            "PATH": "/usr/bin:/bin", "SERVER": "http://127.0.0.1:\(server.port)", "KEY": "none", "TASK": task,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.start()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test("describes in openapi.json what it answers", .enabled(if: Self.hasValidator, "run Scripts/setup --for-tests"))
    func openAPI() async throws {
        try await withServedCatalog { server in
            let folder = server.datasets.job
            try folder.write(try await server.send("/openapi.json").text, to: "openapi.json")
            let queued = try await server.queue(#"{"limit": 9}"#)
            let task = try #require(try queued.object["task_id"] as? String)
            var answers: [(path: String, method: String, status: Int, body: String)] = [
                ("/api/tasks/generate-embeddings", "post", queued.status, queued.text)
            ]
            for (described, path, method) in [
                ("/api/search", "/api/search?q=sea+ice&limit=1&explain=true", "GET"),
                ("/api/search", "/api/search", "GET"),
                ("/api/search", "/api/search?q=gene&limit=2", "GET"), ("/api/datasets/{id}", "/api/datasets/1", "GET"),
                ("/api/datasets/{id}", "/api/datasets/77", "GET"), ("/api/tasks", "/api/tasks", "GET"),
                ("/api/tasks", "/api/tasks?state=x", "GET"), ("/api/tasks/{id}", "/api/tasks/\(task)", "GET"),
                ("/api/tasks/{id}", "/api/tasks/none", "GET"), ("/api/tasks/active", "/api/tasks/active", "GET"),
                ("/api/tasks/scheduled", "/api/tasks/scheduled", "GET"),
                ("/api/tasks/registered", "/api/tasks/registered", "GET"), ("/healthz", "/healthz", "GET"),
                ("/readyz", "/readyz", "GET"), ("/api/tasks/{id}", "/api/tasks/\(task)", "DELETE"),
                ("/api/tasks/{id}", "/api/tasks/\(task)", "DELETE"),
            ] {
                let answer = try await server.send(path, method)
                answers.append((described, method.lowercased(), answer.status, answer.text))
            }
            let lines = answers.map { answer in
                let fields: [String: Any] = [
                    "path": answer.path, "method": answer.method, "status": answer.status, "body": answer.body,
                ]
                return (try? JSONSerialization.data(withJSONObject: fields)).map { String(decoding: $0, as: UTF8.self) }
                    ?? ""
            }
            try folder.write(lines.joined(separator: "\n"), to: "answers.jsonl")
            let checker = Process()
            checker.executableURL = URL(filePath: "/usr/bin/python3")
            checker.arguments = [
                Fixtures.repositoryPath("Tests/IntegrationTests/Service/check-answers.py"),
                folder.folder.appending(path: "openapi.json").path, folder.folder.appending(path: "answers.jsonl").path,
            ]
            let output = Pipe()
            checker.standardOutput = output
            checker.standardError = output
            try checker.start()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            checker.waitUntilExit()
            #expect(checker.terminationStatus == 0, "\(String(decoding: data, as: UTF8.self))")
        }
    }

    /// Debian's package python3-jsonschema, which Scripts/setup installs for tests.
    private static let hasValidator = FileManager.default.fileExists(
        atPath: "/usr/lib/python3/dist-packages/jsonschema/__init__.py")

    @Test("links no HTTP into the job: only the server has NIO")
    func noHTTP() throws {
        func holdsNIO(_ name: String) throws -> Bool {
            let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            return try Data(contentsOf: folder.appending(path: name)).range(of: Data("NIOCore".utf8)) != nil
        }
        #expect(try !holdsNIO("embedding-job"))
        #expect(try holdsNIO("catalog-server"))
    }
}
