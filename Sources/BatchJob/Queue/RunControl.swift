public import DatasetTable

/// Says when a run should end early: after a signal, when somebody wants its task to end, or when its time is over.
///
/// A run looks at it before each batch. Batches that have begun are finished.
public actor RunControl {
    private let deadline: ContinuousClock.Instant?
    private var stopReason: ExitReason?

    /// Starts the clock of `maxRuntime`, if there is one.
    public init(maxRuntime: Duration? = nil) {
        deadline = maxRuntime.map { .now + $0 }
    }

    /// Asks the run to finish what it has begun and to end; the first reason is the one that counts.
    public func stop(because reason: ExitReason = .signal) {
        stopReason = stopReason ?? reason
    }

    /// The reason for which somebody wants the run to end, if anybody does.
    var request: ExitReason? { stopReason }

    /// The reason not to begin another batch.
    var reason: ExitReason? {
        if let stopReason { return stopReason }
        guard let deadline, ContinuousClock.now >= deadline else { return nil }
        return .maxRuntime
    }
}
