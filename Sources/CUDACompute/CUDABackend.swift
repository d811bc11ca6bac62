public import Compute

/// A GPU of NVIDIA's: cuBLAS for the matrix products of the linear layers, `kernels.cu` for everything else.
///
/// No library of NVIDIA's is linked: they are found when the backend is made, or the reason why not is thrown. What goes
/// on between them and the workers is in <doc:0001-nothing-linked>.
public struct CUDABackend: ComputeBackend {
    /// The oldest compute capability that is used: the first whose tensor cores and libraries are kept up (Turing).
    public static let leastCapability = (7, 5)

    /// In how many elements precision is stored between operations.
    public let precision: Precision
    private let device: CUDADevice

    /// Finds driver, GPU and libraries and compiles the kernels, which takes about a second.
    ///
    /// - Parameters:
    ///   - libraryFolders: Where libraries are looked for before the system's places, each a whole path.
    ///   - precision: What products and activations are stored in.
    public init(libraryFolders: [String] = [], precision: Precision = .exact) throws(CUDAError) {
        self.precision = precision
        device = try CUDADevice(libraryFolders: libraryFolders, storage: precision.storage)
    }

    /// `cuda`, then the GPU, its architecture, the versions of driver and libraries, and how activations are stored.
    public var deviceDescription: String { "cuda (\(device.description))" }

    /// While one chunk computes, another is tokenized, copied or written.
    public var workerCount: Int { 2 }

    /// Enough to fill the largest GPUs; the activations are some 130 MB for a 384-wide model in float32.
    public var maxTokensPerChunk: Int { 8192 }

    /// What cuBLAS needs for tensor cores, twice over.
    public var columnMultiple: Int { 16 }

    /// Copies it to the GPU in float32.
    public func parameter(_ values: [Float], shape: [Int]) throws(CUDAError) -> CUDAParameter {
        try CUDAParameter(device, values, shape: shape, storage: .float32)
    }

    /// Copies it to the GPU as activations are stored, since cuBLAS multiplies like with like.
    public func linearWeight(_ values: [Float], shape: [Int]) throws(CUDAError) -> CUDAParameter {
        try CUDAParameter(device, values, shape: shape, storage: precision.storage)
    }

    /// A stream and a cuBLAS handle.
    public func makeStream() throws(CUDAError) -> CUDAStream { try CUDAStream(device) }

    /// Allocates once; the memory is reused for every chunk.
    public func makeMatrix(rowCapacity: Int, columns: Int, on stream: CUDAStream) throws(CUDAError) -> CUDAMatrix {
        precondition(columns.isMultiple(of: columnMultiple), "columns are a multiple of 16, got \(columns)")
        try stream.reserve(tokens: rowCapacity)
        return try CUDAMatrix(stream, rowCapacity: rowCapacity, columns: columns, storage: precision.storage)
    }

    /// One kernel, a warp a token.
    public func embed(
        ids: [Int32], positions: [Int32], tables: EmbeddingTables<CUDAParameter>,
        norm: LayerNormParameters<CUDAParameter>, into output: inout CUDAMatrix
    ) {
        precondition(ids.allSatisfy { $0 >= 0 && $0 < tables.words.shape[0] })
        precondition(positions.allSatisfy { $0 >= 0 && $0 < tables.positions.shape[0] })
        output.setRows(ids.count, storage: precision.storage)
        let numbers = output.stream.upload(ids: ids, positions: positions)
        output.stream.launch(
            .embed, grid: (blocks(output.rows), 1), threads: 256, numbers.ids, numbers.positions,
            .memory(tables.words.memory), .memory(tables.positions.memory), .memory(tables.tokenTypes.memory),
            .memory(norm.weight.memory), .memory(norm.bias.memory), .float(norm.epsilon), .memory(output.memory),
            .int(output.rows), .int(output.columns))
    }

    /// One product by cuBLAS, then bias and activation in a kernel.
    public func linear(
        _ input: CUDAMatrix, _ layer: LinearParameters<CUDAParameter>, activation: Activation,
        into output: inout CUDAMatrix
    ) {
        precondition(layer.weight.shape == [output.columns, input.columns] && input.storage == precision.storage)
        output.setRows(input.rows, storage: precision.storage)
        output.stream.multiply(
            input.memory, layer.weight.memory, into: output.memory, rows: input.rows, inner: input.columns,
            columns: output.columns, storage: precision.storage)
        output.stream.launch(
            .biasActivation, grid: (output.rows, 1), threads: 256, .memory(output.memory),
            .memory(layer.bias.memory), .int(output.columns), .int(activation.number))
    }

