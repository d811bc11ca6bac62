public import Compute

/// The hyperparameters of an encoder, under the key names of its `config.json`.
///
/// Source: `BertConfig` and `MPNetConfig` of Hugging Face transformers. Keys that only matter in training are ignored.
public struct TransformerConfiguration: Sendable, Equatable {
    /// What is computed with the weights.
    public enum Architecture: Sendable, Equatable {
        /// `bert`, with so many segment types.
        case bert(typeVocabSize: Int)
        /// `mpnet`.
        case mpnet
    }

    /// The architecture, `model_type` in the file.
    public let architecture: Architecture
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
    public let hiddenAct: Activation
    /// P, the number of rows of the position table.
    public let maxPositionEmbeddings: Int
    /// The offset of the variance in every layer normalisation.
    public let layerNormEps: Float

    /// The most tokens that have a position each.
    public var positionCount: Int {
        switch architecture {
        case .bert: maxPositionEmbeddings
        case .mpnet: maxPositionEmbeddings - MPNetPositions.first
        }
    }

    /// The name of the architecture in `config.json`.
    public var modelType: String {
        switch architecture {
        case .bert: "bert"
        case .mpnet: "mpnet"
        }
    }
}

// MARK: - Reading

extension TransformerConfiguration {
    /// The keys as they are, before anything is checked.
    private struct File: Decodable {
        let modelType: String
        let vocabSize, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, maxPositionEmbeddings: Int
        let hiddenAct: String
        let layerNormEps: Float
        let typeVocabSize, relativeAttentionNumBuckets: Int?
        let positionEmbeddingType: String?
        let isDecoder: Bool?
    }

    /// Reads `config.json` and refuses, by name, whatever the encoders do not compute.
    init(_ reader: FolderReader, file: String) throws(SentenceEncodingError) {
        let values = try reader.decode(File.self, from: file)
        func require(_ holds: Bool, _ key: String, _ value: String, _ supported: String) throws(SentenceEncodingError) {
            guard holds else {
                throw .unsupported(file: reader.path(file), key: key, value: value, supported: supported)
            }
        }
        func requirePositive(_ sizes: [(String, Int)]) throws(SentenceEncodingError) {
            for (key, value) in sizes { try require(value > 0, key, String(value), "a positive number") }
        }

        switch values.modelType {
        case "bert":
            let positions = values.positionEmbeddingType ?? "absolute"
            try require(positions == "absolute", "position_embedding_type", positions, "absolute")
            guard let typeVocabSize = values.typeVocabSize else {
                throw .malformedFile(reader.path(file), reason: "the key for typeVocabSize is missing")
            }
            try requirePositive([("type_vocab_size", typeVocabSize)])
            architecture = .bert(typeVocabSize: typeVocabSize)
        case "mpnet":
            let buckets = values.relativeAttentionNumBuckets ?? MPNetPositions.bucketCount
            try require(
                buckets == MPNetPositions.bucketCount, "relative_attention_num_buckets", String(buckets),
                String(MPNetPositions.bucketCount))
            architecture = .mpnet
        default:
            throw .unsupported(
                file: reader.path(file), key: "model_type", value: values.modelType, supported: "one of bert, mpnet")
        }
        try require(values.isDecoder != true, "is_decoder", "true", "false")
        hiddenAct = try Activation(values.hiddenAct, file: reader.path(file))
        try requirePositive([
            ("vocab_size", values.vocabSize), ("hidden_size", values.hiddenSize),
            ("num_hidden_layers", values.numHiddenLayers), ("num_attention_heads", values.numAttentionHeads),
            ("intermediate_size", values.intermediateSize),
            ("max_position_embeddings", values.maxPositionEmbeddings),
        ])
        try require(
            values.hiddenSize.isMultiple(of: values.numAttentionHeads), "num_attention_heads",
            String(values.numAttentionHeads), "a divisor of hidden_size \(values.hiddenSize)")
        try require(values.layerNormEps > 0, "layer_norm_eps", String(values.layerNormEps), "a positive number")
        (vocabSize, hiddenSize) = (values.vocabSize, values.hiddenSize)
        (numHiddenLayers, numAttentionHeads) = (values.numHiddenLayers, values.numAttentionHeads)
        (intermediateSize, maxPositionEmbeddings) = (values.intermediateSize, values.maxPositionEmbeddings)
        layerNormEps = values.layerNormEps
    }
}

extension Activation {
    /// The names of `ACT2FN` in transformers; the reference's two forms of the approximation differ by rounding alone.
    fileprivate init(_ name: String, file: String) throws(SentenceEncodingError) {
        switch name {
        case "gelu": self = .gelu
        case "gelu_new", "gelu_pytorch_tanh": self = .geluTanh
        case "relu": self = .relu
        default:
            throw .unsupported(
                file: file, key: "hidden_act", value: name,
                supported: "one of gelu, gelu_new, gelu_pytorch_tanh, relu")
        }
    }
}
