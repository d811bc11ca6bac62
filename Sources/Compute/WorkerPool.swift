/// Lends workers to callers in the order in which they ask.
///
/// Callers may be chunks of different batches: those of the batch that came first are served first, and the next batch
/// starts on whichever worker runs out of chunks of the first.
public actor WorkerPool<State> {
    private var idle: [ComputeWorker<State>]
    private var waiting: [CheckedContinuation<ComputeWorker<State>, Never>] = []

    /// Takes over the workers.
    public init(_ workers: [ComputeWorker<State>]) {
        precondition(!workers.isEmpty, "a pool needs at least one worker")
        idle = workers
    }

    /// Runs `body` on the next worker that is free.
    public nonisolated func run<Result: Sendable>(
        _ body: @Sendable (inout State) throws -> Result
    ) async throws -> Result {
        let worker = await acquire()
        do {
            let result = try await worker.run(body)
            await release(worker)
            return result
        } catch {
            await release(worker)
            throw error
        }
    }

    private func acquire() async -> ComputeWorker<State> {
        if let worker = idle.popLast() { return worker }
        return await withCheckedContinuation { waiting.append($0) }
    }

    private func release(_ worker: ComputeWorker<State>) {
        if waiting.isEmpty {
            idle.append(worker)
        } else {
            waiting.removeFirst().resume(returning: worker)
        }
    }
}
