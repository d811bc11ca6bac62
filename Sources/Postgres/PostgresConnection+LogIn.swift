internal import CLibPQ
internal import Glibc

/// Logging in: libpq's state machine, driven against a deadline.
extension PostgresConnection {
    /// The most bytes that a server may send until it lets somebody in; an ordinary one sends less than a thousandth.
    private static let mostBytesOfLogIn = 1 << 20

    /// Begins to connect; nil if memory is out.
    static func start(_ settings: [ConnectionTarget.Setting]) -> OpaquePointer? {
        // C strings, each ended by zero, in one buffer; the arrays of addresses end with nil.
        func addresses(_ offsets: [Int], in buffer: UnsafeRawBufferPointer) -> [UnsafePointer<CChar>?] {
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe offsets.map { offset in unsafe start.map { unsafe $0 + offset } } + [nil]
        }
        var buffer: [UInt8] = []
        func append(_ text: String) -> Int {
            defer { buffer += Array(text.utf8) + [0] }
            return buffer.count
        }
        let keywords = settings.map { append($0.keyword) }
        let values = settings.map { append($0.value) }
        return unsafe buffer.withUnsafeBytes { buffer in
            unsafe PQconnectStartParams(addresses(keywords, in: buffer), addresses(values, in: buffer), 0)
        }
    }

    /// Drives the state machine until the connection is ready.
    static func logIn(
        _ handle: OpaquePointer, to target: ConnectionTarget, timeout: Duration, interruption: PostgresInterruption
    ) throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        if unsafe PQstatus(handle) == CONNECTION_BAD {
            throw unsafe failure(of: handle, target, atStart: true)
        }
        // The server's notices are not for this process's standard error, where libpq would print them.
        unsafe PQsetNoticeReceiver(handle, { _, _ in }, nil)
        // Errors of the log-in come as text only; at this verbosity the text has the SQLSTATE in it.
        unsafe PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)

        var isHandshake = false
        var polling = PGRES_POLLING_WRITING
        while polling != PGRES_POLLING_OK {
            let events = polling == PGRES_POLLING_READING ? POLLIN : POLLOUT
            // The descriptor changes when libpq goes on to another address of the host.
            let descriptor = unsafe PQsocket(handle)
            switch interruption.wait(for: Int32(events), on: descriptor, until: deadline) {
            case .ready: break
            case .deadlinePassed: throw .connectionTimedOut(endpoint: target.endpoint, after: timeout)
            case .interrupted: throw .interrupted(statement: nil)
            }
            guard TrafficMeter.receivedByteCount(of: descriptor) <= mostBytesOfLogIn else {
                let reason = "it sends more than a log-in takes; another kind of server may be listening there"
                throw .connectionFailed(endpoint: target.endpoint, message: reason, sqlState: nil)
            }
            isHandshake = unsafe PQstatus(handle) == CONNECTION_SSL_STARTUP
            polling = unsafe PQconnectPoll(handle)
            if polling == PGRES_POLLING_FAILED {
                throw unsafe failure(of: handle, target, duringHandshake: isHandshake)
            }
        }
        unsafe PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        guard unsafe PQsetnonblocking(handle, 1) == 0 else {
            throw .connectionFailed(endpoint: target.endpoint, message: "the socket stays blocking", sqlState: nil)
        }
    }

    /// What is not to be read in a message: the passwords that libpq found, wherever it did.
    static func serverText(_ handle: OpaquePointer, _ target: ConnectionTarget) -> ServerText {
        let password = unsafe PQpass(handle).map { unsafe String(cString: $0) }
        let secrets = [password, target.value(of: "password"), target.value(of: "sslpassword")]
        return ServerText(hiding: secrets.compactMap(\.self))
    }

    private static func failure(
        of handle: OpaquePointer, _ target: ConnectionTarget, atStart: Bool = false, duringHandshake: Bool = false
    ) -> PostgresError {
        let message = unsafe String(cString: PQerrorMessage(handle))
        let failure = LogInFailure(message, unsafe serverText(handle, target))
        if atStart, failure.isAboutSettings { return LibPQEnvironment.malformed(libPQMessage: message) }
        if failure.sqlState == nil, unsafe PQconnectionNeedsPassword(handle) == 1 {
            return .connectionFailed(
                endpoint: target.endpoint, message: "it asks for a password and none was given",
                sqlState: .invalidPassword)
        }
        // A handshake can also fail because the server goes away, which is worth another try.
        let isRefused = duringHandshake && target.demandsEncryption && failure.isByLibPQ && !failure.isAboutTheLink
        if isRefused || failure.isAboutEncryption {
            return .encryptionFailed(endpoint: target.endpoint, message: failure.reason)
        }
        return .connectionFailed(endpoint: target.endpoint, message: failure.reason, sqlState: failure.sqlState)
    }
}
