import Foundation
import Postgres
import PostgresTestSupport
import Testing

/// The servers of `Scripts/test-servers`, whose URLs `Scripts/test` exports.
private enum TestServer: String {
    case pgbouncer = "PGBOUNCER"
    case tls = "TLS"
    case wrongAuthority = "TLS_WRONG_CA"
    case wrongHost = "TLS_WRONG_HOST"
    case expired = "TLS_EXPIRED"
    case plain = "TLS_PLAIN"

    var url: String? {
        ProcessInfo.processInfo.environment["EMBEDDING_TEST_\(rawValue)_URL"].flatMap { $0.isEmpty ? nil : $0 }
    }

    func components() throws -> URLComponents {
        let url = try #require(url)
        return try #require(URLComponents(string: url))
    }

    func connect() async throws -> PostgresSession {
        try await connectPatiently(to: try #require(url))
    }
}

extension Trait where Self == ConditionTrait {
    fileprivate static func requires(_ server: TestServer) -> Self {
        .enabled(if: server.url != nil, "run Scripts/test, which starts the servers of Scripts/test-servers")
    }
}

@Suite(
    "Through pgbouncer in transaction mode", .requiresPostgres, .requires(.pgbouncer), .timeLimit(.minutes(30)))
struct PgbouncerTests {
    @Test("SET LOCAL stays with its transaction, while SET would reach the next client")
    func settings() async throws {
        try await withPooledDatabase { _, first, second in
            let state = PostgresStatement(
                name: "state", sql: "SELECT pg_backend_pid(), current_setting('lock_timeout')")
            try await first.executeScript(
                PostgresStatement(name: "begin", sql: "BEGIN; SET LOCAL lock_timeout = '1234ms'"))
            let within = try await first.execute(state)[0]
            #expect(try within.text(1) == "1234ms")
            try await first.executeScript(PostgresStatement(name: "commit", sql: "COMMIT"))
            let after = try await second.execute(state)[0]
            #expect(try after.text(1) == "0")

            // The same server connection, and one that would have kept the setting.
            #expect(try after.int32(0) == within.int32(0))
            try await first.executeScript(PostgresStatement(name: "set", sql: "SET lock_timeout = '1234ms'"))
            #expect(try await second.execute(state)[0].text(1) == "1234ms")
        }
    }

    @Test("A transaction's advisory lock keeps other clients out until COMMIT")
    func advisoryLock() async throws {
        try await withPooledDatabase { _, first, second in
            let lock = PostgresStatement(name: "lock", sql: "SELECT pg_try_advisory_xact_lock($1)")
            let parameters = [PostgresValue.int8(42)]
            try await first.executeScript(PostgresStatement(name: "begin", sql: "BEGIN"))
            #expect(try await first.execute(lock, parameters)[0].bool(0))
            #expect(try await !second.execute(lock, parameters)[0].bool(0))
            try await first.executeScript(PostgresStatement(name: "commit", sql: "COMMIT"))
            #expect(try await second.execute(lock, parameters)[0].bool(0))
        }
    }

    @Test("Parameters of every type arrive, whichever client shares the connection")
    func parameters() async throws {
        try await withPooledDatabase { _, first, second in
            let values: [(String, PostgresValue)] = [
                ("boolean", .bool(true)), ("smallint", .int2(-2)), ("integer", .int4(-4)), ("bigint", .int8(-8)),
                ("oid", .oid(.max)), ("real", .float4(0.5)), ("double precision", .float8(-0.25)),
                ("text", .text("żółw")), ("text", .null(PostgresTypeOID.text)), ("bytea", .bytea([0, 255])),
                ("boolean[]", .boolArray([true, false])), ("integer[]", .int4Array([1, .min])),
                ("bigint[]", .int8Array([])), ("text[]", .textArray(["a", ""])), ("bytea[]", .byteaArray([[0], []])),
            ]
            for (type, value) in values {
                let echo = PostgresStatement(name: type, sql: "SELECT $1::\(type)")
                for session in [first, second] {
                    let row = try await session.execute(echo, [value])[0]
                    #expect(try (row.isNull(0) ? nil : row.bytes(0)) == value.bytes, "\(type)")
                }
            }
        }
    }

