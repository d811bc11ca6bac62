internal import Foundation
internal import Glibc
internal import Postgres
internal import Synchronization

/// A TCP proxy between a client and PostgreSQL that does to their connections what bad networks do.
///
/// One thread moves the bytes. Every change holds for all bytes that reach the proxy after the call has returned, and
/// the `waitUntil` functions return once something has happened, so tests need not sleep.
///
/// Connections must not be encrypted if a fault or a wait is to find texts in them. A request to cancel a statement is
/// a connection as well and meets the same faults.
public final class FaultProxy: Sendable {
    /// The way bytes go.
    public enum Direction: Sendable, Hashable, CaseIterable {
        case clientToServer
        case serverToClient
    }

    /// What becomes of the bytes of one direction.
    public enum Fault: Sendable, Hashable {
        /// They are forwarded.
        case pass
        /// Each chunk is forwarded this long after it arrived.
        case delay(Duration)
        /// They are read, and so acknowledged, but not forwarded; the end of the connection is not either.
        case blackHole
        /// This many are forwarded, then the connection that carried the last of them is closed; later ones pass.
        case cut(afterByteCount: Int)
        /// The chunk that completes this text is not forwarded and its connection is closed; later ones pass.
        case cutInsteadOf(String)
        /// The chunk that completes this text is not forwarded, and nothing after it: a ``blackHole`` from there on.
        case blackHoleFrom(String)
        /// They are kept, and so is the end of the connection; all of it is forwarded once another fault is set.
        case hold
        /// The chunk that completes this text is kept, and everything after it: a ``hold`` from there on.
        case holdFrom(String)
    }

    /// What becomes of new connections.
    public enum Arrivals: Sendable, Hashable {
        /// They are connected to the server.
        case accepted
        /// The kernel completes them, nobody ever answers.
        case leftWaiting
        /// Nobody listens.
        case refused
    }

    /// The port of 127.0.0.1 that the proxy listens on.
    public let port: Int

    private let state: Mutex<FaultProxyState>
    private let wakeUp: WakeUpPipe

    private init(to server: ServerAddress) throws {
        let listener = try LoopbackListener()
        port = listener.port
        wakeUp = try WakeUpPipe()
        state = Mutex(FaultProxyState(server: server, listener: listener))
    }
}

// MARK: - Starting and stopping

extension FaultProxy {
    /// Starts a proxy to the first server that a connection string names, over TCP or a Unix socket.
    ///
    /// Its thread runs until ``stop()``.
    public static func start(to databaseURL: String) throws -> FaultProxy {
        let proxy = try FaultProxy(to: ServerAddress(of: databaseURL))
        Thread.detachNewThread { proxy.serve() }
        return proxy
    }

    /// Closes all connections and gives the port back; stopping twice changes nothing.
    public func stop() {
        change { $0.stop() }
    }

    /// The URL with the proxy in the place of the server.
    public func url(from databaseURL: String) throws -> String {
        guard var components = URLComponents(string: databaseURL) else {
            throw FaultProxyError.unusableURL
        }
        components.host = "127.0.0.1"
        components.port = port
        components.queryItems?.removeAll { ["host", "hostaddr", "port"].contains($0.name) }
        if components.queryItems?.isEmpty == true { components.queryItems = nil }
        guard let url = components.string else { throw FaultProxyError.unusableURL }
        return url
    }

    private func serve() {
        while var descriptors = state.withLock({ $0.descriptorsToPoll(wakeUp: wakeUp.readEnd) }) {
            let timeout = state.withLock { $0.millisecondsUntilNextChunk() }
            _ = unsafe poll(&descriptors, nfds_t(descriptors.count), timeout)
            wakeUp.clear()
            state.withLock { $0.moveBytes() }
        }
    }

    /// Changes the state and lets the thread take notice.
    private func change(_ body: (inout FaultProxyState) -> Void) {
        state.withLock { body(&$0) }
        wakeUp.signal()
    }
}

// MARK: - Faults

extension FaultProxy {
    /// Sets the fault of one direction, or of both, for open and future connections.
    public func set(_ fault: Fault, for direction: Direction? = nil) {
        change { $0.set(fault, for: direction.map { [$0] } ?? Direction.allCases) }
    }

    /// From now on forwards another text of the same length in the place of one that clients send.
    ///
    /// A text that arrives in two chunks stays: look at ``replacementCount``.
    public func replace(_ text: String, with other: String) {
        precondition(text.utf8.count == other.utf8.count, "messages carry their length")
        change { $0.replacement = (Array(text.utf8), Array(other.utf8)) }
    }

    /// Sets what becomes of new connections; open ones stay.
    public func set(_ arrivals: Arrivals) throws {
        try state.withLock { try $0.set(arrivals) }
        wakeUp.signal()
    }

    /// Closes all open connections, in an orderly way or, as a crashed machine or a firewall does, with a reset.
    public func cut(withReset: Bool = false) {
        change { $0.closeConnections(withReset: withReset) }
    }
}

// MARK: - Observing

extension FaultProxy {
    /// The number of connections that reached the server so far, closed ones included.
    public var connectionCount: Int {
        state.withLock { $0.connectionCount }
    }

    /// The number of connections that are open now.
    public var openConnectionCount: Int {
        state.withLock { $0.relays.count }
    }

    /// How often a text has been replaced.
    public var replacementCount: Int {
        state.withLock { $0.replacementCount }
    }

    /// The number of bytes that have reached the proxy in a direction, forwarded or not.
    public func byteCount(_ direction: Direction) -> Int {
        state.withLock { $0.byteCount(direction) }
    }

    /// How often a text has reached the proxy in a direction, forwarded or not.
    public func occurrences(of text: String, _ direction: Direction) -> Int {
        state.withLock { $0.occurrences(of: text, direction) }
    }

    /// Waits until a text has reached the proxy this often since its start, forwarded or not.
    ///
    /// - Throws: `CancellationError` when the task is cancelled, as at the time limit of a test, or the proxy stopped.
    public func waitUntil(seen text: String, times: Int = 1, _ direction: Direction) async throws {
        try await wait { $0.occurrences(of: text, direction) >= times }
    }

    /// Waits until this many connections have reached the server since the start, closed ones included.
    ///
    /// - Throws: `CancellationError` when the task is cancelled, as at the time limit of a test, or the proxy stopped.
    public func waitUntil(connections count: Int) async throws {
        try await wait { $0.connectionCount >= count }
    }

    private func wait(until isMet: @Sendable (inout FaultProxyState) -> Bool) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.observe(with: continuation) }
        guard !state.withLock({ isMet(&$0) }) else { return }
        for await _ in events where state.withLock({ isMet(&$0) }) {
            return
        }
        throw CancellationError()
    }
}

/// Starts a proxy, hands it to the body and stops it, whether or not the body throws.
public func withFaultProxy<Result>(
    to databaseURL: String, _ body: (FaultProxy) async throws -> Result
) async throws -> Result {
    let proxy = try FaultProxy.start(to: databaseURL)
    defer { proxy.stop() }
    return try await body(proxy)
}

/// Why a proxy could not be set up.
public enum FaultProxyError: Error, Equatable {
    /// The database URL is not one, or names no server.
    case unusableURL
    /// A call to the operating system failed.
    case systemCallFailed(name: String, errno: Int32)
}

extension String {
    /// The text with as many blanks as make it as long as another, for ``FaultProxy/replace(_:with:)``.
    public func padded(like other: String) -> String {
        self + String(repeating: " ", count: other.utf8.count - utf8.count)
    }
}
