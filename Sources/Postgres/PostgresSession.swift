/// A connection to PostgreSQL that runs one statement at a time.
///
/// The session has a thread of its own, so its blocking waits never occupy the shared pool. A session does not
/// reconnect: after a time-out, an interruption or a loss it is closed for good (``isUsable`` is false) and the owner
/// makes a new one. An error of the server (``PostgresError/serverError(_:)``) leaves it usable; within a transaction
/// a `ROLLBACK` is then due.
///
/// Cancelling the Swift task does not abandon a statement, for its outcome would be unknown; ``interrupt()`` does.
public actor PostgresSession {
    /// Host, port and database, for example `db.example.org:5432/catalog`; no user, no password.
    public nonisolated let endpoint: String

    private let executor: SerialQueueExecutor
    private let interruption: PostgresInterruption
    /// The connection, until it is closed.
    private var connection: PostgresConnection?

    /// The thread of the session, as an executor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    private init(endpoint: String, interruption: PostgresInterruption) {
        self.endpoint = endpoint
        self.interruption = interruption
        executor = SerialQueueExecutor(label: "PostgresSession")
    }
}

// MARK: - Connecting

extension PostgresSession {
    /// What a session is used for, which decides what servers will do where the settings do not.
    public enum Access: Sendable {
        /// Writing: no standby, and no server that is read-only as a whole.
        case readWrite
        /// Reading, for which a standby is as good.
        case readOnly
    }

    /// Connects to the first server of the connection string that lets us in.
    ///
    /// What the string leaves out comes from a service file, from libpq's environment variables or from its defaults; an
    /// empty string leaves out everything. Strings for other drivers are understood where they can only mean one thing:
    /// `postgresql+psycopg2://`, `jdbc:postgresql://`, parameters of the drivers themselves.
    ///
    /// Several hosts are tried in their order, each for the whole `timeout`; wrong credentials end the search. Unless
    /// something else is set, TCP keep-alive finds a dead connection in half a minute, and `target_session_attrs` is
    /// `primary`, or `any` for reading. A primary whose configuration makes all transactions read-only, as providers do when
    /// a disk is full, is passed over likewise; a role or a database that is read-only by default is not. That is also what
    /// `read-write` comes to here. The client encoding is UTF-8.
    ///
    /// A database of encoding `SQL_ASCII` holds whatever bytes its clients have sent. There the client encoding is
    /// `SQL_ASCII` too, or the server would refuse a whole result for one value that is not UTF-8. Text that is sent is
    /// UTF-8 as elsewhere; of text that comes, ``PostgresRow/text(_:)`` throws for what is not, ``PostgresRow/bytes(_:)``
    /// reads all.
    ///
    /// - Parameters:
    ///   - connectionString: A `postgresql://` URL or `keyword=value` pairs, as libpq takes them.
    ///   - variables: Environment variables of libpq that the process does not have, such as those of a file.
    ///   - applicationName: What `pg_stat_activity` shows, unless the string has an `application_name`.
    ///   - access: What the session will be used for.
    ///   - timeout: Time for one host, unless the settings have a `connect_timeout`.
    ///   - interruption: Ends every wait of the session when it fires; by default one of its own.
    public static func connect(
        to connectionString: String, variables: [String: String] = [:], applicationName: String,
        access: Access = .readWrite, timeout: Duration = .seconds(5), interruption: PostgresInterruption? = nil
    ) async throws(PostgresError) -> PostgresSession {
        let interruption = if let interruption { interruption } else { try PostgresInterruption() }
        var targets = try ConnectionTarget.targets(
            of: connectionString, variables: variables, applicationName: applicationName, access: access)[...]
        while let target = targets.popFirst() {
            let session = PostgresSession(endpoint: target.endpoint, interruption: interruption)
            do throws(PostgresError) {
                try await session.open(target, timeout: target.timeout ?? timeout)
                return session
            } catch {
                if targets.isEmpty || error.disposition != .retry || error == .interrupted(statement: nil) {
                    throw error
                }
            }
        }
        throw .malformedConnectionString(reason: "it names no host")
    }

    /// Whether libpq's environment variables, or these in their place, name a server or a database: then an empty
    /// connection string will do.
    public static func isServerNamed(by variables: [String: String] = [:]) -> Bool {
        LibPQEnvironment(completedBy: variables).namesServer
    }

