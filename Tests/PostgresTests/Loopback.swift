import Glibc
import Testing

/// A TCP port of this machine that behaves as a broken server does.
@safe struct Loopback: ~Copyable {
    enum Behaviour {
        /// Nobody listens: the connection is refused.
        case refuse
        /// The kernel accepts connections, nobody ever answers.
        case staySilent
    }

    let port: Int
    private let descriptor: Int32

    init(_ behaviour: Behaviour) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        try #require(isBound)
        if behaviour == .staySilent {
            try #require(listen(descriptor, 8) == 0)
        }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit {
        close(descriptor)
    }

    /// Takes one connection, waiting for it, reads its first message and answers it with these bytes.
    func answerOnce(with answer: [UInt8]) {
        let connection = accept(descriptor, nil, nil)
        var request = [UInt8](repeating: 0, count: 1024)
        _ = unsafe read(connection, &request, request.count)
        _ = unsafe write(connection, answer, answer.count)
        close(connection)
    }
}
