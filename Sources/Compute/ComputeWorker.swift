import Dispatch

/// Owns state that only one thread may touch, and runs work on it one piece at a time, away from the shared thread pool.
///
/// A worker is an actor on a serial queue of its own. The state is made there and never leaves: a matrix is not `Sendable`.
public actor ComputeWorker<State> {
    private let queue: SerialQueue
    private var state: State

    /// Makes the state.
    public init<Failure: Error>(
        label: String, state makeState: @Sendable () throws(Failure) -> State
    ) throws(Failure) {
        queue = SerialQueue(label: label)
        state = try makeState()
    }

    /// The worker's own queue.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// Runs `body` with the state.
    public func run<Result: Sendable>(_ body: @Sendable (inout State) throws -> Result) rethrows -> Result {
        try body(&state)
    }
}

/// A serial executor over a dispatch queue; Dispatch on Linux has no `DispatchSerialQueue` to use as one.
private final class SerialQueue: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
