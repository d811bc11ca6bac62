/// Where a task stands.
public enum TaskState: String, Sendable, CaseIterable {
    /// It waits for somebody who runs it, perhaps for another attempt.
    case queued
    /// Somebody runs it, or did so until they went away.
    case running
    /// Its run ended with exit status 0.
    case succeeded
    /// Its run failed in a way that does not pass, or too often.
    case failed
    /// Somebody wanted it to end, and it has.
    case cancelled

    /// Whether it will not change any more.
    public var isFinal: Bool {
        switch self {
        case .queued, .running: false
        case .succeeded, .failed, .cancelled: true
        }
    }
}

extension TaskState {
    /// What the exit status of a run makes of its task; ``queued`` if it may be tried again.
    init(ofExitStatus status: Int32) {
        switch status {
        case 0: self = .succeeded
        // The database was away, the time was over, or a signal came.
        case 75, 143: self = .queued
        default: self = .failed
        }
    }
}
