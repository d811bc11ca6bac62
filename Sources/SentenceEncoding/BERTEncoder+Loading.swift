package import Compute

/// Gives the values of a named tensor of the expected shape, row-major, or refuses.
package typealias TensorSource = (_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> [Float]

extension BERTEncoder {
    /// Loads an encoder from a source of tensors, which may be a checkpoint or a test's toy.
    ///
    /// The names are those of `BertModel` in Hugging Face transformers. Query, key and value are put below each other.
    package init(
        configuration: BERTConfiguration, pooling: PoolingStrategy, normalizes: Bool, backend: Backend,
        tensor: @escaping TensorSource
    ) throws(SentenceEncodingError) {
        let (hidden, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        let loader = ParameterLoader(backend: backend, epsilon: configuration.layerNormEps, tensor: tensor)
        let tables = EmbeddingTables(
            words: try loader.parameter("embeddings.word_embeddings.weight", [configuration.vocabSize, hidden]),
            positions: try loader.parameter(
                "embeddings.position_embeddings.weight", [configuration.maxPositionEmbeddings, hidden]),
            tokenTypes: try loader.parameter(
                "embeddings.token_type_embeddings.weight", [configuration.typeVocabSize, hidden]))
        embeddings = Embeddings(tables: tables, layerNorm: try loader.norm("embeddings.LayerNorm", hidden))

        var layers: [Layer] = []
        for index in 0..<configuration.numHiddenLayers {
            let prefix = "encoder.layer.\(index)"
            let attention = Layer.Attention(
                queryKeyValue: try loader.stacked(
                    ["query", "key", "value"].map { "\(prefix).attention.self.\($0)" }, [hidden, hidden]),
                output: try loader.linear("\(prefix).attention.output.dense", [hidden, hidden]))
            let norms = Layer.Norms(
                attention: try loader.norm("\(prefix).attention.output.LayerNorm", hidden),
                output: try loader.norm("\(prefix).output.LayerNorm", hidden))
            layers.append(
                Layer(
                    attention: attention,
                    intermediate: try loader.linear("\(prefix).intermediate.dense", [inner, hidden]),
                    output: try loader.linear("\(prefix).output.dense", [hidden, inner]),
                    norms: norms))
        }
        self.layers = layers
        self.backend = backend
        self.pooling = pooling
        self.normalizes = normalizes
        headCount = configuration.numAttentionHeads
        hiddenSize = hidden
        intermediateSize = inner
    }
}

/// Turns tensors into the backend's parameters.
private struct ParameterLoader<Backend: ComputeBackend> {
    let backend: Backend
    let epsilon: Float
    let tensor: TensorSource

    func parameter(_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> Backend.Parameter {
        backend.parameter(try tensor(name, shape), shape: shape)
    }

    func linear(_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> LinearParameters<Backend.Parameter> {
        LinearParameters(
            weight: backend.linearWeight(try tensor("\(name).weight", shape), shape: shape),
            bias: try parameter("\(name).bias", [shape[0]]))
    }

    func norm(_ name: String, _ width: Int) throws(SentenceEncodingError) -> LayerNormParameters<Backend.Parameter> {
        LayerNormParameters(
            weight: try parameter("\(name).weight", [width]), bias: try parameter("\(name).bias", [width]),
            epsilon: epsilon)
    }

    /// Layers of equal shape `[M, K]` as one of shape `[count · M, K]`.
    func stacked(
        _ names: [String], _ shape: [Int]
    ) throws(SentenceEncodingError) -> LinearParameters<Backend.Parameter> {
        var weights: [Float] = []
        var biases: [Float] = []
        for name in names {
            weights += try tensor("\(name).weight", shape)
            biases += try tensor("\(name).bias", [shape[0]])
        }
        let rows = names.count * shape[0]
        return LinearParameters(
            weight: backend.linearWeight(weights, shape: [rows, shape[1]]),
            bias: backend.parameter(biases, shape: [rows]))
    }
}
