import ComputeTestSupport
import Foundation
import JobTestSupport
import Synchronization
import Testing

/// Runs of `embedding-job` that follow one another, several at a time, until the soak is over.
final class SoakFleet: Sendable {
    private let job: BuiltExecutable
    private let environment: [String: String]
    private let tally: SoakTally
    private let running = Mutex<[Int: RunningJob]>([:])

    init(url: String, tally: SoakTally) throws {
        job = try BuiltExecutable()
        environment = ["DATABASE_URL": url, "EMBEDDING_MODEL": Fixtures.toyModel]
        self.tally = tally
    }

    /// Starts run after run until the time is over, and waits for the last.
    func work(as worker: Int, until end: ContinuousClock.Instant) async throws {
        while ContinuousClock.now < end {
            let run = try job.start(
                ["run", "--batch-size", "32", "--threads", "1", "--db-retry-seconds", "30"], environment: environment)
            await tally.count(.processesStarted)
            running.withLock { $0[worker] = run }
            await tally.ended(try await run.outcome())
            running.withLock { $0[worker] = nil }
        }
    }

    /// One of the runs at work.
    var victim: RunningJob? { running.withLock { $0.values.randomElement() } }
}
