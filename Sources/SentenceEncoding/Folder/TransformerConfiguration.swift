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
    /// The offset of the variance in every layer normalization.
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
    /// Reads `config.json` and refuses, by name, whatever the encoders do not compute; absent keys have the defaults of
    /// `BertConfig` or `MPNetConfig`.
    init(_ settings: Settings) throws(SentenceEncodingError) {
        try settings.allowOnly(Self.knownKeys)
        guard let modelType = try settings.string("model_type") else {
            throw settings.reader.malformed(settings.file, "the key model_type is missing")
        }
        try settings.require(modelType == "bert" || modelType == "mpnet", "model_type", modelType, "one of bert, mpnet")
        let isMPNet = modelType == "mpnet"

        /// Python has no whole number in the place of null, and fails.
        func size(_ key: String, _ absent: Int) throws(SentenceEncodingError) -> Int {
            guard settings.has(key) else { return absent }
            guard let value = try settings.integer(key) else { throw settings.malformed(key, "a whole number") }
            try settings.require(value > 0, key, String(value), "a positive number")
            return value
        }
        if isMPNet {
            let buckets = try size("relative_attention_num_buckets", MPNetPositions.bucketCount)
            try settings.require(
                buckets == MPNetPositions.bucketCount, "relative_attention_num_buckets", String(buckets),
                String(MPNetPositions.bucketCount))
            architecture = .mpnet
        } else {
            let positions = try settings.string("position_embedding_type") ?? "absolute"
            try settings.require(positions == "absolute", "position_embedding_type", positions, "absolute")
            architecture = .bert(typeVocabSize: try size("type_vocab_size", 2))
        }
        for key in ["is_decoder", "add_cross_attention", "is_encoder_decoder"] {
            try settings.require(try settings.bool(key) != true, key, "true", "false")
        }
        try settings.refuse("auto_map", "pruned_heads", "adapters", "quantization_config", "processor_class")

        hiddenAct = try Activation(settings, key: "hidden_act")
        vocabSize = try size("vocab_size", isMPNet ? 30527 : 30522)
        hiddenSize = try size("hidden_size", 768)
        numHiddenLayers = try size("num_hidden_layers", 12)
        numAttentionHeads = try size("num_attention_heads", 12)
        intermediateSize = try size("intermediate_size", 3072)
        maxPositionEmbeddings = try size("max_position_embeddings", 512)
        try settings.require(
            hiddenSize.isMultiple(of: numAttentionHeads), "num_attention_heads", String(numAttentionHeads),
            "a divisor of hidden_size \(hiddenSize)")
        try settings.require(settings["layer_norm_eps"] != .null, "layer_norm_eps", "null", "a positive number")
        layerNormEps = try settings.float("layer_norm_eps") ?? 1e-12
        try settings.require(layerNormEps > 0, "layer_norm_eps", String(layerNormEps), "a positive number")
    }

    /// What is read above.
    private static let readKeys: Set<String> = [
        "model_type", "relative_attention_num_buckets", "position_embedding_type", "type_vocab_size", "is_decoder",
        "add_cross_attention", "is_encoder_decoder", "auto_map", "pruned_heads", "adapters", "quantization_config",
        "processor_class", "hidden_act", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "max_position_embeddings", "layer_norm_eps", "tokenizer_class",
    ]

    /// What matters in training, in generating text, in other heads than a sentence encoder's, or to nobody.
    private static let harmlessKeys: Set<String> = [
        // Where the file comes from.
        "_name_or_path", "name_or_path", "_commit_hash", "architectures", "transformers_version", "model_card",
        "language", "license", "finetuning_task", "task_specific_params", "sentence_transformers", "unsloth_version",
        // Training.
        "attention_probs_dropout_prob", "hidden_dropout_prob", "classifier_dropout", "initializer_range",
        "gradient_checkpointing", "layerdrop", "problem_type", "tie_word_embeddings", "tie_encoder_decoder",
        // How it is computed, not what: the number format of the file, memory, and what is returned besides.
        "torch_dtype", "dtype", "use_bfloat16", "torchscript", "tf_legacy_loss", "use_cache", "output_past",
        "chunk_size_feed_forward", "output_attentions", "output_hidden_states", "return_dict", "use_return_dict",
        "attn_implementation", "_attn_implementation", "_attn_implementation_autoset", "_experts_implementation",
        // Other heads.
        "id2label", "label2id", "num_labels", "_num_labels", "pooler_fc_size", "pooler_num_attention_heads",
        "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type", "directionality", "cross_attention_hidden_size",
        // Ids for those who make text; both architectures have their padding id built in.
        "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "decoder_start_token_id",
        "forced_bos_token_id", "forced_eos_token_id", "suppress_tokens", "begin_suppress_tokens", "bad_words_ids",
        "max_length", "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups",
        "diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty",
        "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "num_return_sequences", "output_scores",
        "return_dict_in_generate", "remove_invalid_values", "exponential_decay_length_penalty", "prefix",
    ]

    private static let knownKeys = readKeys.union(harmlessKeys)
}

extension Activation {
    /// The names of `ACT2FN` in transformers; the reference's forms of the approximation differ by rounding alone.
    fileprivate init(_ settings: Settings, key: String) throws(SentenceEncodingError) {
        guard settings.has(key) else {
            self = .gelu
            return
        }
        let name = try settings.string(key) ?? "null"
        switch name {
        case "gelu", "gelu_python": self = .gelu
        case "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate": self = .geluTanh
        case "relu": self = .relu
        default: throw settings.unsupported(key, name, "one of gelu, gelu_new, gelu_pytorch_tanh, relu")
        }
    }
}
