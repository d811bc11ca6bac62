import Compute

/// Gives the values of a named tensor of the expected shape, row-major, or refuses.
typealias TensorSource = (_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> [Float]

/// Turns tensors into the backend's parameters.
struct ParameterLoader<Backend: ComputeBackend> {
    let backend: Backend
    let epsilon: Float
    let tensor: TensorSource

    func parameter(_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> Backend.Parameter {
        try parameter(try tensor(name, shape), shape)
    }

    /// A parameter that no tensor holds as it is.
    func parameter(_ values: [Float], _ shape: [Int]) throws(SentenceEncodingError) -> Backend.Parameter {
        do throws(Backend.Failure) {
            return try backend.parameter(values, shape: shape)
        } catch {
            throw .device(String(describing: error))
        }
    }

    private func linearWeight(_ values: [Float], _ shape: [Int]) throws(SentenceEncodingError) -> Backend.Parameter {
        do throws(Backend.Failure) {
            return try backend.linearWeight(values, shape: shape)
        } catch {
            throw .device(String(describing: error))
        }
    }

    func linear(_ name: String, _ shape: [Int]) throws(SentenceEncodingError) -> LinearParameters<Backend.Parameter> {
        LinearParameters(
            weight: try linearWeight(try tensor("\(name).weight", shape), shape),
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
        weights.reserveCapacity(names.count * shape[0] * shape[1])
        for name in names {
            weights += try tensor("\(name).weight", shape)
            biases += try tensor("\(name).bias", [shape[0]])
        }
        let rows = names.count * shape[0]
        return LinearParameters(
            weight: try linearWeight(weights, [rows, shape[1]]),
            bias: try parameter(biases, [rows]))
    }

    /// Word and position embeddings, with whatever the architecture has for segments.
    func embeddings(
        _ configuration: TransformerConfiguration, tokenTypes: Backend.Parameter
    ) throws(SentenceEncodingError) -> TransformerEmbeddings<Backend> {
        let hidden = configuration.hiddenSize
        return TransformerEmbeddings(
            tables: EmbeddingTables(
                words: try parameter("embeddings.word_embeddings.weight", [configuration.vocabSize, hidden]),
                positions: try parameter(
                    "embeddings.position_embeddings.weight", [configuration.maxPositionEmbeddings, hidden]),
                tokenTypes: tokenTypes),
            layerNorm: try norm("embeddings.LayerNorm", hidden))
    }

    /// All layers, whose parts but for those of attention have the same names everywhere.
    func layers(
        _ configuration: TransformerConfiguration, attention names: AttentionNames
    ) throws(SentenceEncodingError) -> [TransformerLayer<Backend>] {
        let (hidden, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        var layers: [TransformerLayer<Backend>] = []
        for index in 0..<configuration.numHiddenLayers {
            let prefix = "encoder.layer.\(index)"
            layers.append(
                TransformerLayer(
                    attention: TransformerLayer.Attention(
                        queryKeyValue: try stacked(
                            names.queryKeyValue.map { "\(prefix).attention.\($0)" }, [hidden, hidden]),
                        output: try linear("\(prefix).attention.\(names.output)", [hidden, hidden])),
                    intermediate: try linear("\(prefix).intermediate.dense", [inner, hidden]),
                    output: try linear("\(prefix).output.dense", [hidden, inner]),
                    norms: TransformerLayer.Norms(
                        attention: try norm("\(prefix).attention.\(names.norm)", hidden),
                        output: try norm("\(prefix).output.LayerNorm", hidden))))
        }
        return layers
    }
}

/// What an architecture calls the tensors below `attention` in each of its layers.
struct AttentionNames {
    let queryKeyValue: [String]
    let output: String
    let norm: String
}
