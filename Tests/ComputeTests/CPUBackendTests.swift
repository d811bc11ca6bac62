import CPUCompute
import Compute
import Testing

@Suite("The CPU backend")
struct CPUBackendTests {
    private let backend = CPUBackend(workerCount: 3)

    @Test("says how many workers it has, which engine and which kernel")
    func description() {
        #expect(backend.workerCount == 3)
        #expect(backend.gemm == .packed)
        #expect(backend.deviceDescription.wholeMatch(of: /cpu \(packed (AVX2|AVX-512|NEON)\)/) != nil)
        let openBLAS = CPUBackend(workerCount: 1, gemm: .openBLAS)
        #expect(openBLAS.deviceDescription.wholeMatch(of: /cpu \(OpenBLAS [A-Za-z0-9]+\)/) != nil)
    }

    @Test("gives the same bits for the same chunk every time", arguments: GEMMEngine.allCases)
    func repeatability(engine: GEMMEngine) {
        let backend = CPUBackend(workerCount: 3, gemm: engine)
        let layer = LinearParameters(
            weight: backend.linearWeight((0..<1_536).map { Float($0 % 37) / 37 }, shape: [48, 32]),
            bias: backend.parameter([Float](repeating: 0.1, count: 48), shape: [48]))
        var input = backend.makeMatrix(rowCapacity: 7, columns: 32)
        input.values = (0..<224).map { Float($0 % 11) / 11 }
        let results = (0..<3).map { _ in
            var output = backend.makeMatrix(rowCapacity: 7, columns: 48)
            backend.linear(input, layer, activation: .gelu, into: &output)
            return output.values
        }
        #expect(results[0] == results[1] && results[1] == results[2])
    }

    @Test(
        "leaves NaN visible: no minimum or maximum on the way swallows it", arguments: PoolingStrategy.allCases,
        GEMMEngine.allCases)
    func nanSurvives(strategy: PoolingStrategy, engine: GEMMEngine) {
        let backend = CPUBackend(workerCount: 1, gemm: engine)
        let boundaries = TextBoundaries(lengths: [3])
        let layer = LinearParameters(
            weight: backend.linearWeight([Float](repeating: 0.5, count: 48 * 16), shape: [48, 16]),
            bias: backend.parameter([Float](repeating: 0, count: 48), shape: [48]))
        var input = backend.makeMatrix(rowCapacity: 3, columns: 16)
        input.values = [Float](repeating: .nan, count: 16) + [Float](repeating: 1, count: 32)
        var packed = backend.makeMatrix(rowCapacity: 3, columns: 48)
        backend.linear(input, layer, activation: .gelu, into: &packed)
        #expect(packed.values.prefix(48).allSatisfy { $0.isNaN })
        var context = backend.makeMatrix(rowCapacity: 3, columns: 16)
        backend.attention(packed, headCount: 1, boundaries: boundaries, into: &context)
        #expect(context.values.allSatisfy { $0.isNaN }, "every query sees the key that is NaN")
        var pooled = backend.makeMatrix(rowCapacity: 1, columns: 16)
        backend.pool(context, strategy, boundaries: boundaries, into: &pooled)
        backend.normalize(&pooled)
        #expect(backend.download(pooled).allSatisfy { $0.isNaN })
    }

    @Test("a row whose variance is beyond the range of floats becomes NaN, and not its bias")
    func hugeVariance() {
        let ones = backend.parameter([Float](repeating: 1, count: 16), shape: [16])
        var (input, residual) = (
            backend.makeMatrix(rowCapacity: 1, columns: 16), backend.makeMatrix(rowCapacity: 1, columns: 16)
        )
        input.values = [Float](repeating: 0, count: 16)
        residual.values = (0..<16).map { Float($0) * 1e20 }
        backend.addNorm(input, to: &residual, LayerNormParameters(weight: ones, bias: ones, epsilon: 1e-12))
        #expect(residual.values.allSatisfy { $0.isNaN })
    }

    @Test("a chunk's row count replaces the one before")
    func rowCount() {
        var matrix = backend.makeMatrix(rowCapacity: 5, columns: 16)
        #expect(matrix.values.isEmpty)
        matrix.values = [Float](repeating: 7, count: 80)
        #expect(backend.download(matrix).count == 80)
        matrix.values = [Float](repeating: 8, count: 32)
        #expect(backend.download(matrix) == [Float](repeating: 8, count: 32))
    }
}
