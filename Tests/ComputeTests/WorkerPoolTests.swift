import Compute
import Dispatch
import Synchronization
import Testing

@Suite("A pool of workers")
struct WorkerPoolTests {
    /// What a worker owns in these tests: a number of its own and a plain counter, which nothing but the pool protects.
    struct State {
        let number: Int
        var count = 0
    }

    struct Failure: Error {}

    private func makePool(_ workers: Int) -> WorkerPool<State> {
        WorkerPool((0..<workers).map { number in ComputeWorker(label: "test.\(number)") { State(number: number) } })
    }

    @Test("never lends a worker twice at a time", arguments: [1, 3])
    func exclusivity(workers: Int) async throws {
        let pool = makePool(workers)
        let inside = (0..<workers).map { _ in Counter() }
        let overlaps = Counter()
        let counts = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await pool.run { state in
                        if inside[state.number].add(1) != 1 { overlaps.add(1) }
                        state.count += 1
                        inside[state.number].add(-1)
                        return (state.number, state.count)
                    }
                }
            }
            return try await group.reduce(into: [Int: [Int]]()) { $0[$1.0, default: []].append($1.1) }
        }
        #expect(overlaps.value == 0)
        // Each worker counted 1, 2, 3, …: no increment was lost, and all together are the 200 tasks.
        #expect(counts.values.allSatisfy { $0.sorted() == Array(1...$0.count) })
        #expect(counts.values.map(\.count).reduce(0, +) == 200)
        #expect(counts.count <= workers)
    }

    @Test("serves those who wait in the order in which they asked")
    func order() async throws {
        let pool = makePool(1)
        let gate = DispatchSemaphore(value: 0)
        let served = Log()
        // Runs at once until it has asked for the worker, so the first has it and the others queue up as numbered.
        let tasks = (0..<20).map { number in
            Task.immediate {
                try await pool.run { _ in
                    if number == 0 { gate.wait() }
                    served.append(number)
                }
            }
        }
        gate.signal()
        for task in tasks { try await task.value }
        #expect(served.numbers == Array(0..<20))
    }

    @Test("takes a worker back whose work failed, with its state")
    func failure() async throws {
        let pool = makePool(1)
        await #expect(throws: Failure.self) {
            try await pool.run { state in
                state.count += 1
                throw Failure()
            }
        }
        // A worker that is lost is waited for without end, so whichever comes first answers: it, or a deadline.
        let (answers, answer) = AsyncStream<Int?>.makeStream()
        Task { answer.yield(try await pool.run { $0.count }) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 120) { answer.yield(nil) }
        let first = await answers.first { _ in true }
        #expect(first == 1, "the worker is back, and has counted")
    }

    @Test("runs as many pieces of work at a time as it has workers, however few threads Swift's own pool has")
    func parallelism() async throws {
        let workers = 24
        let pool = makePool(workers)
        let everybodyIsHere = DispatchGroup()
        for _ in 0..<workers { everybodyIsHere.enter() }
        let met = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<workers {
                group.addTask {
                    try await pool.run { _ in
                        everybodyIsHere.leave()
                        return everybodyIsHere.wait(timeout: .now() + 120) == .success
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(met == workers)
    }

    @Test("a worker makes its state once")
    func stateIsMadeOnce() async {
        let made = Counter()
        let worker = ComputeWorker(label: "test") { made.add(1) }
        for _ in 0..<5 { await worker.run { _ in } }
        #expect(made.value == 1)
    }
}

/// A number that many threads change.
private final class Counter: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .sequentiallyConsistent) }

    /// Adds and gives the sum.
    @discardableResult
    func add(_ amount: Int) -> Int {
        number.add(amount, ordering: .sequentiallyConsistent).newValue
    }
}

/// Numbers in the order in which they came.
private final class Log: Sendable {
    private let list = Mutex<[Int]>([])

    var numbers: [Int] { list.withLock { $0 } }

    func append(_ number: Int) {
        list.withLock { $0.append(number) }
    }
}
