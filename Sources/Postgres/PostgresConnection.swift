internal import CLibPQ
internal import Dispatch
internal import Glibc

/// Owns libpq's connection handle, from the first byte of the log-in to `PQfinish`.
///
/// Only libpq's asynchronous interface is used, every wait is a `poll` of this module with a deadline on a monotonic
/// clock: a server or proxy that keeps the connection open but never answers cannot hold the process. The look-up of a
/// host name is the one step that libpq cannot do without blocking.
///
/// libpq writes with `MSG_NOSIGNAL`, or blocks the signal itself on TLS connections, so no SIGPIPE is raised.
@safe struct PostgresConnection: ~Copyable {
    private let handle: OpaquePointer
    private let endpoint: String
    private let interruption: PostgresInterruption

    /// Logs in within the time allowed.
    init(
        to target: ConnectionTarget, timeout: Duration, interruption: PostgresInterruption
    ) throws(PostgresError) {
        guard let handle = unsafe Self.start(target.settings) else {
            throw .systemCallFailed(name: "malloc", errno: ENOMEM)
        }
        do {
            try unsafe Self.logIn(handle, to: target, timeout: timeout, interruption: interruption)
        } catch {
            unsafe PQfinish(handle)
            throw error
        }
        unsafe self.handle = unsafe handle
        self.endpoint = target.endpoint
        self.interruption = interruption
    }

    deinit {
        unsafe PQfinish(handle)
    }

    /// The server's version, for example 180004 for 18.4.
    var serverVersion: Int {
        Int(unsafe PQserverVersion(handle))
    }

    /// The encoding of the database, as the server reports it at the log-in; empty if it did not.
    var databaseEncoding: String {
        unsafe PQparameterStatus(handle, "server_encoding").map { unsafe String(cString: $0) } ?? ""
    }

    /// Whether TLS protects the connection.
    var isEncrypted: Bool {
        unsafe PQsslInUse(handle) != 0
    }

    /// Whether the connection broke; libpq notices when it reads or writes.
    var isBroken: Bool {
        unsafe PQstatus(handle) == CONNECTION_BAD
    }

    /// The text as an SQL string literal, quotation marks included.
    func quoteLiteral(_ text: String) throws(PostgresError) -> String {
        // libpq would silently end the literal at a NUL.
        guard !text.utf8.contains(0), let literal = unsafe PQescapeLiteral(handle, text, text.utf8.count) else {
            throw .invalidLiteral
        }
        defer { unsafe PQfreemem(literal) }
        return unsafe String(cString: literal)
    }
}

// MARK: - Statements

extension PostgresConnection {
    /// Runs one statement with binary parameters and reads its result in binary format.
    func execute(
        _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration
    ) throws(PostgresError) -> PostgresResult {
        let deadline = ContinuousClock.now + timeout
        guard unsafe Self.send(statement.sql, parameters, over: handle) else { throw notSent(statement) }
        return try finish(statement, deadline: deadline, timeout: timeout)
            ?? PostgresResult(statement: statement.name, columns: [], rowCount: 0, affectedRowCount: 0)
    }

    /// Runs several statements, separated by semicolons and without parameters, in one round trip.
    func executeScript(_ script: PostgresStatement, timeout: Duration) throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        guard unsafe PQsendQuery(handle, script.sql) == 1 else { throw notSent(script) }
        _ = try finish(script, deadline: deadline, timeout: timeout)
    }

    private static func send(_ sql: String, _ parameters: [PostgresValue], over handle: OpaquePointer) -> Bool {
        // One buffer for all values; the zero at its end gives an empty value an address, which tells it from NULL.
        var buffer: [UInt8] = []
        buffer.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        let offsets = parameters.map { parameter -> Int? in
            guard let bytes = parameter.bytes else { return nil }
            defer { buffer.append(contentsOf: bytes) }
            return buffer.count
        }
        buffer.append(0)
        let types = parameters.map(\.typeOID)
        let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: parameters.count)
        return unsafe buffer.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = unsafe offsets.map { offset in
                unsafe offset.flatMap { offset in unsafe start.map { unsafe $0 + offset } }
            }
            return unsafe PQsendQueryParams(handle, sql, Int32(values.count), types, values, lengths, formats, 1) == 1
        }
    }

    /// Sends what is buffered, then reads all results and returns the last one, or throws the error.
    private func finish(
        _ statement: PostgresStatement, deadline: ContinuousClock.Instant, timeout: Duration
    ) throws(PostgresError) -> PostgresResult? {
        try flush(statement, deadline: deadline, timeout: timeout)
        var last: PostgresResult?
        var failure: PostgresError?
        var isLost = false
        reading: while true {
            while unsafe PQisBusy(handle) == 1 {
                try wait(for: POLLIN, statement, deadline: deadline, timeout: timeout)
                isLost = unsafe PQconsumeInput(handle) == 0
                if isLost { break reading }
            }
            guard let result = unsafe PQgetResult(handle) else { break }
            defer { unsafe PQclear(result) }
            switch unsafe PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                last = unsafe PostgresResult(copying: result, statement: statement.name)
            case PGRES_FATAL_ERROR:
                failure = unsafe Self.serverError(result, statement)
            case let status:
                // A COPY: it would have to be ended in a protocol of its own.
                throw .unexpectedResult(statement: statement.name, status: unsafe String(cString: PQresStatus(status)))
            }
        }
        // A lost connection first: the server's last words look like a failure of the statement.
        if isLost || isBroken { throw lost(statement) }
        if let failure { throw failure }
        return last
    }

    private func flush(
        _ statement: PostgresStatement, deadline: ContinuousClock.Instant, timeout: Duration
    ) throws(PostgresError) {
        while true {
            switch unsafe PQflush(handle) {
            case 0: return
            case 1: break
            default: throw lost(statement)
            }
            // The server may have to be read first: it stops reading while its own output is stuck.
            try wait(for: POLLIN | POLLOUT, statement, deadline: deadline, timeout: timeout)
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost(statement) }
        }
    }

    private func wait(
        for events: Int32, _ statement: PostgresStatement, deadline: ContinuousClock.Instant, timeout: Duration
    ) throws(PostgresError) {
        switch interruption.wait(for: events, on: unsafe PQsocket(handle), until: deadline) {
        case .ready:
            return
        case .deadlinePassed:
            cancel()
            throw .timedOut(statement: statement.name, after: timeout)
        case .interrupted:
            cancel()
            throw .interrupted(statement: statement.name)
        }
    }
}

