internal import Glibc
internal import Postgres

/// Where a PostgreSQL server listens.
enum ServerAddress: Sendable {
    case tcp(host: String, port: String)
    case socket(path: String)

    /// The first server that a connection string names.
    init(of databaseURL: String) throws {
        guard let target = try ConnectionTarget.targets(of: databaseURL, applicationName: "proxy").first else {
            throw FaultProxyError.unusableURL
        }
        let port = target.value(of: "port") ?? "5432"
        guard let host = target.value(of: "hostaddr") ?? target.value(of: "host"), !host.isEmpty else {
            throw FaultProxyError.unusableURL
        }
        self = host.hasPrefix("/") ? .socket(path: "\(host)/.s.PGSQL.\(port)") : .tcp(host: host, port: port)
    }

    /// A non-blocking connection to the server, nil if there is none to be had.
    func connect() -> Int32? {
        switch self {
        case .tcp(let host, let port): connect(host: host, port: port)
        case .socket(let path): connect(path: path)
        }
    }

    private func connect(host: String, port: String) -> Int32? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, port, &hints, &list) == 0 else { return nil }
        defer { unsafe freeaddrinfo(list) }
        var next = unsafe list
        while let address = unsafe next {
            let descriptor = makeSocket(unsafe address.pointee.ai_family)
            if unsafe Glibc.connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 {
                prepareForForwarding(descriptor)
                return descriptor
            }
            close(descriptor)
            unsafe next = unsafe address.pointee.ai_next
        }
        return nil
    }

    private func connect(path: String) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isShortEnough = unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
            guard path.utf8.count < field.count else { return false }
            unsafe field.copyBytes(from: path.utf8)
            return true
        }
        let descriptor = makeSocket(AF_UNIX)
        let isConnected = unsafe withSocketAddress(&address) { address, length in
            unsafe Glibc.connect(descriptor, address, length) == 0
        }
        guard isShortEnough, isConnected else {
            close(descriptor)
            return nil
        }
        prepareForForwarding(descriptor)
        return descriptor
    }
}

/// A port of 127.0.0.1 that stays ours while nobody listens on it.
struct LoopbackListener: Sendable {
    let port: Int
    /// The listening socket, nil while connections are refused.
    private(set) var descriptor: Int32?
    /// Bound to the port but never listening, which keeps the port from being given to anybody else.
    private let reservation: Int32

    init() throws {
        reservation = try Self.boundSocket(port: 0)
        var address = sockaddr_in()
        _ = unsafe withSocketAddress(&address) { [reservation] address, length in
            var length = length
            return unsafe getsockname(reservation, address, &length)
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try open()
    }

    /// Listens, unless it does already.
    mutating func open() throws {
        guard descriptor == nil else { return }
        let listening = try Self.boundSocket(port: port)
        guard listen(listening, SOMAXCONN) == 0 else {
            throw FaultProxyError.systemCallFailed(name: "listen", errno: errno)
        }
        setFlag(O_NONBLOCK, of: listening)
        descriptor = listening
    }

    /// No longer listens: connections that nobody has accepted are reset, new ones refused.
    mutating func close() {
        guard let descriptor else { return }
        // Takes effect at once, whereas a closed socket goes on listening while another thread polls it.
        shutdown(descriptor, Int32(SHUT_RD))
        Glibc.close(descriptor)
        self.descriptor = nil
    }

    /// Gives the port back.
    mutating func release() {
        close()
        Glibc.close(reservation)
    }

    /// The next connection that has come, nil if none has.
    func accept() -> Int32? {
        guard let descriptor else { return nil }
        let connection = Glibc.accept(descriptor, nil, nil)
        guard connection >= 0 else { return nil }
        keepFromChildren(connection)
        prepareForForwarding(connection)
        return connection
    }

    private static func boundSocket(port: Int) throws -> Int32 {
        let descriptor = makeSocket(AF_INET)
        // Two sockets may be bound to the port as long as only one of them listens.
        setOption(SO_REUSEADDR, Int32(1), level: SOL_SOCKET, of: descriptor)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let isBound = unsafe withSocketAddress(&address) { address, length in
            unsafe bind(descriptor, address, length) == 0
        }
        guard isBound else { throw FaultProxyError.systemCallFailed(name: "bind", errno: errno) }
        return descriptor
    }
}

/// A pipe to itself, which ends a `poll` of another thread.
struct WakeUpPipe: ~Copyable, Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw FaultProxyError.systemCallFailed(name: "pipe", errno: errno)
        }
        for end in ends {
            setFlag(O_NONBLOCK, of: end)
            keepFromChildren(end)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func signal() {
        // A full pipe wakes as well.
        _ = unsafe write(writeEnd, [0 as UInt8], 1)
    }

    func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while unsafe read(readEnd, &bytes, bytes.count) > 0 {}
    }
}

// MARK: - Socket calls

// No child process inherits a socket: it would keep a connection open that the proxy has cut.
private func makeSocket(_ family: Int32) -> Int32 {
    socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
}

private func keepFromChildren(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}

private func prepareForForwarding(_ descriptor: Int32) {
    setFlag(O_NONBLOCK, of: descriptor)
    setOption(TCP_NODELAY, Int32(1), level: Int32(IPPROTO_TCP), of: descriptor)
}

private func setFlag(_ flag: Int32, of descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | flag)
}

func setOption<Value: BitwiseCopyable>(_ option: Int32, _ value: Value, level: Int32, of descriptor: Int32) {
    _ = unsafe withUnsafeBytes(of: value) { value in
        unsafe setsockopt(descriptor, level, option, value.baseAddress, socklen_t(value.count))
    }
}

/// Hands an address to one of the calls that take all kinds of addresses.
private func withSocketAddress<Address: BitwiseCopyable, Result>(
    _ address: inout Address, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe body(pointer, socklen_t(MemoryLayout<Address>.size))
        }
    }
}
