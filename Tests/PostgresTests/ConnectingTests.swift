import Dispatch
import Postgres
import PostgresTestSupport
import Testing

@Suite("Connecting without a server")
struct ConnectingWithoutServerTests {
    @Test("A refused connection is worth a retry")
    func refused() async throws {
        let loopback = try Loopback(.refuse)
        let error = await connectionError("host=127.0.0.1 port=\(loopback.port) user=u dbname=d")
        #expect(
            error
                == .connectionFailed(
                    endpoint: "127.0.0.1:\(loopback.port)/d", message: "Connection refused", sqlState: nil))
        #expect(error?.disposition == .retry)
    }

    @Test("An unknown socket folder is worth a retry: the server may come")
    func missingSocket() async throws {
        let error = await connectionError("host=/nonexistent port=1 user=u dbname=d")
        #expect(
            error
                == .connectionFailed(
                    endpoint: "/nonexistent:1/d", message: "No such file or directory", sqlState: nil))
    }

    @Test("A server that never answers costs the time allowed", .timeLimit(.minutes(30)))
    func silent() async throws {
        let loopback = try Loopback(.staySilent)
        let error = await connectionError(
            "host=127.0.0.1 port=\(loopback.port) user=u dbname=d", timeout: .milliseconds(200))
        #expect(
            error == .connectionTimedOut(endpoint: "127.0.0.1:\(loopback.port)/d", after: .milliseconds(200)))
    }

    @Test("An interruption ends the log-in", .timeLimit(.minutes(30)))
    func interrupted() async throws {
        let loopback = try Loopback(.staySilent)
        let interruption = try PostgresInterruption()
        interruption.interrupt()
        await #expect(throws: PostgresError.interrupted(statement: nil)) {
            try await PostgresSession.connect(
                to: "host=127.0.0.1,127.0.0.1 port=\(loopback.port) user=u dbname=d", applicationName: "tests",
                timeout: .seconds(600), interruption: interruption)
        }
    }

    @Test("A server without TLS is a matter of configuration if sslmode insists on it", .timeLimit(.minutes(30)))
    func noTLS() async throws {
        let loopback = try Loopback(.staySilent)
        let port = loopback.port
        async let error = connectionError("host=127.0.0.1 port=\(port) user=u dbname=d sslmode=require")
        // "N": what PostgreSQL answers to a request for TLS that it cannot grant.
        loopback.answerOnce(with: [UInt8(ascii: "N")])
        let message = "server does not support SSL, but SSL was required"
        #expect(await error == .encryptionFailed(endpoint: "127.0.0.1:\(port)/d", message: message))
        #expect(await error?.disposition == .configuration)
    }

    private func connectionError(_ connectionString: String, timeout: Duration = .seconds(30)) async -> PostgresError? {
        await #expect(throws: PostgresError.self) {
            try await PostgresSession.connect(to: connectionString, applicationName: "tests", timeout: timeout)
        }
    }
}

