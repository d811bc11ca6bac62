import Benchmarking
import CPUCompute

/// Measures operations in turn, so that a moment in which the machine is slow meets them all.
struct Measurement {
    private let operations: [Timed]
    private let gemm = GEMMRate(
        workerCount: 1, hiddenSize: ModelShape.hiddenSize, intermediateSize: ModelShape.intermediateSize)
    /// Every rate of `sgemm` that was measured.
    private var gemmRates: [Double] = []

    /// For how long an operation is repeated in one turn, and for how long `sgemm` before it.
    private static let (turnTime, gemmTime) = (Duration.milliseconds(40), Duration.milliseconds(20))

    /// Sets up the operations and runs each once, which also tells how often it fits into a turn.
    init(_ microbenchmarks: [Microbenchmark]) throws {
        operations = try microbenchmarks.map { microbenchmark in
            let operation = try microbenchmark.prepare()
            try operation.body()
            let time = try ContinuousClock().measure(operation.body)
            let calls = max(1, Int(Self.turnTime / max(time, .nanoseconds(1))))
            return Timed(name: microbenchmark.name, operation: operation, calls: calls)
        }
    }

    /// Gives every operation as many turns.
    mutating func run(repetitions: Int) async throws -> MicrobenchmarkReport {
        var turns = operations.map { _ in [Turn]() }
        for _ in 0..<repetitions {
            for (index, timed) in operations.enumerated() {
                turns[index].append(try await turn(of: timed))
            }
        }
        let results = zip(operations, turns).flatMap { timed, turns in
            timed.operation.work.map { OperationResult(operation: timed.name, work: $0, turns: turns) }
        }
        return MicrobenchmarkReport(
            engines: GEMMEngine.allCases.map(\.description), repetitions: repetitions,
            gemmRate: gemmRates.isEmpty ? nil : Spread(gemmRates), results: results)
    }

    private mutating func turn(of timed: Timed) async throws -> Turn {
        var gemmRate: Double?
        if timed.operation.work.contains(where: { $0.unit == .operations }) {
            let rate = await gemm.measure(for: Self.gemmTime)
            gemmRates.append(rate)
            gemmRate = rate
        }
        let time = try ContinuousClock().measure {
            for _ in 0..<timed.calls { try timed.operation.body() }
        }
        return Turn(callsPerSecond: Double(timed.calls) / (time / .seconds(1)), gemmRate: gemmRate)
    }

    private struct Timed {
        let name: String
        let operation: PreparedOperation
        let calls: Int
    }
}

/// One operation repeated for some milliseconds.
struct Turn {
    let callsPerSecond: Double
    /// What `sgemm` did just before, in operations a second.
    let gemmRate: Double?
}
