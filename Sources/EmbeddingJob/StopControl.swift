import BatchJob
import Postgres

/// Ends a run on request: gently, so that batches in hand are finished, then firmly.
actor StopControl {
    /// Ends every wait for the database when it fires.
    nonisolated let interruption: PostgresInterruption?
    private var control: RunControl?
    private var isStopping = false

    init() {
        interruption = try? PostgresInterruption()
    }

    /// Takes charge of a run; a request that came before it is passed on.
    func govern(_ control: RunControl) async {
        self.control = control
        if isStopping { await control.stop() }
    }

    /// Asks the run to finish what it has begun, and cancels it when it has not done so in time.
    func stop(_ draining: Task<RunReport, Never>, within time: Duration) async {
        isStopping = true
        guard let control else {
            // Still connecting or loading: nothing to finish.
            abort(draining)
            return
        }
        await control.stop()
        Task {
            try await Task.sleep(for: time)
            abort(draining)
        }
    }

    /// Gives up the batches in hand: the server rolls them back.
    nonisolated func abort(_ draining: Task<RunReport, Never>) {
        draining.cancel()
        interruption?.interrupt()
    }
}
