import Foundation
import Postgres
import PostgresTestSupport
import Testing

/// Servers that send too much, for ever, or what is meant for somebody's terminal.
@Suite("A hostile server", .timeLimit(.minutes(30)))
struct HostileServerTests {
    private static let statement = PostgresStatement(name: "query", sql: "SELECT 1")

    /// What a server can send without end.
    enum Flood: CaseIterable, Sendable {
        case notices, parameters, notifications, unfinishedMessage, rows

        /// Half a kilobyte, so that a trickle of it stays below every bound of size until the deadline.
        private static let filler = String(repeating: "x", count: 500)

        /// What it begins with, once.
        var beginning: [UInt8] {
            switch self {
            case .notices, .parameters, .notifications: []
            // The length of a row of a gigabyte, of which the rest never comes to an end.
            case .unfinishedMessage: columns + [UInt8(ascii: "D"), 0x40, 0, 0, 0]
            case .rows: columns
            }
        }

        var repetition: [UInt8] {
            switch self {
            case .notices: FakeConnection.notice(Self.filler)
            case .parameters: FakeConnection.parameter("application_name", Self.filler)
            case .notifications: FakeConnection.notification(Self.filler)
            case .unfinishedMessage: Array(Self.filler.utf8)
            case .rows: FakeConnection.row([Array(Self.filler.utf8)])
            }
        }

        private var columns: [UInt8] { FakeConnection.columns([("a", PostgresTypeOID.text)]) }
    }

    /// Lends a session with a server that answers the first statement like this.
    private func withSession(
        _ answer: @escaping FakeServer.Behaviour, _ body: (PostgresSession) async throws -> Void
    ) async throws {
        try await withFakeServer { connection in
            try connection.logIn()
            try connection.receiveStatement()
            try answer(connection)
        } _: { server in
            let session = try await PostgresSession.connect(
                to: server.url, applicationName: "tests", timeout: .seconds(60))
            try await body(session)
            #expect(await !session.isUsable)
        }
    }

    // MARK: - Time