    @Test("An array of vectors is written")
    func vectors() async throws {
        try await withPooledDatabase { database, first, _ in
            try await database.run("CREATE TABLE t (id bigint, embedding vector(3)); INSERT INTO t VALUES (1), (2)")
            try await expectVectorsToBeWritten(by: first, to: "t")
        }
    }

    @Test("Text of a database without encoding comes as it is to the clients of that database, and to no others")
    func textWithoutEncoding() async throws {
        try await withPooledDatabase(encoding: "SQL_ASCII") { _, first, second in
            let text = PostgresStatement(name: "text", sql: "SELECT convert_from($1::bytea, 'SQL_ASCII')")
            for session in [first, second, first] {
                let row = try await session.execute(text, [.bytea([0x61, 0xFF])])[0]
                #expect(try row.bytes(0) == [0x61, 0xFF])
            }
        }
        try await withPooledDatabase { _, first, _ in
            let encoding = PostgresStatement(name: "encoding", sql: "SELECT current_setting('client_encoding')")
            let row = try await first.execute(encoding)[0]
            #expect(try row.text(0) == "UTF8")
        }
    }

    @Test("A pool that stays full is worth a retry")
    func fullPool() async throws {
        // A database of the pooler that has one connection to the server.
        let url = try pooledURL(of: "narrow")
        let holder = try await connectPatiently(to: url)
        let waiting = try await connectPatiently(to: url)
        try await holder.executeScript(PostgresStatement(name: "begin", sql: "BEGIN"))
        let error = await #expect(throws: PostgresError.self) {
            try await waiting.execute(PostgresStatement(name: "one", sql: "SELECT 1"))
        }
        #expect(error?.description.contains("query_wait_timeout") == true)
        #expect(error?.disposition == .retry)
        try await holder.executeScript(PostgresStatement(name: "rollback", sql: "ROLLBACK"))
        await holder.close()
    }

    @Test("A pooler whose server is down is worth a retry")
    func serverDown() async throws {
        let url = try pooledURL(of: "absent")
        let error = await #expect(throws: PostgresError.self) {
            try await connectPatiently(to: url)
        }
        #expect(error?.disposition == .retry, "\(String(describing: error))")
    }

    @Test("A pool in statement mode is refused at the first transaction, with what to do")
    func statementMode() async throws {
        let session = try await connectPatiently(to: try pooledURL(of: "statement"))
        #expect(try await session.execute(PostgresStatement(name: "one", sql: "SELECT 1")).count == 1)
        let error = await #expect(throws: PostgresError.self) {
            try await session.executeScript(PostgresStatement(name: "begin", sql: "BEGIN"))
        }
        #expect(error?.disposition == .configuration)
        #expect(error?.description.contains("connect to a pool in transaction or session mode") == true)
        #expect(await !session.isUsable)
    }

    @Test("A log-in that the pooler refuses shows its reason and is not tried again")
    func refusedLogIn() async throws {
        let url = try #require(TestServer.pgbouncer.url)
        var stranger = try TestServer.pgbouncer.components()
        stranger.user = "nobody_knows"
        var liar = try TestServer.pgbouncer.components()
        liar.password = "hunter2"
        for (url, reason) in [
            (stranger.string, "authentication failed"), (liar.string, "authentication failed"),
            (url + "?options=-csearch_path%3Dx", "unsupported startup parameter: options"),
        ] {
            let error = await #expect(throws: PostgresError.self) {
                try await connectPatiently(to: try #require(url))
            }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
            #expect(error?.disposition == .configuration)
            #expect(error?.description.contains("hunter2") == false)
        }
    }

    private func pooledURL(of database: String) throws -> String {
        var components = try TestServer.pgbouncer.components()
        components.path = "/" + database
        return try #require(components.string)
    }

    /// Hands two clients of the pooler and their database to the body.
    private func withPooledDatabase(
        encoding: String? = nil, _ body: (TemporaryDatabase, PostgresSession, PostgresSession) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(encoding: encoding) { database in
            let url = try pooledURL(of: database.name)
            let first = try await connectPatiently(to: url)
            let second = try await connectPatiently(to: url)
            try await body(database, first, second)
            await first.close()
            await second.close()
        }
    }
}

