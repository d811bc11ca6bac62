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

    /// Word, position and token-type embeddings, summed and normalized.
    package func embed(_ batch: TokenBatch, _ w: inout Workspace<Backend>) {
        backend.embed(
            ids: batch.ids, positions: batch.positions, tables: embeddings.tables, norm: embeddings.layerNorm,
            into: &w.hidden)  // [N, H]
    }

    /// Self-attention and feed-forward network, each followed by a residual sum and a layer normalization.
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
        let loader = ParameterLoader(backend: backend, epsilon: configuration.layerNormEps, tensor: tensor)
        embeddings = try loader.embeddings(
            configuration,
            tokenTypes: try loader.parameter(
                "embeddings.token_type_embeddings.weight", [typeVocabSize, configuration.hiddenSize]))
        layers = try loader.layers(
            configuration,
            attention: AttentionNames(
                queryKeyValue: ["self.query", "self.key", "self.value"], output: "output.dense",
                norm: "output.LayerNorm"))
        self.backend = backend
        self.configuration = configuration
        self.pooling = pooling
    }
}
