import Postgres

/// Ends a run: a reason for the report and a sentence for the log.
public struct RunFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason, which decides the exit status.
    public let reason: ExitReason
    /// What happened, to which thing, and what to do.
    public let description: String

    /// Ends a run with a reason and a sentence.
    public init(_ reason: ExitReason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}

/// An error of another module that knows what it means for a run.
package protocol RunFailureCause: Error, CustomStringConvertible {
    /// The reason that the report gives.
    var exitReason: ExitReason { get }
}

extension RunFailure {
    /// What an error that ended a run means for its exit status.
    public init(_ error: any Error) {
        switch error {
        case let failure as RunFailure: self = failure
        case is CancellationError: self.init(.signal, "stopped by a signal; the batch in hand was given up")
        case PostgresError.interrupted: self.init(.signal, "stopped by a signal; the batch in hand was given up")
        case let error as PostgresError:
            let reason: ExitReason =
                switch error.disposition {
                case .retry: .database
                case .configuration: .configuration
                // Nothing succeeds until a person has mended the row, or what fails at it.
                case .row: .configuration
                case .fatal: .internal
                }
            self.init(reason, error.withoutRow)
        case let error as any RunFailureCause: self.init(error.exitReason, error.description)
        default: self.init(.internal, String(describing: error))
        }
    }
}

extension PostgresError {
    /// Classes of conditions whose messages are about statements, names, sessions and the server, not about values of a row.
    private static let classesWithoutValues: Set = [
        "08", "0A", "25", "26", "28", "2D", "3D", "3F", "40", "42", "53", "55", "57", "58",
    ]

    /// The error in words, without the server's message where that may quote a row.
    fileprivate var withoutRow: String {
        guard case .serverError(let error) = self, error.disposition != .configuration,
            !Self.classesWithoutValues.contains(error.sqlState.classCode)
        else { return description }
        guard error.disposition == .row else {
            return
                "statement \"\(error.statement)\" failed (SQLSTATE \(error.sqlState)); what the server says may quote a row, and stands in its own log"
        }
        return
            "the server fails at a row in statement \"\(error.statement)\" (SQLSTATE \(error.sqlState)); mend the row, or the column, function or trigger that fails at it"
    }
}
