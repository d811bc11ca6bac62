internal import CLibPQ
internal import Dispatch
internal import Glibc

/// Owns libpq's connection handle, from the first byte of the log-in to `PQfinish`.
///
/// Only libpq's asynchronous interface is used, every wait is a `poll` of this module with a deadline on a monotonic
/// clock: a server or proxy that keeps the connection open but never answers cannot hold the process. The look-up of a
/// host name is the one step that libpq cannot do without blocking. What it sends is bounded too: see ``TrafficMeter``.
///
/// libpq writes with `MSG_NOSIGNAL`, or blocks the signal itself on TLS connections, so no SIGPIPE is raised.
@safe struct PostgresConnection: ~Copyable {
    private let handle: OpaquePointer
    private let endpoint: String
    private let serverText: ServerText
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
        serverText = unsafe Self.serverText(handle, target)
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

    /// Whether transactions are read-only unless they say otherwise, if the server reports it: PostgreSQL from 14 on.
    var isReadOnlyByDefault: Bool? {
        unsafe PQparameterStatus(handle, "default_transaction_read_only").map { unsafe String(cString: $0) == "on" }
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
    ///
    /// - Parameter byteLimit: The most bytes that the rows may take in memory.
    func execute(
        _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration, byteLimit: Int
    ) throws(PostgresError) -> PostgresResult {
        let deadline = ContinuousClock.now + timeout
        guard unsafe Self.send(statement.sql, parameters, over: handle) else { throw notSent(statement) }
        let answer = unsafe Answer(
            statement, deadline: deadline, timeout: timeout, byteLimit: byteLimit, PQsocket(handle))
        return try finish(answer) ?? PostgresResult(statement: statement.name, columns: [])
    }

    /// Runs several statements, separated by semicolons and without parameters, in one round trip; rows are discarded.
    func executeScript(_ script: PostgresStatement, timeout: Duration) throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        guard unsafe PQsendQuery(handle, script.sql) == 1 else { throw notSent(script) }
        let answer = unsafe Answer(script, deadline: deadline, timeout: timeout, byteLimit: nil, PQsocket(handle))
        _ = try finish(answer)
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

    /// An answer that is being read.
    private struct Answer {
        let statement: PostgresStatement
        let deadline: ContinuousClock.Instant
        let timeout: Duration
        /// The most bytes that the rows may take; nil if they are discarded.
        let byteLimit: Int?
        /// The rows of the running statement so far.
        var rows: PostgresResult?
        /// The last complete result.
        var last: PostgresResult?
        var failure: PostgresError?
        var traffic: TrafficMeter
        /// Whether something was completed since the last wait.
        var hasAdvanced = false

        init(
            _ statement: PostgresStatement, deadline: ContinuousClock.Instant, timeout: Duration, byteLimit: Int?,
            _ descriptor: Int32
        ) {
            (self.statement, self.deadline, self.timeout) = (statement, deadline, timeout)
            self.byteLimit = byteLimit
            traffic = TrafficMeter(descriptor)
        }
    }

    /// Sends what is buffered, then reads all results and returns the last one, or throws the error.
    private func finish(_ answer: consuming Answer) throws(PostgresError) -> PostgresResult? {
        // Row by row: libpq would otherwise collect them without end.
        _ = unsafe PQsetSingleRowMode(handle)
        try flush(&answer)
        var isLost = false
        reading: while true {
            while unsafe PQisBusy(handle) == 1 {
                try wait(for: POLLIN, &answer)
                isLost = !readInput()
                if isLost { break reading }
            }
            guard let result = unsafe PQgetResult(handle) else { break }
            defer { unsafe PQclear(result) }
            unsafe try take(result, &answer)
        }
        if let failure = answer.failure, failure.disposition == .configuration { throw failure }
        // Otherwise a lost connection first: the server's last words look like a failure of the statement.
        if isLost || isBroken { throw lost(answer.statement) }
        if let failure = answer.failure { throw failure }
        return answer.last
    }

    /// Adds a result of libpq's, with one row or all, to the answer.
    private func take(_ result: OpaquePointer, _ answer: inout Answer) throws(PostgresError) {
        answer.hasAdvanced = true
        let name = answer.statement.name
        switch unsafe PQresultStatus(result) {
        case PGRES_SINGLE_TUPLE, PGRES_TUPLES_OK:
            guard let limit = answer.byteLimit else { return }
            var rows = unsafe answer.rows.take() ?? PostgresResult(columnsOf: result, statement: name)
            unsafe rows.append(rowsOf: result)
            guard rows.byteCount <= limit else {
                cancel()
                throw .answerTooLarge(statement: name, byteLimit: limit)
            }
            if unsafe PQresultStatus(result) == PGRES_SINGLE_TUPLE {
                answer.rows = rows
            } else {
                rows.affectedRowCount = unsafe Self.affectedRowCount(result)
                answer.last = rows
            }
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            answer.last = PostgresResult(statement: name, columns: [])
            answer.last?.affectedRowCount = unsafe Self.affectedRowCount(result)
        case PGRES_FATAL_ERROR:
            answer.failure = unsafe serverError(result, answer.statement)
        case let status:
            // A COPY: it would have to be ended in a protocol of its own.
            throw .unexpectedResult(statement: name, status: unsafe String(cString: PQresStatus(status)))
        }
    }

    private static func affectedRowCount(_ result: OpaquePointer) -> Int {
        unsafe Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    private func flush(_ answer: inout Answer) throws(PostgresError) {
        while true {
            switch unsafe PQflush(handle) {
            case 0: return
            case 1: break
            default: throw lost(answer.statement)
            }
            // The server may have to be read first: it stops reading while its own output is stuck.
            try wait(for: POLLIN | POLLOUT, &answer)
            guard readInput() else { throw lost(answer.statement) }
        }
    }

    /// Reads what has come; false if the connection is lost.
    private func readInput() -> Bool {
        guard unsafe PQconsumeInput(handle) == 1 else { return false }
        // Nobody listens to them here, and libpq would keep them.
        while let notification = unsafe PQnotifies(handle) { unsafe PQfreemem(notification) }
        return true
    }

    private func wait(for events: Int32, _ answer: inout Answer) throws(PostgresError) {
        let name = answer.statement.name
        if answer.hasAdvanced {
            answer.traffic.restart()
            answer.hasAdvanced = false
        }
        switch interruption.wait(for: events, on: unsafe PQsocket(handle), until: answer.deadline) {
        case .ready:
            guard answer.traffic.isExceeded else { return }
            cancel()
            throw .answerEndless(statement: name, byteLimit: TrafficMeter.mostBytesBetweenRows)
        case .deadlinePassed:
            cancel()
            throw .timedOut(statement: name, after: answer.timeout)
        case .interrupted:
            cancel()
            throw .interrupted(statement: name)
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
        isBroken ? lost(statement) : .notSent(statement: statement.name, reason: lastWords)
    }

    private func lost(_ statement: PostgresStatement) -> PostgresError {
        // The server's last words, if it had any.
        .connectionLost(endpoint: endpoint, statement: statement.name, reason: lastWords)
    }

    private func serverError(_ result: OpaquePointer, _ statement: PostgresStatement) -> PostgresError {
        // The field codes of the protocol: C the SQLSTATE, M the primary message, H the hint;
        // t, c and n the names of table, column and constraint. libpq has them as macros.
        func field(_ code: Unicode.Scalar) -> String? {
            unsafe PQresultErrorField(result, Int32(code.value)).map { unsafe serverText($0) }
        }
        guard let sqlState = field("C").flatMap({ SQLState($0) }) else {
            // Without a code it is libpq itself that speaks.
            return .unexpectedResult(
                statement: statement.name, status: firstLine(unsafe String(cString: PQresultErrorMessage(result))))
        }
        return .serverError(
            PostgresError.ServerError(
                sqlState: sqlState, message: field("M") ?? "", hint: field("H"), statement: statement.name,
                table: field("t"), column: field("c"), constraint: field("n")))
    }

    private var lastWords: String {
        firstLine(unsafe String(cString: PQerrorMessage(handle)))
    }

    private func firstLine(_ message: String) -> String {
        message.split(separator: "\n").first.map { serverText($0) } ?? "no reason given"
    }
}
