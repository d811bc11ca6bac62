import Postgres

extension PostgresError {
    /// How often a failure that may pass is tried again before rows are looked at one by one.
    private static let attemptsBeforeBlame = 4

    /// Whether a single row may be what made a write fail, so that the others can be written without it.
    ///
    /// No list of codes tells: a trigger raises whatever its author has thought of, and calls what is not there for one row
    /// in a thousand. So every code may be a row's, except those that speak of the connection, of the server's resources and
    /// disks, of log-ins, and of bytes that this program has written wrongly.
    ///
    /// - Parameter attempt: How often the write has failed before. Locks and conflicts pass, as a rule; those that come back
    ///   every time may be a row's after all. A time-out may be one from the second time on, when less is sent at once.
    func mayBeOfOneRow(attempt: Int) -> Bool {
        guard case .serverError(let error) = self else { return false }
        switch error.sqlState {
        case .queryCanceled:
            return attempt > 0
        case .serializationFailure, .deadlockDetected, .lockNotAvailable:
            return attempt >= Self.attemptsBeforeBlame
        case .protocolViolation, .invalidBinaryRepresentation:
            return false
        case .dataException:
            // Otherwise it is the dimension of all vectors.
            return error.disposition == .row
        default:
            return error.disposition != .retry && !["25", "28", "3D"].contains(error.sqlState.classCode)
        }
    }
}
