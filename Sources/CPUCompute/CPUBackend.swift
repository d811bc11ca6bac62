public import Compute

/// The processor: a ``GEMMEngine`` for the matrix products of the linear layers, SIMD passes for everything else.
///
/// Parallelism is over chunks, one worker a core; nothing in here starts a thread.
public struct CPUBackend: ComputeBackend {
    /// The number of workers, from the caller or from ``ProcessorAllowance``.
    public let workerCount: Int

    /// What multiplies matrices.
    public let gemm: GEMMEngine

    /// How exactly it does: OpenBLAS only exactly.
    public let precision: Precision

    /// Uses `workerCount` workers and sets OpenBLAS to a single thread for the whole process.
    public init(workerCount: Int, gemm: GEMMEngine = .packed, precision: Precision = .exact) {
        precondition(workerCount > 0, "a backend needs at least one worker")
        precondition(gemm.offers(precision), "\(gemm) multiplies exactly only")
        GEMM.useOneThread()
        self.workerCount = workerCount
        self.gemm = gemm
        self.precision = precision
    }

    /// `cpu` and the engine with its kernel; two runs with different kernels cannot be compared.
    public var deviceDescription: String { "cpu (\(gemm)\(precision == .fast ? ", 16-bit" : ""))" }

    /// The activations of 512 tokens of a 384-wide model, about 8 MB, stay near the core.
    public var maxTokensPerChunk: Int { 512 }

    /// Sixteen lanes.
    public var columnMultiple: Int { 16 }

    /// Keeps the array as it is.
    public func parameter(_ values: [Float], shape: [Int]) -> CPUParameter { CPUParameter(values, shape: shape) }

    /// Packs the weight for the engine of our own; OpenBLAS packs it itself, in every call.
    public func linearWeight(_ values: [Float], shape: [Int]) -> CPUParameter {
        gemm.kernel == nil
            ? CPUParameter(values, shape: shape) : CPUParameter(packing: values, shape: shape, precision: precision)
    }

    /// Allocates once; the memory is reused for every chunk.
    public func makeMatrix(rowCapacity: Int, columns: Int, on stream: Void = ()) -> CPUMatrix {
        precondition(columns.isMultiple(of: columnMultiple), "columns are a multiple of 16, got \(columns)")
        return CPUMatrix(rowCapacity: rowCapacity, columns: columns)
    }

    /// One pass: gather, add in the reference's order (words, token type, position), normalize.
    public func embed(
        ids: [Int32], positions: [Int32], tables: EmbeddingTables<CPUParameter>,
        norm: LayerNormParameters<CPUParameter>, into output: inout CPUMatrix
    ) {
        output.setRows(ids.count)
        let columns = output.columns
        let (words, places) = (tables.words, tables.positions)
        let (wordValues, placeValues, typeValues) = (words.values, places.values, tables.tokenTypes.values)
        let (weight, bias) = (norm.weight.values, norm.bias.values)
        for row in ids.indices {
            let (word, place) = (Int(ids[row]), Int(positions[row]))
            precondition(word >= 0 && word < words.shape[0] && place >= 0 && place < places.shape[0])
            let target = unsafe output.row(row)
            unsafe wordValues.withUnsafeBufferPointer { wordTable in
                unsafe placeValues.withUnsafeBufferPointer { placeTable in
                    unsafe typeValues.withUnsafeBufferPointer { typeTable in
                        guard let wordRow = wordTable.baseAddress, let placeRow = placeTable.baseAddress,
                            let typeRow = typeTable.baseAddress
                        else { return }
                        for column in stride(from: 0, to: columns, by: 16) {
                            let sum = unsafe wordRow.lanes(at: word * columns + column) + typeRow.lanes(at: column)
                            unsafe target.store(sum + placeRow.lanes(at: place * columns + column), at: column)
                        }
                    }
                }
            }
            unsafe LayerNorm.apply(target, count: columns, weight: weight, bias: bias, epsilon: norm.epsilon)
        }
    }

