import Foundation
import Postgres
import PostgresTestSupport
import Testing

@Suite("Errors of the server", .requiresPostgres)
struct ServerErrorTests {
    @Test("An error has the code, the message and the statement's name, but not the row")
    func uniqueViolation() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            try await session.executeScript(
                PostgresStatement(name: "create", sql: "CREATE TABLE t (k text PRIMARY KEY)"))
            let insert = PostgresStatement(name: "insert key", sql: "INSERT INTO t VALUES ($1)")
            try await session.execute(insert, [.text("hunter2")])
            let error = await #expect(throws: PostgresError.self) {
                try await session.execute(insert, [.text("hunter2")])
            }
            let message = "duplicate key value violates unique constraint \"t_pkey\""
            #expect(
                error
                    == .serverError(
                        PostgresError.ServerError(
                            sqlState: .uniqueViolation, message: message, statement: "insert key", table: "t",
                            constraint: "t_pkey")))
            #expect(error?.disposition == .row)
            #expect(!String(reflecting: error).contains("hunter2"))
            #expect(await session.isUsable)
        }
    }

    @Test("An error has the server's hint, which its description leaves out")
    func hint() async throws {
        try await withTemporaryDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.run("DO $$ BEGIN RAISE 'refused' USING HINT = 'look at hunter2'; END $$")
            }
            let server: PostgresError.ServerError? = if case .serverError(let found)? = error { found } else { nil }
            #expect(server?.hint == "look at hunter2")
            #expect(error?.description.contains("hunter2") == false)
        }
    }

    @Test("A NUL in a text is refused, not cut off")
    func nul() async throws {
        try await withTemporaryDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.query("SELECT $1::text", [.text("abc\0def")])
            }
            #expect(error?.sqlState == .characterNotInRepertoire)
            #expect(error?.disposition == .row)
        }
    }

    @Test("The server's verdicts on vectors have the disposition the job relies on")
    func vectors() async throws {
        try await withTemporaryDatabase { database in
            try await database.run("CREATE TABLE t (v vector(3))")
            let oid = try await database.query("SELECT 'vector'::regtype::oid")[0].oid(0)
            let cases: [([UInt8], SQLState, SQLState.Disposition)] = [
                (PGVector.encode([1, 2]), .dataException, .configuration),
                (PGVector.encode([1, 2, .nan]), .dataException, .row),
                (PGVector.encode([1, 2, .infinity]), .dataException, .row),
                (PGVector.encode([1, 2, 3]).dropLast(1), .protocolViolation, .fatal),
                (PGVector.encode([1, 2, 3]) + [0], .invalidBinaryRepresentation, .fatal),
            ]
            for (bytes, sqlState, disposition) in cases {
                let error = await #expect(throws: PostgresError.self) {
                    try await database.query("INSERT INTO t VALUES ($1)", [PostgresValue(typeOID: oid, bytes: bytes)])
                }
                #expect(error?.sqlState == sqlState)
                #expect(error?.disposition == disposition, "\(String(describing: error))")
            }
        }
    }

    @Test("The server's own time-out leaves the session usable")
    func statementTimeout() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            try await session.executeScript(PostgresStatement(name: "set", sql: "SET statement_timeout = '50ms'"))
            let error = await #expect(throws: PostgresError.self) {
                try await session.execute(PostgresStatement(name: "sleep", sql: "SELECT pg_sleep(60)"))
            }
            #expect(error?.sqlState == .queryCanceled)
            #expect(error?.disposition == .retry)
            #expect(await session.isUsable)
        }
    }

    @Test("More parameters than the protocol counts are refused before sending")
    func tooManyParameters() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            let error = await #expect(throws: PostgresError.self) {
                try await session.execute(
                    PostgresStatement(name: "many", sql: "SELECT 1"),
                    [PostgresValue](repeating: .bool(true), count: 65_536))
            }
            guard case .notSent("many", _) = error else {
                Issue.record("unexpected error \(String(describing: error))")
                return
            }
            #expect(await session.isUsable)
        }
    }

    @Test("A COPY is refused and ends the session")
    func copy() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            await #expect(throws: PostgresError.unexpectedResult(statement: "copy", status: "PGRES_COPY_OUT")) {
                try await session.execute(PostgresStatement(name: "copy", sql: "COPY (SELECT 1) TO STDOUT"))
            }
            #expect(await !session.isUsable)
        }
    }

    @Test("Notices of the server do not reach standard error")
    func notices() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect()
            let raise = PostgresStatement(
                name: "raise", sql: "DO $$ BEGIN RAISE WARNING 'loud-\(database.name)'; END $$")
            let written = try await standardError { try await session.execute(raise) }
            #expect(!written.contains("loud-\(database.name)"))
        }
    }

    /// What reaches standard error while the body runs, which is passed on afterwards.
    private func standardError(during body: () async throws -> Void) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        let saved = dup(STDERR_FILENO)
        try #require(dup2(handle.fileDescriptor, STDERR_FILENO) >= 0)
        try await body()
        dup2(saved, STDERR_FILENO)
        close(saved)
        let written = try Data(contentsOf: file)
        try FileHandle.standardError.write(contentsOf: written)
        return String(decoding: written, as: UTF8.self)
    }
}