    /// A block for 64 queries of a head, with the softmax taken as the keys come by.
    public func attention(
        _ packedQKV: CUDAMatrix, headCount: Int, relativeBias: CUDAParameter?, boundaries: TextBoundaries,
        into output: inout CUDAMatrix
    ) {
        precondition(packedQKV.rows == boundaries.tokenCount && packedQKV.columns == 3 * output.columns)
        output.setRows(packedQKV.rows, storage: precision.storage)
        let width = output.columns / headCount
        guard width <= 64 else { return output.stream.fail(.headTooWide(width)) }
        let texts = output.stream.upload(boundaries)
        output.stream.launch(
            width <= 32 ? .attention32 : .attention64, grid: (texts.tileCount, headCount),
            threads: AttentionTiles.threads, .memory(packedQKV.memory), .memory(output.memory),
            texts.tiles, relativeBias.map { .memory($0.memory) } ?? .null,
            .int(relativeBias.map { ($0.shape[1] + 1) / 2 } ?? 0), .int(width), .float(1 / Float(width).squareRoot()))
    }

    /// One kernel, a warp a token.
    public func addNorm(
        _ input: CUDAMatrix, to residual: inout CUDAMatrix, _ norm: LayerNormParameters<CUDAParameter>
    ) {
        precondition(input.rows == residual.rows && input.columns == residual.columns)
        residual.stream.launch(
            .addNorm, grid: (blocks(residual.rows), 1), threads: 256, .memory(input.memory),
            .memory(residual.memory), .memory(norm.weight.memory), .memory(norm.bias.memory),
            .float(norm.epsilon), .int(residual.rows), .int(residual.columns))
    }

    /// A block a text; the result is float32 in either precision.
    public func pool(
        _ input: CUDAMatrix, _ strategy: PoolingStrategy, boundaries: TextBoundaries, into output: inout CUDAMatrix
    ) {
        precondition(input.rows == boundaries.tokenCount && input.columns == output.columns)
        output.setRows(boundaries.textCount, storage: .float32)
        let texts = output.stream.upload(boundaries)
        output.stream.launch(
            .pool, grid: (output.rows, 1), threads: 256, .memory(input.memory), .memory(output.memory),
            texts.offsets, .int(output.columns), .int(strategy.number))
    }

    /// A warp a row, of what ``pool(_:_:boundaries:into:)`` made.
    public func normalize(_ matrix: inout CUDAMatrix) {
        precondition(matrix.storage == .float32)
        matrix.stream.launch(
            .normalize, grid: (blocks(matrix.rows), 1), threads: 256, .memory(matrix.memory), .int(matrix.rows),
            .int(matrix.columns))
    }

    /// Waits for the worker's stream; throws what went wrong in anything that was queued there.
    public func download(_ matrix: CUDAMatrix) throws -> [Float] {
        try matrix.stream.download(matrix.memory, count: matrix.rows * matrix.columns, storage: matrix.storage)
    }

    /// Eight warps a block, as `ROWS_PER_BLOCK` in `kernels.cu`.
    private func blocks(_ rows: Int) -> Int { (rows + 7) / 8 }
}

/// The sizes of `attend` in `kernels.cu`.
enum AttentionTiles {
    static let queries = 64
    static let threads = 256
}

extension Precision {
    /// How activations are stored between kernels.
    var storage: Storage { self == .exact ? .float32 : .float16 }
}

extension Activation {
    /// As `bias_activation` in `kernels.cu` counts them.
    fileprivate var number: Int {
        switch self {
        case .none: 0
        case .gelu: 1
        case .geluTanh: 2
        case .relu: 3
        }
    }
}

extension PoolingStrategy {
    /// As `pool` in `kernels.cu` counts them.
    fileprivate var number: Int {
        switch self {
        case .cls: 0
        case .max: 1
        case .mean: 2
        case .meanSqrtLength: 3
        }
    }
}