    private func open(_ target: ConnectionTarget, timeout: Duration) throws(PostgresError) {
        let connection = try PostgresConnection(to: target, timeout: timeout, interruption: interruption)
        if connection.databaseEncoding == "SQL_ASCII" {
            try connection.executeScript(
                PostgresStatement(name: "client encoding", sql: "SET client_encoding TO 'SQL_ASCII'"), timeout: timeout)
        }
        if target.refusesReadOnlyServers, connection.isReadOnlyByDefault != false,
            try Self.isReadOnlyServer(connection, timeout: timeout)
        {
            throw .connectionFailed(
                endpoint: endpoint,
                message: "the server's configuration makes all transactions read-only (default_transaction_read_only)",
                sqlState: nil)
        }
        self.connection = consume connection
    }

    /// Whether all transactions are read-only by the server's configuration, rather than by the role's or the database's.
    private static func isReadOnlyServer(
        _ connection: borrowing PostgresConnection, timeout: Duration
    ) throws(PostgresError) -> Bool {
        // The role may have a time limit of a millisecond.
        let begin = PostgresStatement(name: "begin", sql: "BEGIN READ ONLY; SET LOCAL statement_timeout = 0")
        try connection.executeScript(begin, timeout: timeout)
        let rows = try connection.execute(Self.readOnlyServer, [], timeout: timeout, byteLimit: 1 << 20)
        _ = try connection.execute(.rollback, [], timeout: timeout, byteLimit: 1 << 20)
        return try rows.first?.bool(0) == true
    }

    private static let readOnlyServer = PostgresStatement(
        name: "read-only server",
        sql: """
            SELECT setting OPERATOR(pg_catalog.=) 'on' AND source OPERATOR(pg_catalog.=) ANY (
                '{configuration file,command line,environment variable,global}')
            FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) 'default_transaction_read_only'
            """)
}

// MARK: - Statements

extension PostgresSession {
    /// Runs one statement.
    ///
    /// - Parameters:
    ///   - statement: The statement, whose name errors carry.
    ///   - parameters: The values of `$1`, `$2`, ….
    ///   - timeout: Time from sending to the last row. When it is over the statement is cancelled and the session
    ///     closed: a server that did not keep its own `statement_timeout` cannot be relied on to answer.
    ///   - byteLimit: The most bytes that the rows may take in memory. Beyond it the statement is cancelled and the session
    ///     closed.
    @discardableResult
    public func execute(
        _ statement: PostgresStatement, _ parameters: [PostgresValue] = [], timeout: Duration = .seconds(30),
        byteLimit: Int = PostgresResult.usualByteLimit
    ) throws(PostgresError) -> PostgresResult {
        do throws(PostgresError) {
            guard
                let result = try connection?.execute(
                    statement, parameters, timeout: timeout, byteLimit: byteLimit)
            else {
                throw .sessionClosed(endpoint: endpoint, statement: statement.name)
            }
            return result
        } catch {
            closeUnlessUsable(after: error)
            throw error
        }
    }

    /// Runs several statements, separated by semicolons and without parameters, in one round trip, such as `BEGIN`
    /// with its `SET LOCAL`s.
    ///
    /// The server stops at the first error. Rows are discarded.
    public func executeScript(
        _ script: PostgresStatement, timeout: Duration = .seconds(30)
    ) throws(PostgresError) {
        do throws(PostgresError) {
            guard try connection?.executeScript(script, timeout: timeout) != nil else {
                throw .sessionClosed(endpoint: endpoint, statement: script.name)
            }
        } catch {
            closeUnlessUsable(after: error)
            throw error
        }
    }

    /// The text as an SQL string literal, quotation marks included, for the rare place that takes no parameter.
    public func quoteLiteral(_ text: String) throws(PostgresError) -> String {
        guard let literal = try connection?.quoteLiteral(text) else {
            throw .sessionClosed(endpoint: endpoint, statement: "quote literal")
        }
        return literal
    }

    private func closeUnlessUsable(after error: PostgresError) {
        switch error {
        case .serverError, .notSent:
            if connection?.isBroken == true { close() }
        default: close()
        }
    }
}

// MARK: - State

extension PostgresSession {
    /// Whether statements can be sent; a connection that broke while idle is noticed by the next statement.
    public var isUsable: Bool {
        connection != nil
    }

    /// The server's version, for example 180004 for 18.4; 0 when closed.
    public var serverVersion: Int {
        connection?.serverVersion ?? 0
    }

    /// Whether TLS protects the connection.
    public var isEncrypted: Bool {
        connection?.isEncrypted ?? false
    }

    /// Closes the connection, upon which the server rolls back an open transaction; closing twice changes nothing.
    public func close() {
        connection = nil
    }

    /// Makes the running statement, and every later one, throw ``PostgresError/interrupted(statement:)`` at once.
    ///
    /// Returns immediately and may be called from any thread. It fires the session's ``PostgresInterruption``, and so
    /// interrupts the other sessions that share it.
    public nonisolated func interrupt() {
        interruption.interrupt()
    }
}
