internal import Foundation
internal import Glibc
internal import Synchronization

/// A server on 127.0.0.1 that speaks PostgreSQL's protocol and says what a test wants it to say.
///
/// Each connection has a thread on which the behaviour runs; when it returns or throws, the connection is closed.
public final class FakeServer: Sendable {
    /// What is done with a connection, from its first byte on.
    public typealias Behaviour = @Sendable (FakeConnection) throws -> Void

    /// The port of 127.0.0.1 that it listens on.
    public let port: Int

    private struct State {
        var listener: LoopbackListener
        var descriptors: Set<Int32> = []
        var isStopped = false
    }

    private let state: Mutex<State>
    private let wakeUp: WakeUpPipe
    private let behaviour: Behaviour

    private init(_ behaviour: @escaping Behaviour) throws {
        let listener = try LoopbackListener()
        port = listener.port
        state = Mutex(State(listener: listener))
        wakeUp = try WakeUpPipe()
        self.behaviour = behaviour
    }

    /// Its URL.
    public var url: String { "postgresql://user:secret@127.0.0.1:\(port)/db" }

    fileprivate static func start(_ behaviour: @escaping Behaviour) throws -> FakeServer {
        let server = try FakeServer(behaviour)
        Thread.detachNewThread { server.serve() }
        return server
    }

    fileprivate func stop() {
        state.withLock { state in
            state.isStopped = true
            // Wakes the threads that wait for their client.
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
        wakeUp.signal()
    }

    private func serve() {
        while let listening = state.withLock({ $0.isStopped ? nil : $0.listener.descriptor }) {
            var descriptors = [
                pollfd(fd: listening, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeUp.readEnd, events: Int16(POLLIN), revents: 0),
            ]
            _ = unsafe poll(&descriptors, nfds_t(descriptors.count), -1)
            while let descriptor = state.withLock({ $0.isStopped ? nil : $0.listener.accept() }) {
                _ = state.withLock { $0.descriptors.insert(descriptor) }
                Thread.detachNewThread { [self] in
                    try? behaviour(FakeConnection(descriptor: descriptor))
                    _ = state.withLock { $0.descriptors.remove(descriptor) }
                    close(descriptor)
                }
            }
        }
        state.withLock { $0.listener.release() }
    }
}

/// Starts a fake server, hands it to the body and stops it, whether or not the body throws.
public func withFakeServer<Result>(
    _ behaviour: @escaping FakeServer.Behaviour, _ body: (FakeServer) async throws -> Result
) async throws -> Result {
    let server = try FakeServer.start(behaviour)
    defer { server.stop() }
    return try await body(server)
}

/// A client of a ``FakeServer``.
public struct FakeConnection: Sendable {
    fileprivate let descriptor: Int32

    /// The client has closed the connection, or the test is over.
    private struct Closed: Error {}

    /// Sends bytes, waiting until the client takes them.
    public func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(for: POLLOUT)
            } else {
                throw Closed()
            }
        }
    }

    /// Sends the same bytes for as long as the client stays.
    public func flood(_ bytes: [UInt8]) throws {
        var chunk = bytes
        while chunk.count < 1 << 16 { chunk += bytes }
        while true { try send(chunk) }
    }

    /// Waits for a message: its type and what follows its length.
    public func receive() throws -> (type: Character, body: [UInt8]) {
        let type = try receive(1)[0]
        return (Character(Unicode.Scalar(type)), try receiveBody())
    }

    /// Reads what a client begins with and refuses to encrypt.
    public func start() throws {
        // Requests for TLS and GSSAPI have the numbers 80877103 and 80877104 in the place of the version.
        while try receiveStartUp().starts(with: [0x04, 0xD2, 0x16]) { try send([UInt8(ascii: "N")]) }
    }

    /// Waits for one of the messages that a client may begin with, which have no type.
    public func receiveStartUp() throws -> [UInt8] {
        try receiveBody()
    }

    /// Waits until the client has closed the connection.
    public func waitForEnd() throws {
        while true { _ = try receive(1) }
    }

    private func receiveBody() throws -> [UInt8] {
        let length = try receive(4).reduce(0) { $0 << 8 | Int($1) }
        return try receive(length - 4)
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var chunk = [UInt8](repeating: 0, count: count - bytes.count)
            let length = unsafe recv(descriptor, &chunk, chunk.count, 0)
            if length > 0 {
                bytes += chunk[..<length]
            } else if length < 0, errno == EAGAIN {
                try wait(for: POLLIN)
            } else {
                throw Closed()
            }
        }
        return bytes
    }

    private func wait(for events: Int32) throws {
        var descriptors = [pollfd(fd: descriptor, events: Int16(events), revents: 0)]
        guard unsafe poll(&descriptors, 1, -1) > 0 else { throw Closed() }
    }
}

