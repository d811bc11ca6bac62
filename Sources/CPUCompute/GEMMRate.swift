import Compute

/// The rate of `cblas_sgemm` alone at the shapes of a model's layers: what the processor would do if a model were nothing
/// but its matrix products.
public struct GEMMRate: Sendable {
    private let workers: [ComputeWorker<Operands>]

    /// Prepares the operands of each worker, a chunk of tokens each.
    public init(workerCount: Int, hiddenSize: Int, intermediateSize: Int) {
        GEMM.useOneThread()
        workers = (0..<workerCount).map { index in
            ComputeWorker(label: "embedding-job.gemm-rate.\(index)") {
                Operands(tokens: 512, hiddenSize: hiddenSize, intermediateSize: intermediateSize)
            }
        }
    }

    /// Multiplies for about this long on all workers at once and returns floating-point operations a second, of all
    /// together.
    public func measure(for duration: Duration) async -> Double {
        await withTaskGroup(of: Double.self) { group in
            for worker in workers {
                group.addTask { await worker.run { operands in operands.rate(for: duration) } }
            }
            return await group.reduce(0, +)
        }
    }

    /// What one worker multiplies.
    private struct Operands {
        let hidden, output, wide, packed: CPUMatrix
        let toPacked, toHidden, toWide, fromWide: CPUParameter

        init(tokens: Int, hiddenSize: Int, intermediateSize: Int) {
            func matrix(_ columns: Int) -> CPUMatrix {
                var matrix = CPUMatrix(rowCapacity: tokens, columns: columns)
                matrix.setRows(tokens)
                return matrix
            }
            func weight(_ rows: Int, _ columns: Int) -> CPUParameter {
                CPUParameter([Float](repeating: 0.01, count: rows * columns), shape: [rows, columns])
            }
            (hidden, output) = (matrix(hiddenSize), matrix(hiddenSize))
            (wide, packed) = (matrix(intermediateSize), matrix(3 * hiddenSize))
            toPacked = weight(3 * hiddenSize, hiddenSize)
            toHidden = weight(hiddenSize, hiddenSize)
            toWide = weight(intermediateSize, hiddenSize)
            fromWide = weight(hiddenSize, intermediateSize)
        }

        func rate(for duration: Duration) -> Double {
            let layer: [(CPUMatrix, CPUParameter, CPUMatrix)] = [
                (hidden, toPacked, packed), (hidden, toHidden, output), (hidden, toWide, wide),
                (wide, fromWide, output),
            ]
            let operations = layer.reduce(0) { $0 + 2 * Double($1.0.rows * $1.0.columns * $1.2.columns) }
            let start = ContinuousClock.now
            var rounds = 0.0
            while ContinuousClock.now - start < duration {
                for (input, weight, output) in layer { GEMM.multiply(input, transposed: weight, into: output) }
                rounds += 1
            }
            return rounds * operations / ((ContinuousClock.now - start) / .seconds(1))
        }
    }
}