@Suite("Connecting", .requiresPostgres)
struct ConnectingTests {
    @Test("A session knows its server and closes")
    func session() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect(applicationName: "job/pod")
            #expect(session.endpoint.hasSuffix("/\(database.name)"))
            #expect(!session.endpoint.contains("@"))
            #expect(await session.serverVersion >= 150_000)
            #expect(await session.isUsable)
            let settings = PostgresStatement(
                name: "settings",
                sql: "SELECT current_setting('application_name'), current_setting('client_encoding')")
            let row = try await session.execute(settings)[0]
            #expect(try row.text(0) == "job/pod")
            #expect(try row.text(1) == "UTF8")
            await session.close()
            await session.close()
            #expect(await !session.isUsable)
            await #expect(throws: PostgresError.sessionClosed(endpoint: session.endpoint, statement: "settings")) {
                try await session.execute(settings)
            }
        }
    }

    @Test("A database without encoding gives text as it is, and what is not UTF-8 is no text")
    func noEncoding() async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let session = try await database.connect()
            let texts = PostgresStatement(
                name: "texts", sql: "SELECT convert_from('\\x61ff', 'SQL_ASCII'), $1::text, convert_to($1, 'SQL_ASCII')"
            )
            let row = try await session.execute(texts, [.text("żółw")])[0]
            #expect(try row.bytes(0) == [0x61, 0xFF])
            #expect(throws: PostgresError.self) { try row.text(0) }
            #expect(try row.text(1) == "żółw" && row.bytea(2) == Array("żółw".utf8))
            // What was read can be sent back.
            let key = PostgresValue.array(
                of: PostgresTypeOID.text, arrayOID: PostgresTypeOID.textArray, elements: [try row.bytes(0)])
            let length = PostgresStatement(name: "length", sql: "SELECT octet_length(($1::text[])[1])")
            #expect(try await session.execute(length, [key])[0].int32(0) == 2)
            await session.close()
        }
    }

    @Test("The connection string's application name wins")
    func applicationName() async throws {
        try await withTemporaryDatabase { database in
            let session = try await PostgresSession.connect(
                to: database.url + "?application_name=mine", applicationName: "job/pod")
            let name = try await session.execute(PostgresStatement(name: "name", sql: "SHOW application_name"))[0]
            #expect(try name.text(0) == "mine")
        }
    }

    @Test("A wrong password is a matter of configuration and appears in no message")
    func wrongPassword() async throws {
        try await withTemporaryDatabase { database in
            let role = "role_\(database.name)"
            try await database.run("CREATE ROLE \(role) LOGIN PASSWORD 'right'")
            let url = try database.url(user: role, password: "hunter2")
            let error = await connectionError(url)
            #expect(error?.sqlState == .invalidPassword)
            #expect(error?.disposition == .configuration)
            #expect(error?.description.contains("password authentication failed") == true)
            #expect(!String(reflecting: error).contains("hunter2"))
            let missing = await connectionError(url.replacing(":hunter2", with: ""))
            #expect(missing?.disposition == .configuration)
            try await database.run("DROP ROLE \(role)")
        }
    }

    @Test("An unknown database is a matter of configuration")
    func unknownDatabase() async throws {
        try await withTemporaryDatabase { database in
            let error = await connectionError(database.url + "_gone")
            #expect(error?.sqlState == .invalidCatalogName)
            #expect(error?.description.contains("database \"\(database.name)_gone\" does not exist") == true)
        }
    }

    @Test("A silent first host does not keep the second from serving", .timeLimit(.minutes(30)))
    func secondHost() async throws {
        try await withTemporaryDatabase { database in
            let loopback = try Loopback(.staySilent)
            let url = database.url.replacing("@", with: "@127.0.0.1:\(loopback.port),")
            let session = try await PostgresSession.connect(
                to: url, applicationName: "tests", timeout: .seconds(2))
            #expect(await session.isUsable)
            #expect(!session.endpoint.contains("\(loopback.port)"))
        }
    }

    @Test("A database that is read-only by default is written to by transactions that say so")
    func readOnlyDatabase() async throws {
        try await withTemporaryDatabase { database in
            try await database.run("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
            for attributes in ["", "?target_session_attrs=read-write"] {
                let session = try await PostgresSession.connect(
                    to: database.url + attributes, applicationName: "tests")
                let write = PostgresStatement(name: "write", sql: "CREATE TABLE t ()")
                await #expect(throws: PostgresError.self) { try await session.executeScript(write) }
                try await session.executeScript(
                    PostgresStatement(name: "write", sql: "BEGIN READ WRITE; CREATE TABLE t (); DROP TABLE t; COMMIT"))
                await session.close()
            }
        }
    }

    @Test("A statement's error that ends the connection leaves no session that looks usable")
    func fatalError() async throws {
        try await withFakeServer { connection in
            try connection.logIn()
            try connection.receiveStatement()
            try connection.send(
                FakeConnection.error("08P01", "transaction blocks not allowed in statement pooling mode"))
        } _: { server in
            let session = try await PostgresSession.connect(to: server.url, applicationName: "tests")
            let error = await #expect(throws: PostgresError.self) {
                try await session.executeScript(PostgresStatement(name: "begin", sql: "BEGIN"))
            }
            #expect(error?.disposition == .configuration)
            #expect(error?.description.contains("transaction or session mode") == true)
            #expect(await !session.isUsable)
        }
    }

    private func connectionError(_ connectionString: String) async -> PostgresError? {
        await #expect(throws: PostgresError.self) {
            try await PostgresSession.connect(to: connectionString, applicationName: "tests")
        }
    }
}
