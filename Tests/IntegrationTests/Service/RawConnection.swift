import Foundation
import Glibc
import Testing

/// A connection that says what it is told to, byte by byte, as no client of HTTP would.
final class RawConnection: Sendable {
    private let descriptor: Int32

    /// Connects to a port of the loopback address.
    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7f00_0001).bigEndian)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0, "cannot connect to port \(port)")
    }

    deinit { close(descriptor) }

    /// Sends text; a connection that the server has closed takes nothing.
    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What comes until the server closes the connection, or for so many seconds.
    func receive(seconds: Int = 60, until isEnough: @escaping @Sendable (String) -> Bool = { _ in false }) async
        -> String
    {
        await withCheckedContinuation { continuation in
            // A thread of its own, because it waits.
            Thread { continuation.resume(returning: self.read(seconds, isEnough)) }.start()
        }
    }

    private func read(_ seconds: Int, _ isEnough: (String) -> Bool) -> String {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        let end = Date(timeIntervalSinceNow: Double(seconds))
        while Date() < end, !isEnough(String(decoding: received, as: UTF8.self)) {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&waiting, 1, 100) > 0 else { continue }
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            received += buffer.prefix(count)
        }
        return String(decoding: received, as: UTF8.self)
    }
}
