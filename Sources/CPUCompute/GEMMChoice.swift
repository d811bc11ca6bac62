import Compute

/// Which engine multiplies matrices, and why.
///
/// OpenBLAS chooses its kernel by the processor, so which engine is faster is a property of the machine. With the same
/// instructions it is the packed one, and no trial is needed, whose noise could change the choice, and with it the last bits of
/// vectors, from one start to the next. Where OpenBLAS has AVX-512 a trial of a few milliseconds decides.
public struct GEMMChoice: Sendable, Equatable, CustomStringConvertible {
    /// The engine to use.
    public let engine: GEMMEngine
    /// Where the choice comes from, such as `trial: packed AVX2 76 GFLOP/s, OpenBLAS SkylakeX 164 GFLOP/s`.
    public let reason: String

    /// `packed AVX2 (as requested)`.
    public var description: String { "\(engine) (\(reason))" }

    private init(engine: GEMMEngine, reason: String) {
        self.engine = engine
        self.reason = reason
    }

    /// The engine a user asked for.
    public init(requested: GEMMEngine) {
        self.init(engine: requested, reason: "as requested")
    }

    /// Chooses for layers of the given width.
    public init(hiddenSize: Int) {
        guard Self.isWide(kernel: GEMM.kernelName) else {
            self.init(engine: .packed, reason: "OpenBLAS \(GEMM.kernelName) has no wider instructions")
            return
        }
        self.init(tryingWidth: hiddenSize)
    }

    /// Whether a kernel of OpenBLAS, by the name it goes by, uses AVX-512.
    package static func isWide(kernel: String) -> Bool {
        ["SkylakeX", "Cooperlake", "SapphireRapids"].contains(kernel)
    }

    /// Tries both engines on a layer of the given width, in turn, so that a busy moment slows down both.
    package init(tryingWidth hiddenSize: Int) {
        let trials = [GEMMEngine.packed, .openBLAS].map { (engine: $0, layer: TrialLayer($0, hiddenSize: hiddenSize)) }
        var rates: [GEMMEngine: Double] = [:]
        for _ in 0..<4 {
            for (engine, layer) in trials { rates[engine] = max(rates[engine, default: 0], layer.floatingPointRate()) }
        }
        self.init { rates[$0, default: 0] }
    }

    /// Compares the rates that a measurement gives, in operations a second.
    ///
    /// OpenBLAS must be faster by a quarter: with twice as wide instructions it is faster by far more, and what is less may be
    /// noise.
    package init(rate: (GEMMEngine) -> Double) {
        let rates = (packed: rate(.packed), openBLAS: rate(.openBLAS))
        engine = rates.openBLAS > 1.25 * rates.packed ? .openBLAS : .packed
        func text(_ rate: Double) -> String { "\(Int((rate / 1e9).rounded())) GFLOP/s" }
        reason =
            "trial: \(GEMMEngine.packed) \(text(rates.packed)), \(GEMMEngine.openBLAS) \(text(rates.openBLAS))"
    }
}

/// A square layer with GELU and enough rows for what OpenBLAS spends on the weight to be as small a part as in a chunk.
private struct TrialLayer {
    private let backend: CPUBackend
    private let layer: LinearParameters<CPUParameter>
    private let input: CPUMatrix
    private let rows = 256

    init(_ engine: GEMMEngine, hiddenSize: Int) {
        backend = CPUBackend(workerCount: 1, gemm: engine)
        layer = LinearParameters(
            weight: backend.linearWeight(
                [Float](repeating: 0.5, count: hiddenSize * hiddenSize), shape: [hiddenSize, hiddenSize]),
            bias: backend.parameter([Float](repeating: 0, count: hiddenSize), shape: [hiddenSize]))
        var input = backend.makeMatrix(rowCapacity: rows, columns: hiddenSize)
        input.values = [Float](repeating: 0.5, count: rows * hiddenSize)
        self.input = input
    }

    /// Operations a second in one run of the whole layer.
    func floatingPointRate() -> Double {
        var output = backend.makeMatrix(rowCapacity: rows, columns: input.columns)
        let time = ContinuousClock().measure { backend.linear(input, layer, activation: .gelu, into: &output) }
        return 2 * Double(rows * input.columns * input.columns) / (time / .seconds(1))
    }
}
