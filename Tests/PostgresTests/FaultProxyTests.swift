import Glibc
import Postgres
import PostgresTestSupport
import Testing

/// The proxy that the tests of faults rely on, and what the faults look like to a session.
@Suite("The fault proxy", .requiresPostgres, .timeLimit(.minutes(30)))
struct FaultProxyTests {
    private static let one = PostgresStatement(name: "one", sql: "SELECT 1")

    @Test("A connection through the proxy works, and the proxy counts it")
    func pass() async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let session = try await connect(to: url)
            #expect(session.endpoint.hasPrefix("127.0.0.1:\(proxy.port)/"))
            let text = String(repeating: "x", count: 3 << 20)
            let echo = PostgresStatement(name: "echo", sql: "SELECT $1::text")
            #expect(try await session.execute(echo, [.text(text)])[0].text(0) == text)
            #expect(proxy.connectionCount == 1)
            #expect(proxy.openConnectionCount == 1)
            for direction in FaultProxy.Direction.allCases {
                #expect((3 << 20..<4 << 20).contains(proxy.byteCount(direction)))
            }
            #expect(proxy.occurrences(of: "SELECT $1::text", .clientToServer) == 1)
            #expect(proxy.occurrences(of: "SELECT $1::text", .serverToClient) == 0)
        }
    }

    @Test("A text is found even if it comes in pieces, between which it was looked for")
    func occurrences() async throws {
        try await withProxiedDatabase { proxy, _, _ in
            let connection = try LoopbackConnection(to: proxy.port)
            // Less than the length that the server reads first, or it would hang up.
            connection.send("nee")
            try await proxy.waitUntil(seen: "nee", .clientToServer)
            #expect(proxy.occurrences(of: "needle", .clientToServer) == 0)
            connection.send("dleneedle")
            try await proxy.waitUntil(seen: "dle", times: 2, .clientToServer)
            #expect(proxy.occurrences(of: "needle", .clientToServer) == 2)
        }
    }

    @Test("A slow connection is slow and works")
    func delay() async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let session = try await connect(to: url)
            proxy.set(.delay(.milliseconds(250)))
            let duration = try await ContinuousClock().measure { try await session.execute(Self.one) }
            #expect(duration >= .milliseconds(500))
            proxy.set(.pass)
            let text = String(repeating: "x", count: 5 << 20)
            // Chunks that wait are not overtaken by those that need not.
            proxy.set(.delay(.milliseconds(20)), for: .serverToClient)
            async let echoed = session.execute(
                PostgresStatement(name: "echo", sql: "SELECT $1::text || 'end'"), [.text(text)])
            try await proxy.waitUntil(seen: "xx", .serverToClient)
            proxy.set(.pass)
            #expect(try await echoed[0].text(0) == text + "end")
        }
    }

    @Test("A statement whose answer never comes is timed out")
    func blackHole() async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let session = try await connect(to: url)
            proxy.set(.blackHole)
            await #expect(throws: PostgresError.timedOut(statement: "one", after: .milliseconds(100))) {
                try await session.execute(Self.one, timeout: .milliseconds(100))
            }
            try await proxy.waitUntil(seen: "SELECT 1", .clientToServer)
            proxy.set(.pass)
            #expect(try await connect(to: url).execute(Self.one).count == 1)
        }
    }

    @Test("A black hole hides the server's end")
    func halfOpen() async throws {
        try await withProxiedDatabase { proxy, url, database in
            let session = try await connect(to: url)
            proxy.set(.blackHole, for: .serverToClient)
            let terminate = """
                SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'proxied'
                """
            #expect(try await database.query(terminate)[0].bool(0))
            await #expect(throws: PostgresError.timedOut(statement: "one", after: .milliseconds(100))) {
                try await session.execute(Self.one, timeout: .milliseconds(100))
            }
        }
    }

    @Test("A log-in that is not answered is timed out", arguments: [true, false])
    func silentLogIn(isAccepted: Bool) async throws {
        try await withProxiedDatabase { proxy, url, _ in
            if isAccepted { proxy.set(.blackHole) } else { try proxy.set(.leftWaiting) }
            let timedOut = PostgresError.connectionTimedOut(
                endpoint: try endpoint(of: url, proxy), after: .milliseconds(100))
            await #expect(throws: timedOut) { try await connect(to: url, timeout: .milliseconds(100)) }
            if isAccepted {
                try await proxy.waitUntil(connections: 1)
            } else {
                #expect(proxy.connectionCount == 0)
            }
            proxy.set(.pass)
            try proxy.set(.accepted)
            #expect(try await connect(to: url).isUsable)
        }
    }

    @Test("A port that refuses is taken up again")
    func refused() async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let session = try await connect(to: url)
            try proxy.set(.refused)
            let refused = PostgresError.connectionFailed(
                endpoint: try endpoint(of: url, proxy), message: "Connection refused", sqlState: nil)
            await #expect(throws: refused) { try await connect(to: url) }
            // Open connections stay.
            #expect(try await session.execute(Self.one).count == 1)
            try proxy.set(.accepted)
            #expect(try await connect(to: url).isUsable)
        }
    }

    @Test("A connection that is cut while a statement runs is lost", arguments: [false, true])
    func cut(withReset: Bool) async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let session = try await connect(to: url)
            let result = Task {
                try await session.execute(PostgresStatement(name: "sleep", sql: "SELECT pg_sleep(600)"))
            }
            try await proxy.waitUntil(seen: "pg_sleep", .clientToServer)
            proxy.cut(withReset: withReset)
            try await expectLoss(during: "sleep") { try await result.value }
            #expect(proxy.openConnectionCount == 0)
            #expect(try await connect(to: url).execute(Self.one).count == 1)
        }
    }

    @Test("A cut is orderly or a reset, as asked", arguments: [false, true])
    func reset(isAsked: Bool) async throws {
        try await withProxiedDatabase { proxy, _, _ in
            let connection = try LoopbackConnection(to: proxy.port)
            try await proxy.waitUntil(connections: 1)
            proxy.cut(withReset: isAsked)
            #expect(connection.readingError() == (isAsked ? ECONNRESET : 0))
        }
    }

    @Test("A connection that was cut while idle is lost at the next statement")
    func cutWhileIdle() async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let session = try await connect(to: url)
            proxy.cut()
            try await expectLoss(during: "one") { try await session.execute(Self.one) }
        }
    }

    @Test("A connection that is cut within a result is lost")
    func cutWithinResult() async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let session = try await connect(to: url)
            let start = proxy.byteCount(.serverToClient)
            proxy.set(.cut(afterByteCount: 300_000), for: .serverToClient)
            let many = PostgresStatement(name: "many", sql: "SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
            try await expectLoss(during: "many") { try await session.execute(many) }
            #expect(proxy.byteCount(.serverToClient) - start >= 300_000)
            // The fault is used up.
            #expect(try await connect(to: url).execute(many).count == 10_000)
        }
    }

    @Test("A statement that is cut on its way to the server does nothing there")
    func cutWithinParameters() async throws {
        try await withProxiedDatabase { proxy, url, database in
            try await database.run("CREATE TABLE t (v bytea)")
            let session = try await connect(to: url)
            proxy.set(.cut(afterByteCount: 300_000), for: .clientToServer)
            let insert = PostgresStatement(name: "insert", sql: "INSERT INTO t VALUES ($1)")
            try await expectLoss(during: "insert") {
                try await session.execute(insert, [.bytea([UInt8](repeating: 1, count: 8 << 20))])
            }
            #expect(try await database.query("SELECT count(*) FROM t")[0].int64(0) == 0)
        }
    }

    @Test("A COMMIT whose answer is cut off has taken effect")
    func swallowedCommit() async throws {
        try await withProxiedDatabase { proxy, url, database in
            try await database.run("CREATE TABLE t (k int)")
            let session = try await connect(to: url)
            proxy.set(.cutInsteadOf("COMMIT\0"), for: .serverToClient)
            try await session.executeScript(PostgresStatement(name: "begin", sql: "BEGIN; INSERT INTO t VALUES (1)"))
            let commit = PostgresStatement(name: "commit", sql: "COMMIT")
            try await expectLoss(during: "commit") { try await session.executeScript(commit) }
            #expect(try await database.query("SELECT count(*) FROM t")[0].int64(0) == 1)
            // The fault is used up.
            let next = try await connect(to: url)
            try await next.executeScript(PostgresStatement(name: "again", sql: "BEGIN; COMMIT"))
        }
    }

    @Test("A COMMIT whose answer never comes has taken effect")
    func unansweredCommit() async throws {
        try await withProxiedDatabase { proxy, url, database in
            try await database.run("CREATE TABLE t (k int)")
            let session = try await connect(to: url)
            proxy.set(.blackHoleFrom("COMMIT\0"), for: .serverToClient)
            let write = PostgresStatement(name: "write", sql: "BEGIN; INSERT INTO t VALUES (1); COMMIT")
            let result = Task { try await session.executeScript(write) }
            try await proxy.waitUntil(seen: "COMMIT\0", .serverToClient)
            #expect(try await database.query("SELECT count(*) FROM t")[0].int64(0) == 1)
            session.interrupt()
            await #expect(throws: PostgresError.interrupted(statement: "write")) { try await result.value }
        }
    }

    @Test("A statement that is held back takes effect when it is let go")
    func held() async throws {
        try await withProxiedDatabase { proxy, url, database in
            try await database.run("CREATE TABLE t (k int)")
            let session = try await connect(to: url)
            proxy.set(.holdFrom("COMMIT"), for: .clientToServer)
            let write = PostgresStatement(name: "write", sql: "BEGIN; INSERT INTO t VALUES (1); COMMIT")
            async let result: Void = session.executeScript(write)
            try await proxy.waitUntil(seen: "COMMIT", .clientToServer)
            #expect(try await database.query("SELECT count(*) FROM t")[0].int64(0) == 0)
            proxy.set(.pass)
            try await result
            #expect(try await database.query("SELECT count(*) FROM t")[0].int64(0) == 1)
        }
    }

    @Test("Waits end with the event, with the task and with the proxy")
    func waiting() async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let arrival = Task { try await proxy.waitUntil(connections: 2) }
            let cancelled = Task { try await proxy.waitUntil(connections: 3) }
            let stopped = Task { try await proxy.waitUntil(seen: "never", .clientToServer) }
            let first = try await connect(to: url)
            let second = try await connect(to: url)
            try await arrival.value
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            proxy.stop()
            await #expect(throws: CancellationError.self) { try await stopped.value }
            await #expect(throws: CancellationError.self) { try await proxy.waitUntil(connections: 3) }
            for session in [first, second] {
                try await expectLoss(during: "one") { try await session.execute(Self.one) }
            }
        }
    }

    @Test("A text is replaced by another on its way to the server, and on no other")
    func replacement() async throws {
        try await withProxiedDatabase { proxy, url, _ in
            let session = try await connect(to: url)
            proxy.replace("'sent'", with: "'kept'")
            let rows = try await session.execute(
                PostgresStatement(name: "texts", sql: "SELECT 'sent', chr(39) || 'se' || 'nt' || chr(39), 'sent'"))
            #expect(try rows[0].text(0) == "kept")
            #expect(try rows[0].text(1) == "'sent'")
            #expect(try rows[0].text(2) == "kept")
            #expect(proxy.replacementCount == 2)
        }
    }

    @Test("A server behind a Unix socket is reached too")
    func unixSocket() async throws {
        try await withTemporaryDatabase { database in
            let folder = try await database.query("SHOW unix_socket_directories")[0].text(0)
            let path = try #require(folder.split(separator: ",").first.map(String.init))
            let port = try await database.query("SHOW port")[0].text(0)
            try await withFaultProxy(to: "host='\(path)' port=\(port)") { proxy in
                let session = try await connect(to: proxy.url(from: database.url))
                let rows = try await session.execute(
                    PostgresStatement(name: "address", sql: "SELECT inet_client_addr() IS NULL"))
                #expect(try rows[0].bool(0))
            }
        }
    }
}

