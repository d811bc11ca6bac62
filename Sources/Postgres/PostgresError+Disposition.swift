extension PostgresError {
    /// What a job should do about the failure.
    public var disposition: SQLState.Disposition {
        switch self {
        case .connectionFailed(_, let message, let sqlState):
            Self.dispositionOfLogIn(sqlState, message)
        case .connectionTimedOut, .connectionLost, .timedOut, .answerEndless, .sessionClosed, .interrupted:
            .retry
        case .malformedConnectionString, .encryptionFailed, .answerTooLarge:
            .configuration
        case .serverError(let error):
            error.disposition
        case .unexpectedResult, .notSent, .missingColumn, .typeMismatch, .unexpectedNull, .malformedValue,
            .malformedVector, .invalidLiteral, .systemCallFailed:
            .fatal
        }
    }
}

// MARK: - Log-ins

extension PostgresError {
    /// Never fatal and never of a row: whatever keeps this program out, it is not a defect of this program.
    private static func dispositionOfLogIn(_ sqlState: SQLState?, _ message: String) -> SQLState.Disposition {
        switch sqlState?.classCode {
        // Resources and operators: full, starting, shutting down.
        case "53", "57": return .retry
        // Roles, databases, schemas, privileges and names; start-up parameters with a bad value or not supported.
        case "28", "3D", "3F", "42", "22", "0A": return .configuration
        // Poolers have one code for everything. Without a SQLSTATE the server was not reached, or gave none.
        default:
            let message = message.lowercased()
            return wordsOfRefusal.contains { message.contains($0) } ? .configuration : .retry
        }
    }

    /// What poolers and proxies say of a log-in that no repetition makes good, in lower case.
    private static let wordsOfRefusal = [
        // PgBouncer up to 1.20 with 08P01; it passes on what the server behind it says in the same way.
        "authentication failed", "auth failed", "no such user", "no such database", "does not exist",
        "unsupported startup parameter", "login rejected", "not allowed", "wrong password", "ssl required",
        "tls required",
        // Supavisor and Neon with XX000, pgcat with 58000.
        "user not found", "no tenant identifier", "endpoint id is not specified", "endpoint could not be found",
        "invalid password", "no pool configured", "access denied",
    ]
}

// MARK: - Statements

extension PostgresError.ServerError {
    /// What a job should do about the failure: by the code, except where one code stands for different faults.
    public var disposition: SQLState.Disposition {
        switch sqlState {
        case .dataException where message.hasPrefix("expected ") && message.contains(" dimensions, not "):
            // pgvector: the model's dimension is not the column's. No row can pass.
            .configuration
        case .featureNotSupported where message.hasSuffix("during recovery"):
            // A standby was asked for a transaction that writes: a failover is under way.
            .retry
        case .protocolViolation where message.contains("query_wait_timeout"):
            // pgbouncer: no server connection became free in time.
            .retry
        case _ where isByStatementPooler:
            .configuration
        default:
            sqlState.disposition
        }
    }

    /// Whether PgBouncer refuses transactions because it gives each statement another server connection.
    var isByStatementPooler: Bool {
        sqlState == .protocolViolation && message.contains("statement pooling mode")
    }
}
