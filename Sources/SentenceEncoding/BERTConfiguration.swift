import FoundationEssentials

/// The hyperparameters of a BERT encoder, under the key names of its `config.json`.
///
/// Source: `BertConfig` of Hugging Face transformers. Keys that only matter in training are ignored.
public struct BERTConfiguration: Sendable, Equatable, Decodable {
    /// The architecture; only `bert` is read by this type.
    public let modelType: String
    /// V, the number of entries of the vocabulary.
    public let vocabSize: Int
    /// H, the width of a token's vector and of the result.
    public let hiddenSize: Int
    /// The number of transformer layers.
    public let numHiddenLayers: Int
    /// A, the number of attention heads; each is H / A wide.
    public let numAttentionHeads: Int
    /// I, the width of the feed-forward layer.
    public let intermediateSize: Int
    /// The activation of the feed-forward layer.
    public let hiddenAct: String
    /// P, the number of positions with an embedding.
    public let maxPositionEmbeddings: Int
    /// The number of segment types.
    public let typeVocabSize: Int
    /// The offset of the variance in every layer normalisation.
    public let layerNormEps: Float
    /// How positions enter; absent means `absolute`.
    public let positionEmbeddingType: String?

    /// Refuses, by name, whatever this encoder does not compute.
    func validate(file: String) throws(SentenceEncodingError) {
        func require(_ holds: Bool, _ key: String, _ value: String, _ supported: String) throws(SentenceEncodingError) {
            guard holds else { throw .unsupported(file: file, key: key, value: value, supported: supported) }
        }
        let positions = positionEmbeddingType ?? "absolute"
        try require(modelType == "bert", "model_type", modelType, "bert")
        try require(hiddenAct == "gelu", "hidden_act", hiddenAct, "gelu")
        try require(positions == "absolute", "position_embedding_type", positions, "absolute")
        for (key, value) in [
            ("vocab_size", vocabSize), ("hidden_size", hiddenSize), ("num_hidden_layers", numHiddenLayers),
            ("num_attention_heads", numAttentionHeads), ("intermediate_size", intermediateSize),
            ("max_position_embeddings", maxPositionEmbeddings), ("type_vocab_size", typeVocabSize),
        ] {
            try require(value > 0, key, String(value), "a positive number")
        }
        try require(
            hiddenSize.isMultiple(of: numAttentionHeads), "num_attention_heads", String(numAttentionHeads),
            "a divisor of hidden_size \(hiddenSize)")
        try require(layerNormEps > 0, "layer_norm_eps", String(layerNormEps), "a positive number")
    }
}