// MARK: - The protocol

extension FakeConnection {
    /// A message of the server.
    public static func message(_ type: Character, _ body: [UInt8] = []) -> [UInt8] {
        [type.asciiValue ?? 0] + bigEndian(Int32(4 + body.count)) + body
    }

    /// A number of the protocol.
    public static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// Texts, each ended by a zero.
    public static func strings(_ texts: String...) -> [UInt8] {
        texts.flatMap { Array($0.utf8) + [0] }
    }

    /// An ErrorResponse.
    public static func error(_ code: String?, _ message: String, severity: String = "FATAL") -> [UInt8] {
        fields("E", code, message, severity)
    }

    /// A NoticeResponse.
    public static func notice(_ message: String) -> [UInt8] {
        fields("N", "01000", message, "WARNING")
    }

    private static func fields(_ type: Character, _ code: String?, _ message: String, _ severity: String) -> [UInt8] {
        let fields = "S\(severity)\0" + (code.map { "C\($0)\0" } ?? "") + "M\(message)\0Ffake.c\0L1\0Rfake\0"
        return Self.message(type, Array(fields.utf8) + [0])
    }

    /// A ParameterStatus.
    public static func parameter(_ name: String, _ value: String) -> [UInt8] {
        message("S", strings(name, value))
    }

    /// A NotificationResponse.
    public static func notification(_ payload: String) -> [UInt8] {
        message("A", bigEndian(Int32(1)) + strings("channel", payload))
    }

    /// A RowDescription of binary columns, by name and type.
    public static func columns(_ columns: [(String, UInt32)]) -> [UInt8] {
        var body = bigEndian(Int16(columns.count))
        for (name, type) in columns {
            // No table, no number in it, the type, its size and modifier, and binary format.
            body += strings(name) + bigEndian(Int32(0)) + bigEndian(Int16(0))
            body += bigEndian(type) + bigEndian(Int16(-1)) + bigEndian(Int32(-1)) + bigEndian(Int16(1))
        }
        return message("T", body)
    }

    /// A DataRow.
    public static func row(_ values: [[UInt8]]) -> [UInt8] {
        var body = bigEndian(Int16(values.count))
        for value in values { body += bigEndian(Int32(value.count)) + value }
        return message("D", body)
    }

    /// CommandComplete and ReadyForQuery.
    public static func end(_ tag: String = "SELECT 1") -> [UInt8] {
        message("C", strings(tag)) + message("Z", [UInt8(ascii: "I")])
    }

    /// Takes the first messages of a client and lets it in, as a primary server of version 18 does.
    public func logIn(_ parameters: [(String, String)] = []) throws {
        try start()
        try letIn(parameters)
    }

    /// Lets a client in, with these parameters after the usual ones.
    public func letIn(_ parameters: [(String, String)] = []) throws {
        let usual = [
            ("server_version", "18.0"), ("server_encoding", "UTF8"), ("client_encoding", "UTF8"),
            ("in_hot_standby", "off"), ("default_transaction_read_only", "off"), ("standard_conforming_strings", "on"),
        ]
        var bytes = Self.message("R", Self.bigEndian(Int32(0)))
        for (name, value) in usual + parameters { bytes += Self.parameter(name, value) }
        bytes += Self.message("K", Self.bigEndian(Int32(1)) + Self.bigEndian(Int32(2)))
        try send(bytes + Self.message("Z", [UInt8(ascii: "I")]))
    }

    /// Asks for the password in clear text and returns it.
    public func askForPassword() throws -> String {
        try start()
        try send(Self.message("R", Self.bigEndian(Int32(3))))
        return String(decoding: try receive().body.dropLast(), as: UTF8.self)
    }

    /// Waits until the client has sent a statement: a simple query, or parts of an extended one up to its Sync.
    public func receiveStatement() throws {
        while true {
            let type = try receive().type
            if type == "Q" || type == "S" { return }
            if type == "X" { throw Closed() }
        }
    }
}