@Suite("With TLS", .requires(.tls), .timeLimit(.minutes(30)))
struct TLSTests {
    @Test("A server whose certificate passes is spoken to in secret")
    func verified() async throws {
        let session = try await TestServer.tls.connect()
        #expect(await session.isEncrypted)
        let version = PostgresStatement(
            name: "version", sql: "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        #expect(try await session.execute(version)[0].text(0) == "TLSv1.3")
        await session.close()
    }

    @Test("Without TLS, a session says so", .requiresPostgres)
    func plain() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            #expect(await !session.isEncrypted)
        }
    }

    @Test(
        "A certificate that does not pass is a matter of configuration",
        arguments: [
            (TestServer.wrongAuthority, "certificate verify failed"), (.expired, "certificate verify failed"),
            (.wrongHost, "does not match host name \"127.0.0.1\""),
        ])
    fileprivate func rejected(server: TestServer, reason: String) async throws {
        let error = await #expect(throws: PostgresError.self) { try await server.connect() }
        guard case .encryptionFailed(_, let message) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(message.contains(reason))
        #expect(error?.disposition == .configuration)
        try expectNoPassword(of: server, in: error)
    }

    @Test("A key that others may read is a matter of configuration")
    func openKey() async throws {
        // Any file that all may read: whether it is a key is looked at later.
        let parameters = try TestServer.tls.components().queryItems
        let certificate = try #require(parameters?.first { $0.name == "sslrootcert" }?.value)
        let url = try #require(TestServer.tls.url) + "&sslcert=\(certificate)&sslkey=\(certificate)"
        let error = await #expect(throws: PostgresError.self) { try await connectPatiently(to: url) }
        #expect(error?.description.contains("has group or world access") == true, "\(String(describing: error))")
        #expect(error?.disposition == .configuration)
    }

    @Test("A server that demands TLS of a client that declines it is a matter of configuration")
    func declined() async throws {
        let error = await #expect(throws: PostgresError.self) { try await TestServer.plain.connect() }
        #expect(error?.sqlState == .invalidAuthorization)
        #expect(error?.disposition == .configuration)
        try expectNoPassword(of: .plain, in: error)
    }

    @Test("An array of vectors is written to an old pgvector")
    func vectors() async throws {
        let session = try await TestServer.tls.connect()
        try await session.executeScript(
            PostgresStatement(
                name: "create",
                sql: """
                    CREATE EXTENSION IF NOT EXISTS vector;
                    CREATE TEMPORARY TABLE t (id bigint, embedding vector(3));
                    INSERT INTO t VALUES (1), (2)
                    """))
        let version = PostgresStatement(
            name: "version", sql: "SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        #expect(try await session.execute(version)[0].text(0) == "0.5.1")
        try await expectVectorsToBeWritten(by: session, to: "t")
        await session.close()
    }

    private func expectNoPassword(of server: TestServer, in error: PostgresError?) throws {
        let password = try #require(try server.components().password)
        #expect(!String(reflecting: error).contains(password))
        #expect(error?.description.contains(password) == false)
    }
}

/// Connects, however busy the machine is.
private func connectPatiently(to url: String) async throws -> PostgresSession {
    try await PostgresSession.connect(to: url, applicationName: "tests", timeout: .seconds(30))
}

/// Writes vectors to the rows 1 and 2 as one array and reads them back.
private func expectVectorsToBeWritten(by session: PostgresSession, to table: String) async throws {
    let types = try await session.execute(
        PostgresStatement(name: "types", sql: "SELECT 'vector'::regtype::oid, 'vector[]'::regtype::oid"))[0]
    let vectors: [[Float]] = [[1, -2.5, 0.1], [0, 3, .leastNormalMagnitude]]
    let update = PostgresStatement(
        name: "update",
        sql: """
            UPDATE \(table) SET embedding = new.embedding
            FROM unnest($1::bigint[], $2::vector[]) AS new (id, embedding) WHERE \(table).id = new.id
            """)
    let array = try PostgresValue.vectorArray(vectors, elementOID: types.oid(0), arrayOID: types.oid(1))
    #expect(try await session.execute(update, [.int8Array([1, 2]), array]).affectedRowCount == 2)
    let rows = try await session.execute(
        PostgresStatement(name: "read", sql: "SELECT embedding FROM \(table) ORDER BY id"))
    #expect(try rows.map { try $0.vector(0) } == vectors)
}
