import Glibc
import Testing

/// A port of the loopback interface that behaves like a server that is down.
@safe struct ServerPort: ~Copyable {
    /// The number, chosen by the system and free of other servers as long as this value lives.
    let number: Int
    private let socket: Int32

    /// Reserves a port.
    ///
    /// - Parameter accepts: Whether connections are established, by the kernel alone; nobody answers. Otherwise they are
    ///   refused.
    init(accepts: Bool) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(socket >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket, address, size) == 0 && getsockname(socket, address, &size) == 0
            }
        }
        try #require(isBound)
        if accepts { try #require(listen(socket, 8) == 0) }
        number = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit {
        close(socket)
    }
}
