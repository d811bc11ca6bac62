import DatasetTable

/// Says when a run should end early: after a signal, or when its time is over.
///
/// A run looks at it before each batch. Batches that have begun are finished.
public actor RunControl {
    private let deadline: ContinuousClock.Instant?
    private var isStopRequested = false

    /// Starts the clock of `maxRuntime`, if there is one.
    public init(maxRuntime: Duration? = nil) {
        deadline = maxRuntime.map { .now + $0 }
    }

    /// Asks the run to finish what it has begun and to end.
    public func stop() {
        isStopRequested = true
    }

    /// The reason not to begin another batch.
    var reason: ExitReason? {
        if isStopRequested { return .signal }
        guard let deadline, ContinuousClock.now >= deadline else { return nil }
        return .maxRuntime
    }
}