@Suite("Statements that do not come back", .requiresPostgres, .timeLimit(.minutes(30)))
struct AbandonedStatementTests {
    private static let sleep = PostgresStatement(name: "sleep", sql: "SELECT pg_sleep(600)")

    @Test("At its deadline a statement is cancelled on the server and the session closed")
    func deadline() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect(applicationName: "sleeper")
            await #expect(throws: PostgresError.timedOut(statement: "sleep", after: .milliseconds(100))) {
                try await session.execute(Self.sleep, timeout: .milliseconds(100))
            }
            #expect(await !session.isUsable)
            try await waitForSleepers(0, in: database)
        }
    }

    @Test("An interruption ends the running statement, on the server too, and all later ones")
    func interruption() async throws {
        try await withTemporaryDatabase { database in
            let interruption = try PostgresInterruption()
            let (session, other) = (
                try await PostgresSession.connect(
                    to: database.url, applicationName: "sleeper", interruption: interruption),
                try await PostgresSession.connect(to: database.url, applicationName: "idle", interruption: interruption)
            )
            let result = Task { try await session.execute(Self.sleep, timeout: .seconds(600)) }
            try await waitForSleepers(1, in: database)
            session.interrupt()
            await #expect(throws: PostgresError.interrupted(statement: "sleep")) { try await result.value }
            #expect(await !session.isUsable)
            try await waitForSleepers(0, in: database)
            await #expect(throws: PostgresError.interrupted(statement: "late")) {
                try await other.execute(PostgresStatement(name: "late", sql: "SELECT 1"))
            }
        }
    }

    @Test("A terminated backend is a lost connection")
    func terminated() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect(applicationName: "sleeper")
            let result = Task { try await session.execute(Self.sleep, timeout: .seconds(600)) }
            try await waitForSleepers(1, in: database)
            try await terminate("sleeper", in: database)
            let error = await #expect(throws: PostgresError.self) { try await result.value }
            guard case .connectionLost(session.endpoint, "sleep", let reason) = error else {
                Issue.record("unexpected error \(String(describing: error))")
                return
            }
            // The server's last words, not libpq's "server closed the connection unexpectedly".
            #expect(!reason.isEmpty && !reason.hasPrefix("server closed"))
            #expect(error?.disposition == .retry)
            #expect(await !session.isUsable)
        }
    }

    @Test("A connection that broke while idle is lost at the next statement, however much it sends")
    func terminatedWhileIdle() async throws {
        try await withTemporaryDatabase { database in
            let session = try await database.connect(applicationName: "idler")
            try await terminate("idler", in: database)
            let error = await #expect(throws: PostgresError.self) {
                // More than the socket buffers: writing meets the closed end, which raises SIGPIPE if not prevented.
                try await session.execute(
                    PostgresStatement(name: "send", sql: "SELECT $1::bytea"),
                    [.bytea([UInt8](repeating: 1, count: 16 << 20))])
            }
            guard case .connectionLost(_, "send", _) = error else {
                Issue.record("unexpected error \(String(describing: error))")
                return
            }
            #expect(await !session.isUsable)
        }
    }

    @Test("Sessions that wait do not keep others from running")
    func concurrency() async throws {
        try await withTemporaryDatabase { database in
            let holder = try await database.connect()
            let lock = PostgresStatement(name: "lock", sql: "SELECT pg_advisory_lock_shared(1)")
            let release = PostgresStatement(name: "release", sql: "SELECT pg_advisory_unlock(1)")
            try await holder.execute(PostgresStatement(name: "hold", sql: "SELECT pg_advisory_lock(1)"))
            // More than there are threads in Swift's shared pool on most machines.
            let waiters = ProcessInfo.processInfo.activeProcessorCount + 2
            let finished = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<waiters {
                    let session = try await database.connect(applicationName: "sleeper")
                    group.addTask { try await session.execute(lock).count }
                }
                try await waitForSleepers(waiters, in: database)
                #expect(try await holder.execute(release)[0].bool(0))
                return try await group.reduce(0, +)
            }
            #expect(finished == waiters)
        }
    }

    /// Asks until that many sessions named `sleeper` run a statement; the time limit of the suite ends it.
    private func waitForSleepers(_ count: Int, in database: TemporaryDatabase) async throws {
        let observer = try await database.connect(applicationName: "observer")
        let sleepers = PostgresStatement(
            name: "sleepers",
            sql: """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'sleeper' AND state = 'active'
                    AND query ~ 'pg_sleep|pg_advisory' AND wait_event IS NOT NULL
                """)
        while try await observer.execute(sleepers)[0].int64(0) != count {
            try Task.checkCancellation()
        }
        await observer.close()
    }

    /// Ends the backend of the session with this name and waits until it is gone.
    private func terminate(_ applicationName: String, in database: TemporaryDatabase) async throws {
        let rows = try await database.query(
            """
            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = $1
            """, [.text(applicationName)])
        #expect(try rows.map { try $0.bool(0) } == [true])
    }
}
