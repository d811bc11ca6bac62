import Postgres
import PostgresTestSupport
import Testing

/// Why a server or a pooler in front of it lets nobody in, and what becomes of it.
@Suite("A log-in that is refused", .timeLimit(.minutes(30)))
struct LogInFailureTests {
    /// What a client makes of a server that answers like this.
    private func error(
        with settings: String = "", _ behaviour: @escaping FakeServer.Behaviour
    ) async throws -> PostgresError {
        try await withFakeServer(behaviour) { server in
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresSession.connect(
                    to: server.url + settings, applicationName: "tests", timeout: .seconds(60))
            }
            return try #require(error)
        }
    }

    /// What a client makes of a server that answers its first message with these bytes.
    private func error(_ answer: [UInt8]) async throws -> PostgresError {
        try await error { connection in
            try connection.start()
            try connection.send(answer)
        }
    }

    @Test(
        "shows the server's words and is a matter of configuration or worth a retry, never a defect",
        arguments: [
            // PostgreSQL itself.
            ("28P01", "password authentication failed for user \"user\"", .configuration),
            (
                "28000", "no pg_hba.conf entry for host \"10.0.0.7\", user \"user\", database \"db\", SSL encryption",
                .configuration
            ),
            ("3D000", "database \"db\" does not exist", .configuration),
            ("42501", "permission denied for database \"db\"", .configuration),
            ("42601", "invalid command-line argument for server process: endpoint=x", .configuration),
            ("22023", "invalid value for parameter \"work_mem\": \"much\"", .configuration),
            ("0A000", "unsupported frontend protocol 3.0", .configuration),
            ("55000", "database \"db\" is not currently accepting connections", .retry),
            ("58P01", "could not access file \"pgaudit\": No such file or directory", .retry),
            ("F0000", "could not load pg_hba.conf", .retry),
            ("P0001", "raised by a log-in trigger", .retry),
            ("53300", "sorry, too many clients already", .retry),
            ("57P03", "the database system is starting up", .retry),
            ("XX000", "cache lookup failed for relation 1", .retry),
            // PgBouncer, old and new.
            ("08P01", "password authentication failed", .configuration),
            ("08P01", "SASL authentication failed", .configuration),
            ("08P01", "no such user: user", .configuration),
            ("08P01", "no such database: db", .configuration),
            ("08P01", "unsupported startup parameter: options", .configuration),
            ("08P01", "server login failed: FATAL password authentication failed for user \"user\"", .configuration),
            ("08P01", "server login failed: FATAL the database system is starting up", .retry),
            ("08P01", "pgbouncer cannot connect to server", .retry),
            ("08P01", "query_wait_timeout", .retry),
            ("08P01", "no more connections allowed (max_client_conn)", .retry),
            // Supavisor, Neon, RDS Proxy, pgcat.
            ("XX000", "Tenant or user not found", .configuration),
            ("XX000", "Max client connections reached", .retry),
            ("XX000", "Your account or project has exceeded the compute time quota.", .retry),
            (
                "XX000", "Endpoint ID is not specified. Either please upgrade the client library for SNI support",
                .configuration
            ),
            (
                "0A000", "Feature not supported: RDS Proxy currently doesn't support command-line options.",
                .configuration
            ),
            ("58000", "No pool configured for database: \"db\", user: \"user\"", .configuration),
        ] as [(String, String, SQLState.Disposition)])
    func verdict(code: String, message: String, disposition: SQLState.Disposition) async throws {
        let error = try await error(FakeConnection.error(code, message))
        guard case .connectionFailed(let endpoint, message, let sqlState) = error else {
            Issue.record("unexpected error \(error)")
            return
        }
        #expect(sqlState?.code == code && endpoint.hasSuffix("/db"))
        #expect(error.disposition == disposition)
        #expect(error.description.contains(message))
    }

    @Test(
        "shows the server's words in whatever form they come",
        arguments: [
            // A severity in another language, or of two words.
            (FakeConnection.error("28P01", "не прошёл проверку", severity: "ВАЖНО"), "не прошёл проверку"),
            (FakeConnection.error("57P03", "başlatılıyor", severity: "ÖLÜMCÜL (FATAL)"), "başlatılıyor"),
            // No SQLSTATE; nothing but a code; an error that is not fatal; several lines.
            (FakeConnection.error(nil, "no such user: user"), "no such user: user"),
            (FakeConnection.error("28P01", ""), "the server names no reason"),
            (FakeConnection.error("XX000", "one\ntwo", severity: "ERROR"), "one\\u000atwo"),
            // More words than libpq takes during a log-in.
            (FakeConnection.error("28P01", String(repeating: "no ", count: 1_000_000)), "the server names no reason"),
            // As a server says it that cannot even fork: before the protocol was agreed on.
            (
                Array("Ecould not fork new process for connection: Cannot allocate memory\n\0".utf8),
                "could not fork new process"
            ),
        ])
    func form(answer: [UInt8], words: String) async throws {
        let error = try await error(answer)
        #expect(error.description.contains(words), "\(error)")
        #expect(error.disposition != .fatal)
    }

    @Test("shows neither detail nor hint nor the place in the server's source")
    func fields() async throws {
        let fields = "SFATAL\0VFATAL\0C28000\0Mthe role may not log in\0Dthe detail\0Hthe hint\0Fauth.c\0L7\0Rauth\0"
        let error = try await error(FakeConnection.message("E", Array(fields.utf8) + [0]))
        guard case .connectionFailed(_, "the role may not log in", .invalidAuthorization) = error else {
            Issue.record("unexpected error \(error)")
            return
        }
    }

    @Test("is decided by the host that names a code, and goes on to the next host if that may help")
    func severalHosts() async throws {
        try await withFakeServer { connection in
            try connection.start()
            try connection.send(FakeConnection.error("57P03", "the database system is starting up"))
        } _: { starting in
            try await withFakeServer { connection in
                try connection.start()
                try connection.send(FakeConnection.error("08P01", "no such user: user"))
            } _: { pooler in
                let error = await #expect(throws: PostgresError.self) {
                    try await PostgresSession.connect(
                        to: "host=127.0.0.1,127.0.0.1 port=\(starting.port),\(pooler.port) user=user dbname=db",
                        applicationName: "tests", timeout: .seconds(60))
                }
                #expect(error?.disposition == .configuration)
                #expect(error?.description.contains("no such user: user") == true)
            }
        }
    }

    @Test(
        "is a matter of configuration if a setting demands what there is not, and says what",
        arguments: [
            ("?channel_binding=require", "channel binding"),
            ("?sslmode=verify-ca&sslrootcert=/nonexistent", "root certificate file \"/nonexistent\" does not exist"),
            ("?sslmode=require&sslcert=/proc/version", "could not read certificate file \"/proc/version\""),
        ])
    func impossibleSettings(settings: String, mention: String) async throws {
        let error = try await error(with: settings) { connection in
            if settings.contains("sslmode") {
                _ = try connection.receiveStartUp()
                try connection.send([UInt8(ascii: "S")])
                try connection.waitForEnd()
            } else {
                try connection.logIn()
            }
        }
        guard case .encryptionFailed(_, let message) = error else {
            Issue.record("unexpected error \(error)")
            return
        }
        #expect(message.contains(mention))
        #expect(error.disposition == .configuration)
    }

    @Test("is worth a retry if the server goes away in the middle of the handshake of TLS", arguments: [true, false])
    func lostInHandshake(isAccepted: Bool) async throws {
        let error = try await error(with: "?sslmode=require") { connection in
            _ = try connection.receiveStartUp()
            if isAccepted { try connection.send([UInt8(ascii: "S")]) }
        }
        #expect(error.disposition == .retry, "\(error)")
    }

    @Test(
        "is no defect if another kind of server answers",
        arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", "J\0\0\0\n8.0.36"])
    func otherServer(answer: String) async throws {
        let error = try await error { connection in
            _ = try connection.receiveStartUp()
            try connection.send(Array(answer.utf8))
        }
        #expect(error.disposition != .fatal && error.description.contains("127.0.0.1"), "\(error)")
    }
}
