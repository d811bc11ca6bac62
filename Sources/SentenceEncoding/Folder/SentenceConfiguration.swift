/// `sentence_bert_config.json`: what the sentence encoder does with tokenizer and transformer.
struct SentenceConfiguration {
    /// Whether letters become lower case before the tokenizer's own normalization.
    let lowercases: Bool
    private let settings: Settings
    private let maxTokens: (key: String, value: Int)?

    /// The names that the reference looks for, the first file with something in it counts.
    private static let names = [
        "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json",
        "sentence_camembert_config.json", "sentence_albert_config.json", "sentence_xlm-roberta_config.json",
        "sentence_xlnet_config.json",
    ]

    /// The file that counts in a folder.
    static func file(_ reader: FolderReader, in folder: String) throws(SentenceEncodingError) -> String {
        for name in names where reader.has(folder + name) {
            if try reader.json(folder + name).isTruthy { return folder + name }
        }
        return folder + names[0]
    }

    init(_ settings: Settings) throws(SentenceEncodingError) {
        self.settings = settings
        // Of two names for the same the older one counts.
        let arguments = [
            "model_kwargs", "model_args", "config_kwargs", "config_args", "processor_kwargs", "tokenizer_args",
        ]
        let known: Set = [
            "max_seq_length", "do_lower_case", "transformer_task", "modality_config", "module_output_name",
            "processing_kwargs", "unpad_inputs", "query_length", "document_length", "query_expansion",
            "tokenizer_name_or_path", "cache_dir", "backend",
        ]
        try settings.allowOnly(known.union(arguments))
        // `backend` and `unpad_inputs` choose among ways to the same vectors; a cache is for downloads.
        try settings.refuse("query_length", "document_length", "query_expansion", "tokenizer_name_or_path")
        let task = try settings.string("transformer_task") ?? "feature-extraction"
        try settings.require(task == "feature-extraction", "transformer_task", task, "feature-extraction")
        try Self.checkOutput(settings)
        lowercases = try settings.bool("do_lower_case") ?? false

        var limit = try settings.integer("max_seq_length").map { (key: "max_seq_length", value: $0) }
        for key in arguments {
            guard let object = try settings.object(key) else { continue }
            if key == "tokenizer_args" || key == "processor_kwargs" {
                try object.allowOnly(Self.harmlessArguments.union(["model_max_length"]))
                if let length = try object.integer("model_max_length") { limit = ("\(key).model_max_length", length) }
            } else {
                try object.allowOnly(Self.harmlessArguments.union(Self.harmlessModelArguments))
            }
        }
        maxTokens = try Self.callLimit(settings) ?? limit
    }

    /// What decides where a model comes from, and how it is computed.
    private static let harmlessArguments: Set<String> = [
        "trust_remote_code", "local_files_only", "cache_dir", "token", "revision", "use_fast",
        "clean_up_tokenization_spaces",
    ]
    private static let harmlessModelArguments: Set<String> = [
        "torch_dtype", "dtype", "attn_implementation", "add_pooling_layer", "use_cache", "low_cpu_mem_usage",
        "use_safetensors",
    ]

    /// Text goes in, the states of the last layer come out.
    private static func checkOutput(_ settings: Settings) throws(SentenceEncodingError) {
        let output = try settings.string("module_output_name")
        try settings.require(
            output ?? "token_embeddings" == "token_embeddings", "module_output_name", output ?? "", "token_embeddings")
        guard let modalities = try settings.object("modality_config") else { return }
        guard output != nil else { throw settings.malformed("module_output_name", "a text") }
        for kind in modalities.keys {
            try modalities.require(kind == "text", kind, modalities[kind]?.excerpt ?? "", "absent")
        }
        guard let text = try modalities.object("text") else { throw modalities.malformed("text", "an object") }
        try text.allowOnly(["method", "method_output_name", "format"])
        for (key, supported) in [("method", "forward"), ("method_output_name", "last_hidden_state")] {
            try text.require(text[key] == .string(supported), key, text[key]?.excerpt ?? "absent", supported)
        }
    }

    /// The limit that is set for each call of the tokenizer.
    private static func callLimit(_ settings: Settings) throws(SentenceEncodingError) -> (key: String, value: Int)? {
        guard let groups = try settings.object("processing_kwargs") else { return nil }
        var limit: (key: String, value: Int)?
        // The rest of them is for images, sounds and conversations.
        try groups.allowOnly(["text", "common", "image", "audio", "video", "chat_template"])
        for name in ["text", "common"] {
            guard let group = try groups.object(name) else { continue }
            try group.allowOnly(["max_length", "truncation", "padding", "logits_to_keep"])
            if let value = try group.integer("max_length") {
                limit = ("processing_kwargs.\(name).max_length", value)
            }
            let truncation = group["truncation"] ?? .bool(true)
            try group.require(
                [.bool(true), .string("longest_first"), .string("only_first")].contains(truncation), "truncation",
                truncation.excerpt, "true")
            let padding = group["padding"] ?? .bool(true)
            try group.require(
                [.bool(true), .string("longest"), .string("max_length")].contains(padding), "padding", padding.excerpt,
                "true")
        }
        return limit
    }

    /// The most tokens of a text.
    ///
    /// - Parameters:
    ///   - positions: How many tokens the transformer has positions for.
    ///   - tokenizerLimit: The tokenizer's own limit.
    ///   - minimum: What a text of one token needs.
    func lengthLimit(
        positions: Int, tokenizerLimit: Int?, minimum: Int
    ) throws(SentenceEncodingError) -> Int {
        guard let maxTokens else {
            let limit = min(positions, tokenizerLimit ?? positions)
            try settings.require(
                limit >= minimum, "max_seq_length", String(limit), "\(minimum) to \(positions)")
            return limit
        }
        try settings.require(
            maxTokens.value >= minimum && maxTokens.value <= positions, maxTokens.key, String(maxTokens.value),
            "\(minimum) to \(positions)")
        return maxTokens.value
    }
}
