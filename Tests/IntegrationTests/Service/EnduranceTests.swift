import Foundation
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

/// Clients that dawdle, shout or come in crowds, a database that goes away, and the end.
@Suite("catalog-server, under pressure,", .requiresPostgres, .timeLimit(.minutes(30)))
struct EnduranceTests {
    private static let request = "Host: localhost\r\n"

    @Test("gives up a client that does not finish what it says, and serves others meanwhile")
    func slowClients() async throws {
        try await withServedCatalog { server in
            let head = try RawConnection(port: server.port)
            head.send("GET /api/search?q=ice HTTP/1.1\r\nHost: local")
            let body = try RawConnection(port: server.port)
            body.send(
                "POST /api/tasks/generate-embeddings HTTP/1.1\r\n\(Self.request)Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
            )
            #expect(try await server.send("/api/search?q=ice").status == 200)
            let answer = await body.receive(seconds: 50) { $0.contains("\r\n\r\n") }
            #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
            #expect(await head.receive(seconds: 50).hasPrefix("HTTP/1.1 200") == false)
            #expect(try await server.send("/healthz").status == 200)
        }
    }

    @Test("refuses heads without measure and what is no HTTP, and goes on")
    func hugeHeads() async throws {
        try await withServedCatalog { server in
            let long = String(repeating: "a", count: 200_000)
            let many = (0..<500).map { "X-\($0): y\r\n" }.joined()
            for text in [
                "GET /?q=\(long) HTTP/1.1\r\n\(Self.request)\r\n",
                "GET / HTTP/1.1\r\n\(Self.request)X: \(long)\r\n\r\n",
                "GET / HTTP/1.1\r\n\(Self.request)\(many)\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "\r\n\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            ] {
                let connection = try RawConnection(port: server.port)
                connection.send(text)
                let answer = await connection.receive(seconds: 40) { $0.contains("\r\n\r\n") }
                #expect(!answer.hasPrefix("HTTP/1.1 200"), "\(text.prefix(40)): \(answer.prefix(80))")
                #expect(try await server.send("/healthz").status == 200)
            }
            for bad in ["/api/search?q=a%2", "/api/search?q=%zz", "/api/search?q=%+1"] {
                let connection = try RawConnection(port: server.port)
                connection.send("GET \(bad) HTTP/1.1\r\n\(Self.request)Connection: close\r\n\r\n")
                #expect(await connection.receive().hasPrefix("HTTP/1.1 400 "), "\(bad)")
            }
        }
    }

    @Test("answers a thousand requests that come at once, with an answer or with a word when to come again")
    func crowd() async throws {
        try await withServedCatalog(["--rate", "10000"]) { server in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        let answer = try await server.send("/api/search?q=sea+ice+\(number)")
                        #expect(answer.status != 503 || answer.headers["retry-after"] != nil)
                        return answer.status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(Set(statuses.keys).isSubset(of: [200, 503]), "\(statuses)")
            #expect(statuses[200, default: 0] >= 20, "\(statuses)")
            #expect(try await server.send("/api/search?q=ice").status == 200)
        }
    }

    @Test("makes sense of no random query and of no random JSON, and of none falls over")
    func noise() async throws {
        try await withServedCatalog(["--rate", "10000"]) { server in
            var random = SystemRandomNumberGenerator()
            let pieces = [
                "q=", "%", "&", "=", "a", "%00", "+", "limit=", "é", "\"", "-", "(", ":*", "cursor=", "9", "'",
                "%F0%9F",
            ]
            for _ in 0..<150 {
                let query = (0..<Int.random(in: 1...12)).compactMap { _ in pieces.randomElement(using: &random) }
                    .joined()
                let connection = try RawConnection(port: server.port)
                connection.send("GET /api/search?\(query) HTTP/1.1\r\n\(Self.request)Connection: close\r\n\r\n")
                let status = await connection.receive().split(separator: " ").dropFirst().first ?? ""
                #expect(["200", "400"].contains(status), "\(query): \(status)")
            }
            let parts = [
                "{", "}", "[", "\"batch_size\"", ":", ",", "1", "-1", "1e9", "null", "\"limit\"", "true", "\\", "\u{0}",
            ]
            for _ in 0..<150 {
                let json = (0..<Int.random(in: 1...9)).compactMap { _ in parts.randomElement(using: &random) }.joined()
                let status = try await server.queue(json).status
                #expect([202, 400].contains(status), "\(json): \(status)")
            }
            #expect(server.process.isRunning)
        }
    }

    @Test("says 503 while the database is away, never 200, and searches again when it is back")
    func outage() async throws {
        try await withServedCatalog { server in
            #expect(try await server.send("/api/search?q=ice").status == 200)
            let database = server.datasets.database
            // Cut connections are noticed, and opened again.
            try await database.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            #expect(try await server.send("/api/search?q=ice").status == 200)
            // A column that is gone, as after a failed migration.
            try await database.run("ALTER TABLE datasets RENAME TO elsewhere")
            #expect(try await server.send("/api/search?q=ice").status == 503)
            #expect(try await server.send("/readyz").status == 503)
            #expect(try await server.send("/healthz").status == 200)
            try await database.run("ALTER TABLE elsewhere RENAME TO datasets")
            #expect(try await server.send("/api/search?q=ice").status == 200)
            #expect(try await server.send("/readyz").status == 200)
        }
    }

    @Test("finishes what it was asked before it ends, and does not wait for clients that only hold on")
    func stop() async throws {
        try await withServedCatalog { server in
            let idle = try RawConnection(port: server.port)
            idle.send("GET /healthz HTTP/1.1\r\n\(Self.request)\r\n")
            #expect(await idle.receive { $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 200"))
            async let answer = server.send("/api/search?q=sea+ice")
            _ = try await answer
            server.process.send(SIGTERM)
            let outcome = try await server.process.outcome(within: .seconds(30))
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        }
    }

    @Test("searches without a board of tasks, and says for tasks that something is lacking")
    func noBoard() async throws {
        try await withServedCatalog(hasBoard: false) { server in
            #expect(try await server.send("/api/search?q=ice").status == 200)
            for answer in [try await server.send("/api/tasks"), try await server.queue()] {
                #expect(answer.status == 503 && answer.text.contains("the server's log says what mends it"))
            }
            #expect(try server.process.standardError.contains("embedding-job schema --tasks --apply"))
        }
    }

    @Test("searches and queues through pgbouncer in transaction mode", .requiresPgbouncer)
    func pgbouncer() async throws {
        try await withServedCatalog(isPooled: true) { server in
            for _ in 0..<3 { #expect(try await server.send("/api/search?q=ice").status == 200) }
            let queued = try await server.queue()
            #expect(queued.status == 202)
            #expect(try await server.send("/readyz").status == 200)
        }
    }

    @Test("says that its address is taken")
    func addressInUse() async throws {
        try await withServedCatalog { server in
            let other = try BuiltExecutable("catalog-server")
            let outcome = try await other.run(
                ["--port", "\(server.port)"],
                environment: [
                    "DATABASE_URL": server.datasets.database.url, "EMBEDDING_MODEL": server.searchable.model,
                ])
            #expect(outcome.exitStatus == 75, "\(outcome.standardError)")
            #expect(outcome.errorMessage.contains("127.0.0.1:\(server.port) cannot be listened on"))
        }
    }
}