extension FaultProxyTests {
    private func withProxiedDatabase(
        _ body: (_ proxy: FaultProxy, _ url: String, _ database: TemporaryDatabase) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase { database in
            try await withFaultProxy(to: database.url) { proxy in
                try await body(proxy, try proxy.url(from: database.url), database)
            }
        }
    }

    private func connect(to url: String, timeout: Duration = .seconds(30)) async throws -> PostgresSession {
        try await PostgresSession.connect(to: url, applicationName: "proxied", timeout: timeout)
    }

    private func endpoint(of url: String, _ proxy: FaultProxy) throws -> String {
        let database = try #require(url.split(separator: "/").last)
        return "127.0.0.1:\(proxy.port)/\(database)"
    }

    private func expectLoss(during statement: String, _ body: () async throws -> some Any) async throws {
        let error = await #expect(throws: PostgresError.self) { _ = try await body() }
        guard case .connectionLost(_, statement, _) = error else {
            Issue.record("not a loss during \"\(statement)\": \(String(describing: error))")
            return
        }
        #expect(error?.disposition == .retry)
    }
}

/// A connection to a port of this machine, below any protocol.
private struct LoopbackConnection: ~Copyable {
    private let descriptor: Int32

    init(to port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let isConnected = unsafe withUnsafePointer(to: &address) { [descriptor] pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        try #require(isConnected)
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) {
        _ = unsafe write(descriptor, Array(text.utf8), text.utf8.count)
    }

    /// Waits until something can be read: 0 for the orderly end, else the error number.
    func readingError() -> Int32 {
        var byte: UInt8 = 0
        return unsafe read(descriptor, &byte, 1) < 0 ? errno : 0
    }
}