    /// One pass over a packed weight; or one `cblas_sgemm`, then bias and activation in one pass.
    public func linear(
        _ input: CPUMatrix, _ layer: LinearParameters<CPUParameter>, activation: Activation,
        into output: inout CPUMatrix
    ) {
        output.setRows(input.rows)
        // A kernel of each: the compiler puts the activation where the sum still is in registers.
        switch activation {
        case .none: multiply(input, layer, into: output) { $0 }
        case .gelu: multiply(input, layer, into: output) { Activations.gelu($0) }
        case .geluTanh: multiply(input, layer, into: output) { Activations.geluTanh($0) }
        case .relu: multiply(input, layer, into: output) { Activations.relu($0) }
        }
    }

    @inline(__always)
    private func multiply(
        _ input: CPUMatrix, _ layer: LinearParameters<CPUParameter>, into output: CPUMatrix,
        then apply: (Lanes) -> Lanes
    ) {
        if let kernel = gemm.kernel, let panels = layer.weight.panels {
            PackedGEMM(kernel: kernel)
                .multiply(input, transposed: panels, bias: layer.bias.values, into: output, finish: apply)
        } else if let gemm = gemm.quantized, let panels = layer.weight.quantizedPanels {
            gemm.multiply(input, transposed: panels, bias: layer.bias.values, into: output, finish: apply)
        } else {
            GEMM.multiply(input, transposed: layer.weight, into: output)
            addBias(layer.bias, to: output, then: apply)
        }
    }

    @inline(__always)
    private func addBias(_ bias: CPUParameter, to output: CPUMatrix, then apply: (Lanes) -> Lanes) {
        unsafe bias.values.withUnsafeBufferPointer { biases in
            guard let bias = biases.baseAddress else { return }
            for index in 0..<output.rows {
                let row = unsafe output.row(index)
                for column in stride(from: 0, to: output.columns, by: 16) {
                    unsafe row.store(apply(row.lanes(at: column) + bias.lanes(at: column)), at: column)
                }
            }
        }
    }

    /// Kernels of our own: see <doc:0001-attention-kernel>.
    public func attention(
        _ packedQKV: CPUMatrix, headCount: Int, relativeBias: CPUParameter?, boundaries: TextBoundaries,
        into output: inout CPUMatrix
    ) {
        precondition(packedQKV.rows == boundaries.tokenCount && packedQKV.columns == 3 * output.columns)
        output.setRows(packedQKV.rows)
        let bias = relativeBias.map { RelativeBias($0, headCount: headCount) }
        Attention(headWidth: output.columns / headCount, bias: bias, kernel: gemm.kernel ?? .widest)(
            packedQKV, boundaries: boundaries, into: output)
    }

    /// One pass over each row: sum, mean, variance, scale.
    public func addNorm(_ input: CPUMatrix, to residual: inout CPUMatrix, _ norm: LayerNormParameters<CPUParameter>) {
        precondition(input.rows == residual.rows && input.columns == residual.columns)
        let (weight, bias) = (norm.weight.values, norm.bias.values)
        for index in 0..<residual.rows {
            let (source, row) = unsafe (input.row(index), residual.row(index))
            for column in stride(from: 0, to: residual.columns, by: 16) {
                unsafe row.store(row.lanes(at: column) + source.lanes(at: column), at: column)
            }
            unsafe LayerNorm.apply(row, count: residual.columns, weight: weight, bias: bias, epsilon: norm.epsilon)
        }
    }

    /// One pass over the rows of each text.
    public func pool(
        _ input: CPUMatrix, _ strategy: PoolingStrategy, boundaries: TextBoundaries, into output: inout CPUMatrix
    ) {
        precondition(input.rows == boundaries.tokenCount && input.columns == output.columns)
        output.setRows(boundaries.textCount)
        for text in 0..<boundaries.textCount {
            unsafe Pooling.apply(strategy, input, rows: boundaries.rows(ofText: text), into: output.row(text))
        }
    }

    /// Euclidean length 1 for every row.
    public func normalize(_ matrix: inout CPUMatrix) {
        for row in 0..<matrix.rows { unsafe Pooling.normalize(matrix.row(row), columns: matrix.columns) }
    }

    /// A copy; the processor has nothing to wait for.
    public func download(_ matrix: CPUMatrix) -> [Float] { matrix.values }
}