// MARK: - Cancelling

extension PostgresConnection {
    /// Time allowed for the server to take a request to cancel.
    private static let cancellationTimeout = DispatchTimeInterval.seconds(1)

    /// Asks the server to stop the running statement, which it would otherwise finish after the client is gone.
    ///
    /// libpq opens a second connection for this and blocks, without a time limit, so another thread does it and is
    /// left behind if it takes too long. It is not one of the global queues', on which all tasks would wait with it.
    private func cancel() {
        guard let request = unsafe CancellationRequest(of: handle) else { return }
        let isDelivered = DispatchSemaphore(value: 0)
        DispatchQueue(label: "PostgresConnection.cancel").async {
            request.send()
            isDelivered.signal()
        }
        _ = isDelivered.wait(timeout: .now() + Self.cancellationTimeout)
    }

    /// Owns what libpq needs to cancel the running statement.
    ///
    /// Safe to use from another thread: libpq never changes it after making it, and `PQcancel` is documented as
    /// thread-safe.
    @safe private final class CancellationRequest: @unchecked Sendable {
        private let request: OpaquePointer

        init?(of handle: OpaquePointer) {
            guard let request = unsafe PQgetCancel(handle) else { return nil }
            unsafe self.request = unsafe request
        }

        deinit {
            unsafe PQfreeCancel(request)
        }

        func send() {
            // Whether it worked makes no difference: the connection is closed next.
            var message = [CChar](repeating: 0, count: 256)
            _ = unsafe PQcancel(request, &message, Int32(message.count))
        }
    }
}

// MARK: - Errors

extension PostgresConnection {
    private func notSent(_ statement: PostgresStatement) -> PostgresError {
        isBroken ? lost(statement) : .notSent(statement: statement.name, reason: unsafe Self.firstLine(of: handle))
    }

    private func lost(_ statement: PostgresStatement) -> PostgresError {
        // The server's last words, if it had any.
        .connectionLost(endpoint: endpoint, statement: statement.name, reason: unsafe Self.firstLine(of: handle))
    }

    private static func serverError(_ result: OpaquePointer, _ statement: PostgresStatement) -> PostgresError {
        func field(_ code: Character) -> String? {
            guard let code = code.asciiValue, let text = unsafe PQresultErrorField(result, Int32(code)) else {
                return nil
            }
            return unsafe String(cString: text)
        }
        // The field codes of the protocol: C the SQLSTATE, M the primary message. libpq has them as macros.
        guard let sqlState = field("C").flatMap({ SQLState($0) }) else {
            // Without a code it is libpq itself that speaks.
            return .unexpectedResult(
                statement: statement.name, status: unsafe firstLine(String(cString: PQresultErrorMessage(result))))
        }
        return .serverError(
            PostgresError.ServerError(sqlState: sqlState, message: field("M") ?? "", statement: statement.name))
    }

    private static func firstLine(of handle: OpaquePointer) -> String {
        firstLine(unsafe String(cString: PQerrorMessage(handle)))
    }

    private static func firstLine(_ message: String) -> String {
        message.split(separator: "\n").first.map(String.init) ?? "no reason given"
    }
}
