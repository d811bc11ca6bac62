internal import CLibPQ
internal import Glibc

/// Logging in: libpq's state machine, driven against a deadline, and what its failures mean.
extension PostgresConnection {
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
            throw unsafe failureAtStart(handle, target)
        }
        // The server's notices are not for this process's standard error, where libpq would print them.
        unsafe PQsetNoticeReceiver(handle, { _, _ in }, nil)
        // Errors of the log-in come as text only; at this verbosity the text ends in the bare SQLSTATE.
        unsafe PQsetErrorVerbosity(handle, PQERRORS_SQLSTATE)

        var phase = unsafe PQstatus(handle)
        var polling = PGRES_POLLING_WRITING
        while polling != PGRES_POLLING_OK {
            let events = polling == PGRES_POLLING_READING ? POLLIN : POLLOUT
            // The descriptor changes when libpq goes on to another address of the host.
            switch interruption.wait(for: Int32(events), on: unsafe PQsocket(handle), until: deadline) {
            case .ready: break
            case .deadlinePassed: throw .connectionTimedOut(endpoint: target.endpoint, after: timeout)
            case .interrupted: throw .interrupted(statement: nil)
            }
            phase = unsafe PQstatus(handle)
            polling = unsafe PQconnectPoll(handle)
            if polling == PGRES_POLLING_FAILED {
                throw unsafe failure(handle, target, during: phase)
            }
        }
        unsafe PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        guard unsafe PQsetnonblocking(handle, 1) == 0 else {
            throw .connectionFailed(endpoint: target.endpoint, message: "the socket stays blocking", sqlState: nil)
        }
    }

    /// libpq failed before it sent anything: a setting it does not take, or no way to the host.
    private static func failureAtStart(_ handle: OpaquePointer, _ target: ConnectionTarget) -> PostgresError {
        let message = unsafe String(cString: PQerrorMessage(handle))
        let isAboutTheHost =
            message.hasPrefix("connection to server") || message.hasPrefix("could not translate host name")
        guard isAboutTheHost else { return ConnectionTarget.malformed(libpqMessage: message) }
        return .connectionFailed(endpoint: target.endpoint, message: reasons(in: message), sqlState: nil)
    }

    private static func failure(
        _ handle: OpaquePointer, _ target: ConnectionTarget, during phase: ConnStatusType
    ) -> PostgresError {
        let message = unsafe String(cString: PQerrorMessage(handle))
        if let sqlState = sqlState(endingLineOf: message) {
            let reason = reason(of: sqlState)
            return .connectionFailed(endpoint: target.endpoint, message: reason, sqlState: sqlState)
        }
        if unsafe PQconnectionNeedsPassword(handle) == 1 {
            return .connectionFailed(
                endpoint: target.endpoint, message: "it asks for a password and none was given",
                sqlState: .invalidPassword)
        }
        // A handshake can also fail because the server goes away ("SSL SYSCALL error"); that is worth another try.
        let isAboutTLS = message.contains("SSL") && !message.contains("SYSCALL") || message.contains("certificate")
        if phase == CONNECTION_SSL_STARTUP, target.demandsEncryption, isAboutTLS {
            return .encryptionFailed(endpoint: target.endpoint, message: reasons(in: message))
        }
        return .connectionFailed(endpoint: target.endpoint, message: reasons(in: message), sqlState: nil)
    }

    /// The code in a message such as `connection to server at "db", port 5432 failed: FATAL:  28P01`.
    static func sqlState(endingLineOf message: String) -> SQLState? {
        message.split(separator: "\n").reversed().lazy
            .filter { $0.contains("FATAL:  ") || $0.contains("ERROR:  ") }
            .compactMap { $0.split(separator: " ").last }
            .compactMap { SQLState($0) }
            .first
    }

    /// libpq's message, a reason per address it tried, without the address and without its hints.
    static func reasons(in message: String) -> String {
        var reasons: [String] = []
        for line in message.split(separator: "\n") where !line.hasPrefix("\t") {
            let reason = line.firstRange(of: " failed: ").map { String(line[$0.upperBound...]) } ?? String(line)
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        return reasons.joined(separator: "; ")
    }

    /// What the message would have said, had it not been traded for the code.
    private static func reason(of sqlState: SQLState) -> String {
        switch sqlState {
        case .invalidPassword: "password authentication failed"
        case .invalidAuthorization: "the role does not exist or may not log in from here"
        case .invalidCatalogName: "the database does not exist"
        case .insufficientPrivilege: "the role may not connect to the database"
        case .tooManyConnections: "there are too many connections"
        case .cannotConnectNow: "the server is starting up or shutting down"
        default: "the log-in failed"
        }
    }
}
