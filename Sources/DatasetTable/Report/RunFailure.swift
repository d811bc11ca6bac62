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
                case .row, .fatal: .internal
                }
            self.init(reason, error.description)
        case let error as any RunFailureCause: self.init(error.exitReason, error.description)
        default: self.init(.internal, String(describing: error))
        }
    }
}
