package import Compute

/// What a sentence encoder does with a transformer, whichever it is: token ids in, one vector a text out.
///
/// The architectures differ in ``embed(_:_:)`` and ``apply(_:_:_:)``, and each conforming type reads from top to bottom like
/// its paper. The pooling that follows is that of Reimers and Gurevych, "Sentence-BERT" (arXiv:1908.10084).
///
/// Shapes: N tokens of all texts in the chunk, B texts, H hidden, I intermediate. Texts stand one after another without
/// padding, and attention looks only inside the boundaries of a text; hence there is no mask. Dropout does nothing at
/// inference and the heads of pre-training are not part of the sentence encoder, so neither appears here.
///
/// Every operation names the buffer it writes to, so nothing is allocated and each value's place can be read off.
package protocol TransformerEncoder<Backend>: Sendable {
    associatedtype Backend: ComputeBackend

    /// Where it runs.
    var backend: Backend { get }
    /// The hyperparameters.
    var configuration: TransformerConfiguration { get }
    /// What follows the last layer.
    var pooling: SentencePooling { get }
    /// The layers in the order of their application.
    var layers: [TransformerLayer<Backend>] { get }

    /// What each token and its position contribute, summed and normalized: `[N, H]` in `hidden`.
    func embed(_ batch: TokenBatch, _ w: inout Workspace<Backend>)

    /// Self-attention and feed-forward network, each followed by a residual sum and a layer normalization.
    func apply(_ layer: TransformerLayer<Backend>, _ boundaries: TextBoundaries, _ w: inout Workspace<Backend>)
}

extension TransformerEncoder {
    /// Encodes the texts of a batch: `B · H` values, text by text.
    package func encode(_ batch: TokenBatch, using w: inout Workspace<Backend>) throws -> [Float] {
        embed(batch, &w)  // [N, H]
        for layer in layers { apply(layer, batch.boundaries, &w) }  // [N, H]
        pool(batch.boundaries, &w)  // [B, H]
        if pooling.normalizes { backend.normalize(&w.pooled) }  // [B, H]
        return try backend.download(w.pooled)
    }

    /// The tokens of each text as one vector.
    package func pool(_ boundaries: TextBoundaries, _ w: inout Workspace<Backend>) {
        backend.pool(w.hidden, pooling.strategy, boundaries: boundaries, into: &w.pooled)  // [B, H]
    }

    /// Buffers for chunks of at most `tokens` tokens.
    package func makeWorkspace(tokens: Int) throws(Backend.Failure) -> Workspace<Backend> {
        try Workspace(
            backend: backend, hiddenSize: configuration.hiddenSize, intermediateSize: configuration.intermediateSize,
            tokens: tokens)
    }
}

/// How the tokens of a text become its vector.
package struct SentencePooling: Sendable {
    /// How many rows become one.
    let strategy: PoolingStrategy
    /// Whether the result is scaled to length 1.
    let normalizes: Bool
}

/// The parameters of one transformer layer, which are the same in BERT and MPNet.
package struct TransformerLayer<Backend: ComputeBackend>: Sendable {
    typealias Linear = LinearParameters<Backend.Parameter>
    typealias Norm = LayerNormParameters<Backend.Parameter>

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

/// What a token id, its position and its segment contribute.
struct TransformerEmbeddings<Backend: ComputeBackend>: Sendable {
    let tables: EmbeddingTables<Backend.Parameter>  // [V, H], [P, H], [T, H]
    let layerNorm: LayerNormParameters<Backend.Parameter>  // [H]
}
