import CPUCompute
import Compute

/// The operations of a layer on a chunk of tokens, with operands that are neither zero nor all alike.
enum LayerBenchmarks {
    /// Linear layers of every shape on both engines, attention inside texts of several lengths, and the passes between them.
    static var all: [Microbenchmark] {
        linearLayers + [12, 60, 180, 256].map(attention) + [addNorm, embed, pool]
    }

    /// Each product on both engines one after the other, so that they share what the machine is doing.
    private static var linearLayers: [Microbenchmark] {
        let (hidden, intermediate) = (ModelShape.hiddenSize, ModelShape.intermediateSize)
        let layers: [(name: String, inputs: Int, outputs: Int, activation: Activation)] = [
            ("qkv", hidden, 3 * hidden, .none), ("attention output", hidden, hidden, .none),
            ("intermediate", hidden, intermediate, .gelu), ("output", intermediate, hidden, .none),
        ]
        return layers.flatMap { layer in
            [512, 60, 12].flatMap { rows in
                GEMMEngine.allCases.map { engine in
                    Microbenchmark(name: "gemm \(layer.name), \(rows) rows, \(engine)") {
                        linear(rows, layer.inputs, layer.outputs, layer.activation, engine)
                    }
                }
            }
        }
    }

    private static func linear(
        _ rows: Int, _ inputs: Int, _ outputs: Int, _ activation: Activation, _ engine: GEMMEngine
    ) -> PreparedOperation {
        let backend = CPUBackend(workerCount: 1, gemm: engine)
        let layer = LinearParameters(
            weight: backend.linearWeight(values(outputs * inputs), shape: [outputs, inputs]),
            bias: backend.parameter(values(outputs), shape: [outputs]))
        let input = matrix(backend, rows, inputs)
        var output = backend.makeMatrix(rowCapacity: rows, columns: outputs)
        return PreparedOperation(work: [.operations(2 * rows * inputs * outputs)]) {
            backend.linear(input, layer, activation: activation, into: &output)
        }
    }

    /// Scores, softmax and weighted sums of as many whole texts as a chunk holds; counted are the products.
    private static func attention(tokens: Int) -> Microbenchmark {
        Microbenchmark(name: "attention, texts of \(tokens) tokens") {
            let backend = CPUBackend(workerCount: 1)
            let texts = ModelShape.chunkTokens / tokens
            let boundaries = TextBoundaries(lengths: repeatElement(tokens, count: texts))
            let packedQKV = matrix(backend, texts * tokens, 3 * ModelShape.hiddenSize)
            var output = backend.makeMatrix(rowCapacity: texts * tokens, columns: ModelShape.hiddenSize)
            return PreparedOperation(work: [.operations(4 * texts * tokens * tokens * ModelShape.hiddenSize)]) {
                backend.attention(
                    packedQKV, headCount: ModelShape.headCount, boundaries: boundaries, into: &output)
            }
        }
    }

    /// For each value the sum (1), mean (1), variance (3), and scale and shift (4).
    private static var addNorm: Microbenchmark {
        Microbenchmark(name: "add and norm, 512 rows") {
            let backend = CPUBackend(workerCount: 1)
            let norm = layerNorm(backend)
            let input = matrix(backend, ModelShape.chunkTokens, ModelShape.hiddenSize)
            var residual = matrix(backend, ModelShape.chunkTokens, ModelShape.hiddenSize)
            return PreparedOperation(work: [.operations(9 * ModelShape.chunkTokens * ModelShape.hiddenSize)]) {
                backend.addNorm(input, to: &residual, norm)
            }
        }
    }

    /// For each value two sums and a normalization, of rows from all over the table of words.
    private static var embed: Microbenchmark {
        Microbenchmark(name: "embed, 512 tokens") {
            let backend = CPUBackend(workerCount: 1)
            func table(_ rows: Int) -> CPUParameter {
                backend.parameter(values(rows * ModelShape.hiddenSize), shape: [rows, ModelShape.hiddenSize])
            }
            let tables = EmbeddingTables(
                words: table(ModelShape.vocabularySize), positions: table(ModelShape.maxPositions),
                tokenTypes: table(2))
            let norm = layerNorm(backend)
            // A step without a common factor with the size of the vocabulary.
            let ids = (0..<ModelShape.chunkTokens).map { Int32($0 * 7_919 % ModelShape.vocabularySize) }
            let positions = ids.indices.map { Int32($0 % ModelShape.maxTokens) }
            var output = backend.makeMatrix(rowCapacity: ids.count, columns: ModelShape.hiddenSize)
            return PreparedOperation(work: [.operations(10 * ids.count * ModelShape.hiddenSize)]) {
                backend.embed(ids: ids, positions: positions, tables: tables, norm: norm, into: &output)
            }
        }
    }

    /// For each value of a token a sum, and for each of a vector the mean, its square's sum, and the scale.
    private static var pool: Microbenchmark {
        Microbenchmark(name: "pool and normalize, 8 texts of 64 tokens") {
            let backend = CPUBackend(workerCount: 1)
            let boundaries = TextBoundaries(lengths: repeatElement(64, count: 8))
            let input = matrix(backend, boundaries.tokenCount, ModelShape.hiddenSize)
            var pooled = backend.makeMatrix(rowCapacity: boundaries.textCount, columns: ModelShape.hiddenSize)
            let operations = (boundaries.tokenCount + 4 * boundaries.textCount) * ModelShape.hiddenSize
            return PreparedOperation(work: [.operations(operations)]) {
                backend.pool(input, .mean, boundaries: boundaries, into: &pooled)
                backend.normalize(&pooled)
            }
        }
    }

    private static func layerNorm(_ backend: CPUBackend) -> LayerNormParameters<CPUParameter> {
        let ones = backend.parameter(
            [Float](repeating: 1, count: ModelShape.hiddenSize), shape: [ModelShape.hiddenSize])
        return LayerNormParameters(weight: ones, bias: ones, epsilon: 1e-12)
    }

    private static func matrix(_ backend: CPUBackend, _ rows: Int, _ columns: Int) -> CPUMatrix {
        var matrix = backend.makeMatrix(rowCapacity: rows, columns: columns)
        matrix.values = values(rows * columns)
        return matrix
    }

    private static func values(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 97) / 97 - 0.5 } }
}
