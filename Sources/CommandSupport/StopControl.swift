import Logging
public import Postgres
import UnixSignals

/// Ends a run on request: gently, so that batches in hand are finished, then firmly.
public actor StopControl {
    /// Kubernetes kills 30 seconds after SIGTERM; five are left for the last write.
    private static let timeToFinish = Duration.seconds(20)

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

    /// Waits for a run, which SIGTERM and SIGINT end: the first one gently, a second one, or the end of the time to finish,
    /// firmly.
    public nonisolated func result<Result: Sendable>(
        of body: @escaping @Sendable () async -> Result
    ) async -> Result {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let running = Task { await body() }
        let watching = Task {
            var count = 0
            for await signal in signals {
                count += 1
                Logger.standardError().notice("stopping", metadata: ["signal": "\(signal)", "count": "\(count)"])
                if count > 1 {
                    abort(running)
                } else {
                    await stop(running)
                }
            }
        }
        let result = await running.value
        watching.cancel()
        return result
    }

    /// Asks the run to finish what it has begun, and cancels it when it has not done so in time.
    private func stop<Result>(_ running: Task<Result, Never>) async {
        isStopping = true
        guard let stopRun else {
            // Still connecting or loading: nothing to finish.
            abort(running)
            return
        }
        await stopRun()
        Task {
            try await Task.sleep(for: Self.timeToFinish)
            abort(running)
        }
    }

    /// Gives up the batches in hand: the server rolls them back.
    private nonisolated func abort<Result>(_ running: Task<Result, Never>) {
        running.cancel()
        interruption?.interrupt()
    }
}
