public import DatasetTable
public import Postgres

/// Ends a run on request: gently, so that batches in hand are finished, then firmly.
public actor StopControl {
    /// Ends every wait for the database when it fires.
    public nonisolated let interruption: PostgresInterruption?
    private var stopRun: (@Sendable () async -> Void)?
    private var isStopping = false

    /// Nothing to end yet.
    public init() {
        interruption = try? PostgresInterruption()
    }

    /// Takes charge of a run, which `stopRun` asks to finish what it has begun; a request that came before is passed on.
    public func govern(_ stopRun: @escaping @Sendable () async -> Void) async {
        self.stopRun = stopRun
        if isStopping { await stopRun() }
    }

    /// Asks the run to finish what it has begun, and cancels it when it has not done so in time.
    public func stop(_ draining: Task<RunReport, Never>, within time: Duration) async {
        isStopping = true
        guard let stopRun else {
            // Still connecting or loading: nothing to finish.
            abort(draining)
            return
        }
        await stopRun()
        Task {
            try await Task.sleep(for: time)
            abort(draining)
        }
    }

    /// Gives up the batches in hand: the server rolls them back.
    public nonisolated func abort(_ draining: Task<RunReport, Never>) {
        draining.cancel()
        interruption?.interrupt()
    }
}
