package import Compute

/// MPNet as a sentence encoder.
///
/// The transformer of Song et al., "MPNet: Masked and Permuted Pre-training for Language Understanding" (arXiv:2004.09297):
/// BERT's layers without segments, and with a bias in attention for how far a key stands from its query, which is the one
/// of Raffel et al., "T5" (arXiv:1910.10683), learned once for all layers. ``TransformerEncoder`` explains shapes, buffers
/// and what follows the last layer.
package struct MPNetEncoder<Backend: ComputeBackend>: TransformerEncoder {
    package let backend: Backend
    package let configuration: TransformerConfiguration
    package let pooling: SentencePooling
    package let layers: [TransformerLayer<Backend>]
    private let embeddings: TransformerEmbeddings<Backend>
    private let relativeAttentionBias: Backend.Parameter  // [A, 2P − 1], P = configuration.positionCount

    /// Word and position embeddings, summed and normalized.
    package func embed(_ batch: TokenBatch, _ w: inout Workspace<Backend>) {
        backend.embed(
            ids: batch.ids, positions: MPNetPositions.positions(of: batch), tables: embeddings.tables,
            norm: embeddings.layerNorm, into: &w.hidden)  // [N, H]
    }

    /// Self-attention and feed-forward network, each followed by a residual sum and a layer normalization.
    package func apply(
        _ layer: TransformerLayer<Backend>, _ boundaries: TextBoundaries, _ w: inout Workspace<Backend>
    ) {
        let (attention, norms) = (layer.attention, layer.norms)
        let (heads, activation) = (configuration.numAttentionHeads, configuration.hiddenAct)
        backend.linear(w.hidden, attention.queryKeyValue, activation: .none, into: &w.packedQKV)  // [N, 3H]
        backend.attention(
            w.packedQKV, headCount: heads, relativeBias: relativeAttentionBias, boundaries: boundaries,
            into: &w.context)  // [N, H]
        backend.linear(w.context, attention.output, activation: .none, into: &w.projected)  // [N, H]
        backend.addNorm(w.projected, to: &w.hidden, norms.attention)  // [N, H]
        backend.linear(w.hidden, layer.intermediate, activation: activation, into: &w.expanded)  // [N, I]
        backend.linear(w.expanded, layer.output, activation: .none, into: &w.projected)  // [N, H]
        backend.addNorm(w.projected, to: &w.hidden, norms.output)  // [N, H]
    }
}

// MARK: - Loading

extension MPNetEncoder {
    /// Loads the tensors under the names that `MPNetModel` in Hugging Face transformers gives them.
    init(
        configuration: TransformerConfiguration, pooling: SentencePooling, backend: Backend,
        tensor: @escaping TensorSource
    ) throws(SentenceEncodingError) {
        let (hidden, heads) = (configuration.hiddenSize, configuration.numAttentionHeads)
        let loader = ParameterLoader(backend: backend, epsilon: configuration.layerNormEps, tensor: tensor)
        // Zeros add nothing, and spare the backends a second form of the operation.
        embeddings = try loader.embeddings(
            configuration, tokenTypes: try loader.parameter([Float](repeating: 0, count: hidden), [1, hidden]))
        let buckets = try tensor("encoder.relative_attention_bias.weight", [MPNetPositions.bucketCount, heads])
        relativeAttentionBias = try loader.parameter(
            MPNetPositions.biases(ofBuckets: buckets, headCount: heads, longestText: configuration.positionCount),
            [heads, 2 * configuration.positionCount - 1])

        layers = try loader.layers(
            configuration,
            attention: AttentionNames(
                queryKeyValue: ["attn.q", "attn.k", "attn.v"], output: "attn.o", norm: "LayerNorm"))
        self.backend = backend
        self.configuration = configuration
        self.pooling = pooling
    }
}
