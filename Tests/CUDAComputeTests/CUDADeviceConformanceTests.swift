import CUDACompute
import Compute
import ComputeTestSupport
import Testing

// Of the emulated device, or of a GPU: see CUDALibraryFolder.
@Suite("The CUDA backend computes what the reference backend specifies", .timeLimit(.minutes(30)))
struct CUDADeviceConformanceTests {
    private func conformance(_ precision: Precision) throws -> ComputeConformance<CUDABackend> {
        try ComputeConformance(CUDABackend(libraryFolders: CUDALibraryFolder.paths(), precision: precision))
    }

    /// What storing a number of size 4 as float16 may cost, as often as an operation does, or what float32 may cost.
    private func tolerance(_ exact: Float, _ precision: Precision, roundings: Float = 1) -> Float {
        precision == .exact ? exact : exact + roundings * 4 * 0x1p-11
    }

    /// Heads of up to 64 columns.
    private static let widths = ModelWidth.all

    @Test("embed", arguments: widths, Precision.allCases)
    func embed(width: ModelWidth, precision: Precision) throws {
        try conformance(precision).embed(width, tolerance: tolerance(3e-6, precision))
    }

    @Test("linear", arguments: widths.filter { $0.headCount == 1 || $0.headCount == 12 }, Precision.allCases)
    func linear(width: ModelWidth, precision: Precision) throws {
        let conformance = try conformance(precision)
        for activation in Activation.allCases {
            try conformance.linear(width, activation, tolerance: tolerance(1.5e-5, precision, roundings: 2))
        }
    }

    @Test("attention", arguments: widths, Precision.allCases)
    func attention(width: ModelWidth, precision: Precision) throws {
        try conformance(precision).attention(width, tolerance: tolerance(3e-6, precision))
    }

    @Test("attention with scores of up to several hundred", arguments: widths, Precision.allCases)
    func steepAttention(width: ModelWidth, precision: Precision) throws {
        try conformance(precision)
            .attention(width, deviation: 6, tolerance: tolerance(1e-3, precision, roundings: 6))
    }

    @Test(
        "attention with a bias of the distance, as wide as the longest text and wider", arguments: widths,
        Precision.allCases)
    func biasedAttention(width: ModelWidth, precision: Precision) throws {
        for tokens in [70, 101] {
            try conformance(precision)
                .attention(width, biasedTokens: tokens, tolerance: tolerance(3e-6, precision))
        }
    }

    @Test("addNorm", arguments: widths, Precision.allCases)
    func addNorm(width: ModelWidth, precision: Precision) throws {
        try conformance(precision).addNorm(width, tolerance: tolerance(3e-6, precision))
    }

    @Test("pool", arguments: widths, PoolingStrategy.allCases)
    func pool(width: ModelWidth, strategy: PoolingStrategy) throws {
        for precision in Precision.allCases { try conformance(precision).pool(width, strategy) }
    }

    @Test("normalize", arguments: widths, Precision.allCases)
    func normalize(width: ModelWidth, precision: Precision) throws {
        try conformance(precision).normalize(width)
    }

    @Test("does not overwrite numbers that a queued copy has yet to read")
    func queuedNumbers() throws {
        let backend = try CUDABackend(libraryFolders: CUDALibraryFolder.paths())
        let stream = try backend.makeStream()
        let table = (0..<64).map { Float(($0 * ($0 / 16 + 1)) % 7) }
        let zeros = try backend.parameter([Float](repeating: 0, count: 32), shape: [2, 16])
        let tables = EmbeddingTables(
            words: try backend.parameter(table, shape: [4, 16]), positions: zeros, tokenTypes: zeros)
        let norm = LayerNormParameters(
            weight: try backend.parameter([Float](repeating: 1, count: 16), shape: [16]),
            bias: try backend.parameter([Float](repeating: 0, count: 16), shape: [16]), epsilon: 1e-6)
        func row(_ ids: [Int32], into matrix: inout CUDAMatrix) {
            backend.embed(ids: ids, positions: [0], tables: tables, norm: norm, into: &matrix)
        }
        var first = try backend.makeMatrix(rowCapacity: 1, columns: 16, on: stream)
        var second = try backend.makeMatrix(rowCapacity: 1, columns: 16, on: stream)
        var alone = try backend.makeMatrix(rowCapacity: 1, columns: 16, on: stream)
        row([1], into: &first)
        row([3], into: &second)
        let values = try (backend.download(first), backend.download(second))
        row([1], into: &alone)
        #expect(try backend.download(alone) == values.0)
        row([3], into: &alone)
        #expect(try backend.download(alone) == values.1)
        #expect(values.0 != values.1)
    }
}
