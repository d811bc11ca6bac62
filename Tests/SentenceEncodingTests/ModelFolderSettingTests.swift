import SentenceEncoding
import Testing
import Tokenization

/// What is refused because of a setting that asks for something else than is computed.
@Suite("A model folder is refused for its settings")
struct ModelFolderSettingTests {
    @Test("whose configuration has a word where a number belongs")
    func wrongType() async throws {
        let (error, folder) = try await refusal { try $0.set(["hidden_size": "wide"], in: "config.json") }
        #expect(
            error == .malformedFile("\(folder)/config.json", reason: "hidden_size is not a whole number", .copyAgain))
    }

    @Test("whose configuration has a fraction where a whole number belongs")
    func fraction() async throws {
        let (error, folder) = try await refusal { try $0.set(["hidden_size": 32.5], in: "config.json") }
        let reason = "hidden_size is not a whole number"
        #expect(error == .malformedFile("\(folder)/config.json", reason: reason, .copyAgain))
    }

    @Test("whose configuration does not say what it is")
    func missingKey() async throws {
        let (error, folder) = try await refusal { try $0.set(["model_type": nil], in: "config.json") }
        let reason = "the key model_type is missing"
        #expect(error == .malformedFile("\(folder)/config.json", reason: reason, .copyAgain))
    }

    @Test("whose configuration is a list")
    func listInsteadOfObject() async throws {
        let (error, folder) = try await refusal { try $0.write("[]", to: "config.json") }
        #expect(error == .malformedFile("\(folder)/config.json", reason: "its content is not an object", .copyAgain))
    }

    // MARK: - config.json

    @Test(
        "that asks for something this encoder does not compute",
        arguments: [
            ("model_type", "roberta", "one of bert, mpnet"),
            ("hidden_act", "silu", "one of gelu, gelu_new, gelu_pytorch_tanh, relu"),
            ("position_embedding_type", "relative_key", "absolute"),
        ])
    func architecture(key: String, value: String, supported: String) async throws {
        try await expectUnsupported("config.json", key, value, supported: supported) {
            try $0.set([key: value], in: "config.json")
        }
    }

    @Test("that is a decoder, which sees only what came before")
    func decoder() async throws {
        try await expectUnsupported("config.json", "is_decoder", "true", supported: "false") {
            try $0.set(["is_decoder": true], in: "config.json")
        }
    }

    @Test("of MPNet that has another number of distance buckets than the reference computes")
    func buckets() async throws {
        try await expectUnsupported("config.json", "relative_attention_num_buckets", "64", supported: "32") {
            try $0.set(["model_type": "mpnet", "relative_attention_num_buckets": 64], in: "config.json")
        }
    }

    @Test("whose heads do not divide its width")
    func heads() async throws {
        let supported = "a divisor of hidden_size 32"
        try await expectUnsupported("config.json", "num_attention_heads", "5", supported: supported) {
            try $0.set(["num_attention_heads": 5], in: "config.json")
        }
    }

    @Test(
        "that has none of something",
        arguments: [
            "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
            "max_position_embeddings", "type_vocab_size",
        ])
    func zero(key: String) async throws {
        try await expectUnsupported("config.json", key, "0", supported: "a positive number") {
            try $0.set([key: 0], in: "config.json")
        }
    }

    @Test("whose variance offset is not positive")
    func epsilon() async throws {
        try await expectUnsupported("config.json", "layer_norm_eps", "0.0", supported: "a positive number") {
            try $0.set(["layer_norm_eps": 0], in: "config.json")
        }
    }

    @Test("whose width the backend cannot take", arguments: ["hidden_size", "intermediate_size"])
    func width(key: String) async throws {
        try await expectUnsupported("config.json", key, "40", supported: "a multiple of 16") {
            try $0.set([key: 40], in: "config.json")
            if key == "hidden_size" { try $0.set(["word_embedding_dimension": 40], in: "1_Pooling/config.json") }
        }
    }

    // MARK: - Tokenizer

    @Test("whose tokenizer is no WordPiece of BERT")
    func tokenizerClass() async throws {
        let (file, key) = ("tokenizer_config.json", "tokenizer_class")
        let supported = "one of BertTokenizer, MPNetTokenizer, PreTrainedTokenizerFast"
        try await expectUnsupported(file, key, "XLMRobertaTokenizerFast", supported: supported) {
            try $0.set([key: "XLMRobertaTokenizerFast"], in: file)
        }
    }

    @Test("whose tokenizer has more tokens than the model has rows")
    func moreTokens() async throws {
        let (error, folder) = try await refusal(loading: true) {
            try $0.set(["cls_token": "<s>", "additional_special_tokens": ["[QUERY]"]], in: "tokenizer_config.json")
        }
        #expect(error == .vocabularySize(path: folder, expected: 50, got: 52))
    }

    @Test("whose transformer is to do something else than give token vectors")
    func task() async throws {
        let file = "sentence_bert_config.json"
        let supported = "feature-extraction"
        try await expectUnsupported(file, "transformer_task", "sequence-classification", supported: supported) {
            try $0.set(["transformer_task": "sequence-classification"], in: file)
        }
    }

    // MARK: - Length limit

    @Test("whose length limit is above the number of positions, or leaves no room for text", arguments: [41, 2, 0, -1])
    func lengthLimit(limit: Int) async throws {
        let file = "sentence_bert_config.json"
        try await expectUnsupported(file, "max_seq_length", String(limit), supported: "3 to 40") {
            try $0.set(["max_seq_length": limit], in: file)
        }
    }

    // MARK: - Modules

    @Test(
        "with other modules than transformer, pooling and normalization",
        arguments: [
            ["Transformer"], ["Transformer", "Normalize"], ["Pooling", "Transformer"],
            ["Transformer", "Pooling", "Dense"], ["Transformer", "Pooling", "Normalize", "Dense"],
        ])
    func modules(types: [String]) async throws {
        try await expectUnsupported(
            "modules.json", "type", types.joined(separator: ", "),
            supported: "Transformer, Pooling and optionally Normalize"
        ) { folder in
            let classes = types.enumerated().map { index, type in
                #"{"name": "\#(index)", "path": "1_Pooling", "type": "sentence_transformers.models.\#(type)"}"#
            }
            try folder.write("[\(classes.joined(separator: ","))]", to: "modules.json")
        }
    }

    @Test("without modules")
    func noModules() async throws {
        try await expectUnsupported("modules.json", "type", "") { try $0.write("[]", to: "modules.json") }
    }

    // MARK: - Pooling

    private static let poolings: [(flags: [String], value: String)] = [
        (["mean_tokens", "max_tokens"], "max+mean"), (["cls_token", "mean_tokens"], "cls+mean"),
        (["lasttoken"], "lasttoken"), (["weightedmean_tokens"], "weightedmean"),
    ]

    @Test("whose flags choose several poolings, or one that is not computed", arguments: poolings)
    func oldPooling(flags: [String], value: String) async throws {
        try await expectUnsupported("1_Pooling/config.json", "pooling_mode", value) { folder in
            try folder.set(["pooling_mode_mean_tokens": false], in: "1_Pooling/config.json")
            for flag in flags { try folder.set(["pooling_mode_\(flag)": true], in: "1_Pooling/config.json") }
        }
    }

    @Test("whose pooling has a name that is not computed", arguments: ["lasttoken", "weightedmean", "Mean", ""])
    func newPooling(name: String) async throws {
        let supported = "one of cls, max, mean, mean_sqrt_len_tokens"
        try await expectUnsupported("1_Pooling/config.json", "pooling_mode", name, supported: supported) {
            try $0.write(#"{"embedding_dimension": 32, "pooling_mode": "\#(name)"}"#, to: "1_Pooling/config.json")
        }
    }

    @Test("whose pooling is a list of several names")
    func pooledTwice() async throws {
        try await expectUnsupported("1_Pooling/config.json", "pooling_mode", "cls+mean") {
            try $0.set(["pooling_mode": ["cls", "mean"]], in: "1_Pooling/config.json")
        }
    }

    @Test(
        "whose pooling has another width than the transformer",
        arguments: ["word_embedding_dimension", "embedding_dimension"])
    func poolingWidth(key: String) async throws {
        let supported = "32, the hidden_size of config.json"
        try await expectUnsupported("1_Pooling/config.json", key, "48", supported: supported) {
            try $0.write(#"{"\#(key)": 48, "pooling_mode": "mean"}"#, to: "1_Pooling/config.json")
        }
    }
}
