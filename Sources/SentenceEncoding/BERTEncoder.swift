package import Compute

/// BERT as a sentence encoder: token ids in, one vector a text out.
///
/// The transformer is that of Vaswani et al., "Attention Is All You Need" (arXiv:1706.03762), as the encoder of Devlin et
/// al., "BERT" (arXiv:1810.04805); the pooling is that of Reimers and Gurevych, "Sentence-BERT" (arXiv:1908.10084).
///
/// Shapes: N tokens of all texts in the chunk, B texts, H hidden, I intermediate. Texts stand one after another without
/// padding, and attention looks only inside the boundaries of a text; hence there is no mask. Dropout does nothing at
/// inference and the pooler head of BERT is not part of the sentence encoder, so neither appears here.
///
/// Every operation names the buffer it writes to, so nothing is allocated and each value's place can be read off.
/// Property paths are the names of the checkpoint's tensors.
package struct BERTEncoder<Backend: ComputeBackend>: Sendable {
    let backend: Backend
    let embeddings: Embeddings
    package let layers: [Layer]
    let headCount: Int
    let pooling: PoolingStrategy
    let normalizes: Bool
    let hiddenSize: Int
    let intermediateSize: Int

    /// Encodes the texts of a batch: `B · H` values, text by text.
    package func encode(_ batch: TokenBatch, using w: inout Workspace<Backend>) throws -> [Float] {
        embed(batch, &w)  // [N, H]
        for layer in layers { apply(layer, batch.boundaries, &w) }  // [N, H]
        pool(batch.boundaries, &w)  // [B, H]
        if normalizes { backend.normalize(&w.pooled) }  // [B, H]
        return try backend.download(w.pooled)
    }

    /// Word, position and token-type embeddings, summed and normalised.
    package func embed(_ batch: TokenBatch, _ w: inout Workspace<Backend>) {
        backend.embed(
            ids: batch.ids, positions: batch.positions, tables: embeddings.tables, norm: embeddings.layerNorm,
            into: &w.hidden)  // [N, H]
    }

    /// Self-attention and feed-forward network, each followed by a residual sum and a layer normalisation.
    package func apply(_ layer: Layer, _ boundaries: TextBoundaries, _ w: inout Workspace<Backend>) {
        let (attention, norms) = (layer.attention, layer.norms)
        backend.linear(w.hidden, attention.queryKeyValue, activation: .none, into: &w.packedQKV)  // [N, 3H]
        backend.attention(w.packedQKV, headCount: headCount, boundaries: boundaries, into: &w.context)  // [N, H]
        backend.linear(w.context, attention.output, activation: .none, into: &w.projected)  // [N, H]
        backend.addNorm(w.projected, to: &w.hidden, norms.attention)  // [N, H]
        backend.linear(w.hidden, layer.intermediate, activation: .gelu, into: &w.expanded)  // [N, I]
        backend.linear(w.expanded, layer.output, activation: .none, into: &w.projected)  // [N, H]
        backend.addNorm(w.projected, to: &w.hidden, norms.output)  // [N, H]
    }

    /// The tokens of each text as one vector.
    package func pool(_ boundaries: TextBoundaries, _ w: inout Workspace<Backend>) {
        backend.pool(w.hidden, pooling, boundaries: boundaries, into: &w.pooled)  // [B, H]
    }

    /// Buffers for chunks of at most `tokens` tokens.
    package func makeWorkspace(tokens: Int) -> Workspace<Backend> {
        Workspace(backend: backend, hiddenSize: hiddenSize, intermediateSize: intermediateSize, tokens: tokens)
    }
}

// MARK: - Parameters

extension BERTEncoder {
    typealias Linear = LinearParameters<Backend.Parameter>
    typealias Norm = LayerNormParameters<Backend.Parameter>

    /// What a token id, its position and its segment contribute.
    struct Embeddings: Sendable {
        let tables: EmbeddingTables<Backend.Parameter>  // [V, H], [P, H], [T, H]
        let layerNorm: Norm  // [H]
    }

    /// One transformer layer.
    package struct Layer: Sendable {
        let attention: Attention
        let intermediate: Linear  // [I, H]
        let output: Linear  // [H, I]
        let norms: Norms

        struct Attention: Sendable {
            let queryKeyValue: Linear  // [3H, H]: query, key and value below each other, one product instead of three
            let output: Linear  // [H, H]
        }

        struct Norms: Sendable {
            let attention: Norm  // [H]
            let output: Norm  // [H]
        }
    }
}
