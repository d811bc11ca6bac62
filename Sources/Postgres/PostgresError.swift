/// Every way in which work with PostgreSQL fails.
///
/// No case carries parameter values, the server's DETAIL (it can quote a row), the password or the connection URL.
public enum PostgresError: Error, Equatable, Sendable {
    /// The connection string is not one. The reason quotes nothing but names of settings.
    case malformedConnectionString(reason: String)
    /// No connection came about: refused, unknown host, rejected log-in. The SQLSTATE is there if the server spoke.
    case connectionFailed(endpoint: String, message: String, sqlState: SQLState?)
    /// The settings insist on TLS, a certificate, a key or a way to log in that one of the two sides does not have.
    case encryptionFailed(endpoint: String, message: String)
    /// The log-in took longer than allowed.
    case connectionTimedOut(endpoint: String, after: Duration)
    /// The connection broke during a statement; whether a COMMIT took effect is unknown.
    case connectionLost(endpoint: String, statement: String, reason: String)
    /// The session was closed before: by its owner, after a time-out, after a loss.
    case sessionClosed(endpoint: String, statement: String)
    /// The statement took longer than allowed. It was cancelled and the session is closed.
    case timedOut(statement: String, after: Duration)
    /// A ``PostgresInterruption`` fired. The session is closed. The statement is nil while connecting.
    case interrupted(statement: String?)
    /// The rows of a statement are more than were allowed. It was cancelled and the session is closed.
    case answerTooLarge(statement: String, byteLimit: Int)
    /// The server sent more than this without completing a row. The statement was cancelled and the session is closed.
    case answerEndless(statement: String, byteLimit: Int)
    /// The server refused the statement.
    case serverError(ServerError)
    /// The server answered with something that this module does not read, such as the start of a COPY.
    case unexpectedResult(statement: String, status: String)
    /// libpq refused before sending anything, for example more than 65,535 parameters.
    case notSent(statement: String, reason: String)
    /// The result has no column of this name or number.
    case missingColumn(statement: String, column: String)
    /// The column has another type than the program expects.
    case typeMismatch(statement: String, column: String, expected: String, found: String)
    /// The column is NULL where the program expects a value.
    case unexpectedNull(statement: String, column: String)
    /// The value of the column is not one of its type.
    case malformedValue(statement: String, column: String, expected: String, byteCount: Int)
    /// The bytes are not a pgvector `vector`.
    case malformedVector(reason: String)
    /// The text cannot be a literal: it holds a NUL character or is not valid in the connection's encoding.
    case invalidLiteral
    /// A call to the operating system failed.
    case systemCallFailed(name: String, errno: Int32)

    /// What the server said about a failed statement: the condition's code and the primary message, not the DETAIL.
    public struct ServerError: Equatable, Sendable {
        /// The code of the condition.
        public let sqlState: SQLState
        /// The primary message; it can quote a value that failed to convert, never the whole row.
        public let message: String
        /// What the server suggests, if anything.
        ///
        /// It is no part of ``PostgresError/description``: only who knows that no row
        /// was looked at can be sure that it quotes none.
        public let hint: String?
        /// The name of the statement.
        public let statement: String

        /// The table that the condition is about, without its schema.
        public let table: String?
        /// The column that it is about.
        public let column: String?
        /// The constraint, or unique index, that it is about.
        public let constraint: String?

        /// What the server said about the statement of this name.
        public init(
            sqlState: SQLState, message: String, hint: String? = nil, statement: String, table: String? = nil,
            column: String? = nil, constraint: String? = nil
        ) {
            (self.table, self.column, self.constraint) = (table, column, constraint)
            self.sqlState = sqlState
            self.message = message
            self.hint = hint
            self.statement = statement
        }
    }
}

extension PostgresError.ServerError {
    /// What of the database the condition is about, by its names alone; `nil` if the server names nothing.
    public var subject: String? {
        let part = constraint.map { "constraint \($0)" } ?? column.map { "column \($0)" }
        guard let table else { return part }
        return part.map { "\($0) of \(table)" } ?? "table \(table)"
    }
}

extension PostgresError {
    /// The code of the condition, if the server named one.
    public var sqlState: SQLState? {
        switch self {
        case .connectionFailed(_, _, let sqlState): sqlState
        case .serverError(let error): error.sqlState
        default: nil
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// What happened, to which statement or server, and what to do where that is known.
    public var description: String {
        switch self {
        case .malformedConnectionString(let reason):
            "the database connection string is malformed: \(reason)"
        case .connectionFailed(let endpoint, let message, nil):
            "cannot connect to PostgreSQL at \(endpoint): \(message)"
        case .connectionFailed(let endpoint, let message, let sqlState?):
            "PostgreSQL at \(endpoint) rejected the connection: \(message) (SQLSTATE \(sqlState))"
        case .encryptionFailed(let endpoint, let message):
            "cannot connect to PostgreSQL at \(endpoint) as the settings of the connection demand: \(message)"
        case .connectionTimedOut(let endpoint, let duration):
            "PostgreSQL at \(endpoint) did not complete the connection within \(duration)"
        case .connectionLost(let endpoint, let statement, let reason):
            "the connection to PostgreSQL at \(endpoint) was lost during statement \"\(statement)\": \(reason)"
        case .sessionClosed(let endpoint, let statement):
            "statement \"\(statement)\" was not sent: the session with PostgreSQL at \(endpoint) is closed"
        case .timedOut(let statement, let duration):
            "statement \"\(statement)\" did not finish within \(duration); it was cancelled and the session closed"
        case .interrupted(let statement?):
            "statement \"\(statement)\" was interrupted; it was cancelled and the session closed"
        case .interrupted(nil):
            "connecting to PostgreSQL was interrupted"
        case .answerTooLarge(let statement, let byteLimit):
            """
            statement \"\(statement)\" was answered with more than \(byteLimit >> 20) MiB; it was cancelled and the session \
            closed: read fewer rows at a time
            """
        case .answerEndless(let statement, let byteLimit):
            """
            the server sent more than \(byteLimit >> 20) MiB for statement \"\(statement)\" without completing a row; it was \
            cancelled and the session closed
            """
        case .serverError(let error) where error.isByStatementPooler:
            """
            statement \"\(error.statement)\" failed: \(error.message) (SQLSTATE \(error.sqlState)); connect to a pool in \
            transaction or session mode, or to the server itself
            """
        case .serverError(let error):
            "statement \"\(error.statement)\" failed: \(error.message) (SQLSTATE \(error.sqlState))"
        case .unexpectedResult(let statement, let status):
            "statement \"\(statement)\" gave a result that is not read here: \(status); the session is closed"
        case .notSent(let statement, let reason):
            "statement \"\(statement)\" was not sent: \(reason)"
        case .missingColumn(let statement, let column):
            "statement \"\(statement)\" returns no column \(column)"
        case .typeMismatch(let statement, let column, let expected, let found):
            "column \(column) of statement \"\(statement)\" is \(found), not \(expected)"
        case .unexpectedNull(let statement, let column):
            "column \(column) of statement \"\(statement)\" is NULL"
        case .malformedValue(let statement, let column, let expected, let byteCount):
            "column \(column) of statement \"\(statement)\" holds \(byteCount) bytes that are not \(expected)"
        case .malformedVector(let reason):
            "a vector is malformed: \(reason)"
        case .invalidLiteral:
            "a text cannot be an SQL literal: it holds a NUL character or is not valid in the connection's encoding"
        case .systemCallFailed(let name, let errno):
            "the system call \(name) failed with error number \(errno)"
        }
    }
}
