package import Compute

/// BERT as a sentence encoder.
///
/// The transformer is that of Vaswani et al., "Attention Is All You Need" (arXiv:1706.03762), as the encoder of Devlin et
/// al., "BERT" (arXiv:1810.04805). ``TransformerEncoder`` explains shapes, buffers and what follows the last layer.
package struct BERTEncoder<Backend: ComputeBackend>: TransformerEncoder {
    package let backend: Backend
    package let configuration: TransformerConfiguration
    package let pooling: SentencePooling
    package let layers: [TransformerLayer<Backend>]
    private let embeddings: TransformerEmbeddings<Backend>

    /// Word, position and token-type embeddings, summed and normalised.
    package func embed(_ batch: TokenBatch, _ w: inout Workspace<Backend>) {
        backend.embed(
            ids: batch.ids, positions: batch.positions, tables: embeddings.tables, norm: embeddings.layerNorm,
            into: &w.hidden)  // [N, H]
    }

    /// Self-attention and feed-forward network, each followed by a residual sum and a layer normalisation.
    package func apply(
        _ layer: TransformerLayer<Backend>, _ boundaries: TextBoundaries, _ w: inout Workspace<Backend>
    ) {
        let (attention, norms) = (layer.attention, layer.norms)
        let (heads, activation) = (configuration.numAttentionHeads, configuration.hiddenAct)
        backend.linear(w.hidden, attention.queryKeyValue, activation: .none, into: &w.packedQKV)  // [N, 3H]
        backend.attention(w.packedQKV, headCount: heads, boundaries: boundaries, into: &w.context)  // [N, H]
        backend.linear(w.context, attention.output, activation: .none, into: &w.projected)  // [N, H]
        backend.addNorm(w.projected, to: &w.hidden, norms.attention)  // [N, H]
        backend.linear(w.hidden, layer.intermediate, activation: activation, into: &w.expanded)  // [N, I]
        backend.linear(w.expanded, layer.output, activation: .none, into: &w.projected)  // [N, H]
        backend.addNorm(w.projected, to: &w.hidden, norms.output)  // [N, H]
    }
}

// MARK: - Loading

extension BERTEncoder {
    /// Loads the tensors under the names that `BertModel` in Hugging Face transformers gives them.
    init(
        configuration: TransformerConfiguration, typeVocabSize: Int, pooling: SentencePooling, backend: Backend,
        tensor: @escaping TensorSource
    ) throws(SentenceEncodingError) {
        let (hidden, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        let loader = ParameterLoader(backend: backend, epsilon: configuration.layerNormEps, tensor: tensor)
        embeddings = TransformerEmbeddings(
            tables: EmbeddingTables(
                words: try loader.parameter("embeddings.word_embeddings.weight", [configuration.vocabSize, hidden]),
                positions: try loader.parameter(
                    "embeddings.position_embeddings.weight", [configuration.maxPositionEmbeddings, hidden]),
                tokenTypes: try loader.parameter("embeddings.token_type_embeddings.weight", [typeVocabSize, hidden])),
            layerNorm: try loader.norm("embeddings.LayerNorm", hidden))

        var layers: [TransformerLayer<Backend>] = []
        for index in 0..<configuration.numHiddenLayers {
            let prefix = "encoder.layer.\(index)"
            layers.append(
                TransformerLayer(
                    attention: TransformerLayer.Attention(
                        queryKeyValue: try loader.stacked(
                            ["query", "key", "value"].map { "\(prefix).attention.self.\($0)" }, [hidden, hidden]),
                        output: try loader.linear("\(prefix).attention.output.dense", [hidden, hidden])),
                    intermediate: try loader.linear("\(prefix).intermediate.dense", [inner, hidden]),
                    output: try loader.linear("\(prefix).output.dense", [hidden, inner]),
                    norms: TransformerLayer.Norms(
                        attention: try loader.norm("\(prefix).attention.output.LayerNorm", hidden),
                        output: try loader.norm("\(prefix).output.LayerNorm", hidden))))
        }
        self.layers = layers
        self.backend = backend
        self.configuration = configuration
        self.pooling = pooling
    }
}
