import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// Who is let in, and how often.
@Suite("catalog-server, as a door,", .requiresPostgres, .timeLimit(.minutes(30)))
struct AccessTests {
    /// A file of keys with one for each right, and the keys.
    private func keys() async throws -> (folder: BuiltExecutable, file: String, search: String, tasks: String) {
        let folder = try BuiltExecutable("catalog-server")
        var keys: [String] = []
        var lines = ["# who has them", ""]
        for right in ["search", "tasks"] {
            let made = try await folder.run(["new-key", "--name", "tester-\(right)", "--right", right])
            #expect(made.exitStatus == 0 && made.outputLines.count == 2)
            #expect(made.outputLines[0].allSatisfy(\.isHexDigit) && made.outputLines[0].count == 64)
            #expect(!made.outputLines[1].contains(made.outputLines[0]))
            keys.append(made.outputLines[0])
            lines.append(made.outputLines[1])
        }
        try folder.write(lines.joined(separator: "\n"), to: "keys")
        return (folder, folder.folder.appending(path: "keys").path, keys[0], keys[1])
    }

    @Test("lets in who has the key for it, and answers all others alike")
    func rights() async throws {
        let keys = try await keys()
        try await withServedCatalog(["--keys", keys.file]) { server in
            func status(_ path: String, _ key: String?, _ method: String = "GET") async throws -> Int {
                let headers = key.map { ["Authorization": "Bearer \($0)"] } ?? [:]
                return try await server.send(path, method, headers: headers).status
            }
            #expect(try await status("/api/search?q=ice", keys.search) == 200)
            #expect(try await status("/api/search?q=ice", keys.tasks) == 200)
            #expect(try await status("/api/tasks", keys.tasks) == 200)
            #expect(try await status("/", keys.search) == 200)
            for path in ["/healthz", "/readyz", "/openapi.json", "/search.css"] {
                #expect(try await status(path, nil) == 200)
            }
            var answers: Set<String> = []
            for (path, key) in [
                ("/api/search?q=ice", nil), ("/api/search?q=ice", "wrong"), ("/api/tasks", keys.search),
                ("/metrics", nil),
                ("/api/search?q=ice", String(keys.search.dropLast())), ("/", nil),
                ("/api/search", keys.search.uppercased()),
            ] {
                let answer = try await server.send(path, headers: key.map { ["Authorization": "Bearer \($0)"] } ?? [:])
                #expect(answer.status == 401, "\(path)")
                #expect(answer.headers["www-authenticate"] == "Bearer")
                answers.insert(answer.text)
            }
            #expect(answers.count == 1)
            let outcome = try await server.stop()
            #expect(outcome.exitStatus == 0)
            for key in [keys.search, keys.tasks] { #expect(!outcome.standardError.contains(key)) }
        }
        withExtendedLifetime(keys.folder) {}
    }

    @Test("does nothing for pages of other sites where nobody needs a key")
    func otherSites() async throws {
        try await withServedCatalog { server in
            let rebound = RawHeaders(["Host": "evil.example"])
            let refused = try await rebound.status("GET /api/search?q=ice", server.port)
            let answered = try await RawHeaders(["Host": "localhost"]).status("GET /api/search?q=ice", server.port)
            #expect(refused == 403 && answered == 200)
            for headers in [["Sec-Fetch-Site": "cross-site"], ["Origin": "http://evil.example"], ["Origin": "null"]] {
                #expect(try await server.queue(headers: headers).status == 403, "\(headers)")
            }
            #expect(try await server.send("/api/tasks").object["tasks"] as? [String] == [])
            #expect(try await server.queue(headers: ["Sec-Fetch-Site": "same-origin"]).status == 202)
        }
    }

    /// A request with headers that a client of HTTP would not send.
    private struct RawHeaders {
        let headers: [String: String]

        init(_ headers: [String: String]) { self.headers = headers }

        func status(_ request: String, _ port: Int) async throws -> Int? {
            let connection = try RawConnection(port: port)
            let lines = headers.map { "\($0): \($1)\r\n" }.joined()
            connection.send("\(request) HTTP/1.1\r\n\(lines)Connection: close\r\n\r\n")
            return await connection.receive().split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
    }

    @Test("asks who comes too often to wait, and forgets it after that")
    func rate() async throws {
        try await withServedCatalog(["--rate", "1"]) { server in
            var statuses: [Int] = []
            var wait: String?
            for _ in 0..<30 where !statuses.contains(429) {
                let answer = try await server.send("/api/datasets/1")
                statuses.append(answer.status)
                wait = answer.headers["retry-after"]
            }
            #expect(statuses.prefix(10).allSatisfy { $0 == 200 } && statuses.last == 429)
            #expect(wait == "1")
            // Probes are not counted.
            for _ in 0..<20 { #expect(try await server.send("/healthz").status == 200) }
        }
    }

    @Test(
        "does not open where that is unsafe, and says what is wrong with a file of keys",
        arguments: [
            (["--host", "0.0.0.0"], "", ["0.0.0.0", "--keys"]),
            (["--keys", "nowhere"], "", ["nowhere", "cannot be read"]),
            (["--keys", "keys"], "", ["holds no key"]),
            (["--keys", "keys"], "a:search:12", ["line 1 of keys", "new-key"]),
            (["--keys", "keys"], "# one\na:all:\(String(repeating: "0", count: 64))", ["line 2 of keys"]),
        ] as [([String], String, [String])])
    func refusals(arguments: [String], keys: String, mentions: [String]) async throws {
        let server = try BuiltExecutable("catalog-server")
        try server.write(keys, to: "keys")
        let outcome = try await server.run(
            ["--port", "0"] + arguments, environment: ["DATABASE_URL": "postgresql://localhost/none"])
        #expect(outcome.exitStatus == 78, "\(outcome.standardError)")
        #expect(outcome.errorLines.count == 1)
        for mention in mentions { #expect(outcome.errorMessage.contains(mention), "\(outcome.errorMessage)") }
    }
}