    @Test("that keeps sending does not keep a log-in from its deadline", arguments: [Flood.notices, .parameters])
    func slowLogIn(flood: Flood) async throws {
        try await withFakeServer { connection in
            try connection.start()
            try connection.send(FakeConnection.message("R", FakeConnection.bigEndian(Int32(0))))
            try connection.trickle(flood.repetition)
        } _: { server in
            let timeout = Duration.milliseconds(300)
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresSession.connect(to: server.url, applicationName: "tests", timeout: timeout)
            }
            #expect(error == .connectionTimedOut(endpoint: "127.0.0.1:\(server.port)/db", after: timeout))
        }
    }

    @Test("that keeps sending does not keep a statement from its deadline", arguments: Flood.allCases)
    func slowAnswer(flood: Flood) async throws {
        try await withSession { connection in
            try connection.send(flood.beginning)
            try connection.trickle(flood.repetition)
        } _: { session in
            await #expect(throws: PostgresError.timedOut(statement: "query", after: .milliseconds(300))) {
                try await session.execute(Self.statement, timeout: .milliseconds(300))
            }
        }
    }

    @Test("that keeps sending does not keep a statement from being interrupted", arguments: Flood.allCases)
    func interruption(flood: Flood) async throws {
        let (floods, continuation) = AsyncStream.makeStream(of: Void.self)
        try await withSession { connection in
            try connection.send(flood.beginning)
            continuation.finish()
            try connection.trickle(flood.repetition)
        } _: { session in
            let running = Task { try await session.executeScript(Self.statement, timeout: .seconds(600)) }
            for await _ in floods {}
            session.interrupt()
            await #expect(throws: PostgresError.interrupted(statement: "query")) { try await running.value }
        }
    }

    @Test("that sends without being asked does not keep a long parameter from its deadline")
    func slowFlush() async throws {
        try await withFakeServer { connection in
            try connection.logIn()
            // It reads nothing, so the parameter does not fit into what the kernel buffers.
            try connection.trickle(Flood.notices.repetition)
        } _: { server in
            let session = try await PostgresSession.connect(
                to: server.url, applicationName: "tests", timeout: .seconds(60))
            await #expect(throws: PostgresError.timedOut(statement: "query", after: .milliseconds(300))) {
                try await session.execute(
                    Self.statement, [.bytea([UInt8](repeating: 1, count: 32 << 20))], timeout: .milliseconds(300))
            }
        }
    }

    // MARK: - Memory

    @Test("cannot fill memory during the log-in", arguments: [Flood.notices, .parameters, .notifications])
    func longLogIn(flood: Flood) async throws {
        try await withFakeServer { connection in
            try connection.start()
            try connection.send(FakeConnection.message("R", FakeConnection.bigEndian(Int32(0))))
            try connection.flood(flood.repetition)
        } _: { server in
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresSession.connect(to: server.url, applicationName: "tests", timeout: .seconds(600))
            }
            #expect(error?.description.contains("more than a log-in takes") == true)
            #expect(error?.disposition == .retry)
        }
    }

    @Test(
        "cannot fill memory with what is not a row, nor with one row",
        arguments: [Flood.notices, .parameters, .notifications, .unfinishedMessage])
    func longAnswer(flood: Flood) async throws {
        try await withSession { connection in
            try connection.send(flood.beginning)
            try connection.flood(flood.repetition)
        } _: { session in
            let error = await #expect(throws: PostgresError.self) {
                try await session.execute(Self.statement, timeout: .seconds(600))
            }
            #expect(error == .answerEndless(statement: "query", byteLimit: 64 << 20))
            #expect(error?.disposition == .retry)
            #expect(error?.description.contains("64 MiB") == true)
        }
    }

    @Test("cannot fill memory with rows")
    func manyRows() async throws {
        try await withSession { connection in
            try connection.send(Flood.rows.beginning)
            try connection.flood(Flood.rows.repetition)
        } _: { session in
            let error = await #expect(throws: PostgresError.self) {
                try await session.execute(Self.statement, timeout: .seconds(600))
            }
            #expect(error == .answerTooLarge(statement: "query", byteLimit: PostgresResult.usualByteLimit))
            #expect(error?.disposition == .configuration)
            #expect(error?.description.contains("256 MiB") == true)
        }
    }

    @Test("with rows whose values are empty is held to the same bound")
    func emptyRows() async throws {
        try await withSession { connection in
            try connection.send(Flood.rows.beginning)
            try connection.flood(FakeConnection.row([[]]))
        } _: { session in
            await #expect(throws: PostgresError.answerTooLarge(statement: "query", byteLimit: 1 << 20)) {
                try await session.execute(Self.statement, timeout: .seconds(600), byteLimit: 1 << 20)
            }
        }
    }

    // MARK: - Words

    @Test("cannot write more than a line into the log", arguments: [true, false])
    func longMessage(isLogIn: Bool) async throws {
        let message = "começo " + String(repeating: "é", count: 5_000_000)
        try await withFakeServer { connection in
            if isLogIn { try connection.start() } else { try connection.logIn() }
            if !isLogIn { try connection.receiveStatement() }
            // A log-in takes no more than 30,000 bytes of an error.
            let words = isLogIn ? String(message.prefix(10_000)) : message
            try connection.send(FakeConnection.error("XX000", words) + FakeConnection.end())
        } _: { server in
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresSession.connect(to: server.url, applicationName: "tests", timeout: .seconds(60))
                    .execute(Self.statement)
            }
            let description = try #require(error?.description)
            #expect(description.contains("começo éé") && description.contains("é…"))
            #expect(description.count < 1200)
        }
    }

    @Test("cannot steer the terminal on which the log is read", arguments: [true, false])
    func controlCharacters(isLogIn: Bool) async throws {
        let words = "a\u{1b}[2Jb\r\nc\u{9b}31md\u{202e}e\u{2028}f\u{7f}g ─ é 👩‍🔬"
        try await withFakeServer { connection in
            if isLogIn { try connection.start() } else { try connection.logIn() }
            if !isLogIn { try connection.receiveStatement() }
            try connection.send(FakeConnection.error("XX000", words) + FakeConnection.end())
        } _: { server in
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresSession.connect(to: server.url, applicationName: "tests", timeout: .seconds(60))
                    .execute(Self.statement)
            }
            let expected = #"a\u001b[2Jb\u000d\u000ac\u009b31md\u202ee\u2028f\u007fg ─ é 👩‍🔬"#
            #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
        }
    }

    @Test("does not get the password into the log by repeating it", arguments: [true, false])
    func password(isLogIn: Bool) async throws {
        try await withFakeServer { connection in
            let password = try connection.askForPassword()
            // A mark after it makes another character of its last one.
            let words = "no \(password), no \(password)\u{301}, no x\(password)x"
            if !isLogIn {
                try connection.letIn()
                try connection.receiveStatement()
            }
            try connection.send(FakeConnection.error("28P01", words) + FakeConnection.end())
        } _: { server in
            let error = await #expect(throws: PostgresError.self) {
                try await PostgresSession.connect(
                    to: server.url.replacing("secret", with: "hunter2"), applicationName: "tests",
                    timeout: .seconds(60)
                ).execute(Self.statement)
            }
            #expect(error?.sqlState == .invalidPassword)
            #expect(error?.description.contains("no …, no …\u{301}, no x…x") == true, "\(String(describing: error))")
            #expect(!String(reflecting: error).contains("hunter2"))
        }
    }

    @Test("whose last words come with the end of the connection is cut short as well")
    func lastWords() async throws {
        try await withSession { connection in
            try connection.send(FakeConnection.error("57P01", "bye\u{1b}" + String(repeating: "e", count: 100_000)))
        } _: { session in
            let error = await #expect(throws: PostgresError.self) { try await session.execute(Self.statement) }
            guard case .connectionLost(_, "query", let reason) = error else {
                Issue.record("unexpected error \(String(describing: error))")
                return
            }
            #expect(reason.contains(#"bye\u001beee"#) && reason.count < 1200)
        }
    }
}

extension FakeConnection {
    /// Sends the same bytes a thousand times a second, for as long as the client stays.
    fileprivate func trickle(_ bytes: [UInt8]) throws {
        while true {
            try send(bytes)
            usleep(1000)
        }
    }
}
