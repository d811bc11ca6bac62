internal import Glibc

/// A system call of a stub has failed.
public struct StubError: Error {
    /// The call and its error number.
    public let reason: String
}

/// A client's connection, with calls that block.
struct StubSocket: Sendable {
    let descriptor: Int32

    /// POLLRDHUP, which Glibc does not import: the client has closed the connection.
    private static let hangUp: Int16 = 0x2000

    /// The client has closed the connection, the stub was stopped, or the reply ends with a closed connection.
    struct Closed: Error {}

    /// A listening socket on a free port of 127.0.0.1.
    static func listen() throws -> (descriptor: Int32, port: Int) {
        // No child process inherits a socket: it would keep a connection open that the stub has closed.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0 && Glibc.listen(descriptor, SOMAXCONN) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isListening else {
            defer { Glibc.close(descriptor) }
            throw StubError(reason: "no listening socket: error \(errno)")
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Waits for a connection; `nil` once the stub was stopped.
    static func accept(_ listener: Int32) -> StubSocket? {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            if descriptor < 0, errno == EINTR || errno == ECONNABORTED { continue }
            guard descriptor >= 0 else { return nil }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let socket = StubSocket(descriptor: descriptor)
            socket.setOption(TCP_NODELAY, Int32(1), level: Int32(IPPROTO_TCP))
            return socket
        }
    }

    /// Waits for bytes; none once the client has closed the connection.
    func receive() throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
        guard count >= 0 else { throw Closed() }
        return Array(chunk[..<count])
    }

    /// Does what a reply says.
    func perform(_ step: StubReply.Step) throws {
        switch step {
        case .send(let bytes):
            try send(bytes)
        case .trickle(let bytes, let milliseconds):
            for byte in bytes {
                try send([byte])
                try wait(milliseconds: Int32(milliseconds))
            }
        case .hold(let gate):
            gate.reach()
            try wait(milliseconds: -1, gate: gate)
        case .close:
            throw Closed()
        case .reset:
            // Closing a socket that lingers for no time resets the connection.
            setOption(SO_LINGER, linger(l_onoff: 1, l_linger: 0), level: SOL_SOCKET)
            throw Closed()
        }
    }

    func close() {
        Glibc.close(descriptor)
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Closed() }
            sent += count
        }
    }

    /// Waits for the time to pass or the gate to open, and throws if the connection ends before.
    private func wait(milliseconds: Int32, gate: StubGate? = nil) throws {
        // A negative descriptor is not looked at.
        var descriptors = [
            pollfd(fd: descriptor, events: Self.hangUp, revents: 0),
            pollfd(fd: gate?.readEnd ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        if descriptors[0].revents != 0 { throw Closed() }
    }

    private func setOption<Value: BitwiseCopyable>(_ option: Int32, _ value: Value, level: Int32) {
        _ = unsafe withUnsafeBytes(of: value) { value in
            unsafe setsockopt(descriptor, level, option, value.baseAddress, socklen_t(value.count))
        }
    }
}
