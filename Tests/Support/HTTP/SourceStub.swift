internal import Foundation
internal import Glibc
internal import Synchronization

/// A server of HTTP/1.1 on 127.0.0.1 that misbehaves as a test wants it to, byte by byte.
///
/// It stops with its last reference, or by ``stop()``. Each connection has a thread of its own and is kept open between
/// requests.
public final class SourceStub: Sendable {
    /// What is asked for.
    public struct Request: Sendable {
        /// Its number, from 1, in the order in which requests came.
        public let number: Int
        /// The method.
        public let method: String
        /// Path and query as sent.
        public let target: String
        /// Names as sent, and values.
        public let headers: [(name: String, value: String)]
        /// The body of as many bytes as the headers say.
        public let body: [UInt8]

        /// The path, without the query.
        public var path: String { String(target.prefix { $0 != "?" }) }

        /// The value of a header, whose name may be in any case.
        public func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// The value of a parameter of the query, as sent.
        public func parameter(_ name: String) -> String? {
            for pair in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&")
            where pair.hasPrefix("\(name)=") {
                return String(pair.dropFirst(name.count + 1))
            }
            return nil
        }
    }

    /// Says what is answered; called on the threads of the connections.
    public typealias Handler = @Sendable (Request) -> StubReply

    private let core: Core

    /// Starts to listen on a port that is free.
    public init(_ handler: @escaping Handler) throws {
        core = try Core(handler)
        Thread.detachNewThread { [core] in core.serve() }
    }

    deinit {
        core.stop()
    }

    /// Ends all connections and gives the port back.
    public func stop() {
        core.stop()
    }

    /// The port of 127.0.0.1 that it listens on.
    public var port: Int { core.port }

    /// Its URL, without a slash at the end.
    public var baseURL: String { "http://127.0.0.1:\(port)" }

    /// All requests so far, in order.
    public var requests: [Request] { core.requests }

    /// How many connections there have been.
    public var connections: Int { core.connections }
}

/// What the threads of a stub share; it outlives the stub until they have ended.
private final class Core: Sendable {
    private struct State {
        var requests: [SourceStub.Request] = []
        var descriptors: Set<Int32> = []
        var connections = 0
        var isStopped = false
    }

    let port: Int
    private let listener: Int32
    private let handler: SourceStub.Handler
    private let state = Mutex(State())

    init(_ handler: @escaping SourceStub.Handler) throws {
        self.handler = handler
        (listener, port) = try StubSocket.listen()
    }

    var requests: [SourceStub.Request] { state.withLock(\.requests) }
    var connections: Int { state.withLock(\.connections) }

    func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            // Wakes the threads that wait for a connection, or for a client; each closes what it has.
            shutdown(listener, Int32(SHUT_RD))
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func serve() {
        while let socket = StubSocket.accept(listener) {
            let isServed = state.withLock { state in
                guard !state.isStopped else { return false }
                state.connections += 1
                state.descriptors.insert(socket.descriptor)
                return true
            }
            guard isServed else {
                socket.close()
                break
            }
            Thread.detachNewThread { [self] in
                serve(socket)
                _ = state.withLock { $0.descriptors.remove(socket.descriptor) }
                socket.close()
            }
        }
        close(listener)
    }

    /// Answers the requests of a connection until one side has had enough.
    private func serve(_ socket: StubSocket) {
        var reader = RequestReader(socket: socket)
        do {
            while let parts = try reader.next() {
                let request = state.withLock { state in
                    let request = SourceStub.Request(
                        number: state.requests.count + 1, method: parts.method, target: parts.target,
                        headers: parts.headers, body: parts.body)
                    state.requests.append(request)
                    return request
                }
                for step in handler(request).steps { try socket.perform(step) }
            }
        } catch {
            // The connection is over, which is what some replies want.
        }
    }
}

/// Takes requests out of a stream of bytes.
private struct RequestReader {
    let socket: StubSocket
    private var bytes: [UInt8] = []

    init(socket: StubSocket) {
        self.socket = socket
    }

    struct Parts {
        var method = ""
        var target = ""
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
    }

    /// The next request, `nil` if the client has closed the connection or sends something else.
    mutating func next() throws -> Parts? {
        let end = Array("\r\n\r\n".utf8)
        var headEnd = bytes.firstRange(of: end)
        while headEnd == nil {
            guard try receive() else { return nil }
            headEnd = bytes.firstRange(of: end)
        }
        guard let headEnd, var parts = Self.head(bytes[..<headEnd.lowerBound]) else { return nil }
        bytes.removeSubrange(..<headEnd.upperBound)
        let length = parts.headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        while bytes.count < length {
            guard try receive() else { return nil }
        }
        parts.body = Array(bytes.prefix(length))
        bytes.removeFirst(length)
        return parts
    }

    private mutating func receive() throws -> Bool {
        let received = try socket.receive()
        bytes += received
        return !received.isEmpty
    }

    private static func head(_ bytes: ArraySlice<UInt8>) -> Parts? {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let first = lines.first?.split(separator: " ") ?? []
        guard first.count == 3 else { return nil }
        var parts = Parts(method: String(first[0]), target: String(first[1]))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            parts.headers.append((String(line[..<colon]), String(value)))
        }
        return parts
    }
}
