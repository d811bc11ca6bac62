import CPUCompute
import Compute
import ComputeTestSupport
import Testing

@Suite("The CPU backend computes what the reference backend specifies")
struct CPUBackendConformanceTests {
    private let conformance = ComputeConformance(CPUBackend(workerCount: 1))

    @Test("embed", arguments: ModelWidth.all)
    func embed(width: ModelWidth) throws {
        try conformance.embed(width)
    }

    @Test("linear", arguments: ModelWidth.all.filter { $0.headCount == 1 || $0.headCount == 12 }, GEMMEngine.allCases)
    func linear(width: ModelWidth, engine: GEMMEngine) throws {
        let conformance = ComputeConformance(CPUBackend(workerCount: 1, gemm: engine))
        for activation in Activation.allCases { try conformance.linear(width, activation) }
    }

    @Test("attention", arguments: ModelWidth.all)
    func attention(width: ModelWidth) throws {
        try conformance.attention(width)
    }

    @Test("attention with scores of up to several hundred", arguments: ModelWidth.all)
    func steepAttention(width: ModelWidth) throws {
        try conformance.attention(width, deviation: 6, tolerance: 1e-3)
    }

    @Test("attention with a bias of the distance, as wide as the longest text and wider", arguments: ModelWidth.all)
    func biasedAttention(width: ModelWidth) throws {
        for tokens in [70, 101] { try conformance.attention(width, biasedTokens: tokens) }
    }

    @Test("addNorm", arguments: ModelWidth.all)
    func addNorm(width: ModelWidth) throws {
        try conformance.addNorm(width)
    }

    @Test("pool", arguments: ModelWidth.all, PoolingStrategy.allCases)
    func pool(width: ModelWidth, strategy: PoolingStrategy) throws {
        try conformance.pool(width, strategy)
    }

    @Test("normalize", arguments: ModelWidth.all)
    func normalize(width: ModelWidth) throws {
        try conformance.normalize(width)
    }
}
