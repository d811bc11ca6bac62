internal import Dispatch

/// Runs an actor on a thread of its own, so that its blocking calls never occupy the shared pool of threads.
///
/// Linux has no `DispatchSerialQueue`, which would be such an executor.
final class SerialQueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }
}
