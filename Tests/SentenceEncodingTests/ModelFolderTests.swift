import Checksum
import Compute
import ComputeTestSupport
import SentenceEncoding
import Testing
import Tokenization

@Suite("A model folder")
struct ModelFolderTests {
    @Test("gives everything that decides a vector")
    func toy() throws {
        let model = try ModelFolder(path: Fixtures.toyModel)
        #expect(model.name == "toy")
        #expect(model.configuration.architecture == .bert(typeVocabSize: 2))
        #expect(model.configuration.hiddenAct == .gelu)
        #expect(model.path == Fixtures.toyModel)
        #expect(model.configuration.vocabSize == 50)
        #expect(model.configuration.hiddenSize == 32)
        #expect(model.configuration.numHiddenLayers == 2)
        #expect(model.configuration.numAttentionHeads == 4)
        #expect(model.configuration.intermediateSize == 64)
        #expect(model.configuration.maxPositionEmbeddings == 40)
        #expect(model.configuration.layerNormEps == 1e-12)
        #expect(model.pooling == .mean)
        #expect(model.normalizes)
        #expect(model.maxTokens == 40)
        #expect(model.tokenizerOptions.lowercase)
        #expect(model.tokenizerOptions.stripAccents == nil)
        #expect(model.tokenizerOptions.handleChineseCharacters)
    }

    @Test("of all-MiniLM-L6-v2 has 256 tokens, mean pooling and normalization", .requiresWeights)
    func realModel() throws {
        let model = try ModelFolder(path: Fixtures.realModel)
        #expect(model.name == "all-MiniLM-L6-v2")
        #expect(model.configuration.hiddenSize == 384)
        #expect(model.configuration.numHiddenLayers == 6)
        #expect(model.configuration.layerNormEps == 1e-12)
        #expect(model.maxTokens == 256)
        #expect(model.pooling == .mean)
        #expect(model.normalizes)
    }

    // MARK: - Length limit

    @Test("takes the limit from sentence_bert_config.json, whatever the tokenizer's files say")
    func lengthLimit() async throws {
        try await withToyModel { folder in
            try folder.set(["max_position_embeddings": 512], in: "config.json")
            try folder.set(["max_seq_length": 256], in: "sentence_bert_config.json")
            try folder.set(["model_max_length": 512], in: "tokenizer_config.json")
            #expect(try ModelFolder(path: folder.path).maxTokens == 256)
        }
    }

    @Test(
        "falls back to the tokenizer's limit where no other is given, or to the number of positions",
        arguments: [(nil, 40), (39, 39), (41, 40), (1e30, 40)] as [(Double?, Int)])
    func noLengthLimit(modelMaxLength: Double?, limit: Int) async throws {
        try await withToyModel { folder in
            try folder.set(["max_seq_length": nil], in: "sentence_bert_config.json")
            try folder.set(["model_max_length": modelMaxLength], in: "tokenizer_config.json")
            #expect(try ModelFolder(path: folder.path).maxTokens == limit)
        }
    }

    @Test("of MPNet has two positions less than rows in their table")
    func mpnetPositions() async throws {
        try await withModel(Fixtures.path("architectures/mpnet")) { folder in
            try folder.set(["max_seq_length": nil], in: "sentence_bert_config.json")
            #expect(try ModelFolder(path: folder.path).maxTokens == 150)
        }
    }

    // MARK: - Modules

    @Test(
        "knows modules by the last part of their class names",
        arguments: [
            [
                "sentence_transformers.base.modules.transformer.Transformer",
                "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
                "sentence_transformers.sentence_transformer.modules.normalize.Normalize",
            ],
            [
                "sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling",
                "sentence_transformers.models.Normalize",
            ],
        ])
    func classNames(types: [String]) async throws {
        try await withToyModel { folder in
            try folder.setModules(types[0], types[1], types[2])
            let model = try ModelFolder(path: folder.path)
            #expect(model.normalizes)
            #expect(model.pooling == .mean)
        }
    }

    @Test("does not normalize where modules.json has no Normalize")
    func withoutNormalize() async throws {
        try await withToyModel { folder in
            try folder.setModules("sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling")
            #expect(try !ModelFolder(path: folder.path).normalizes)
        }
    }

    // MARK: - Pooling

    private static let oldForm = [
        ("pooling_mode_cls_token", PoolingStrategy.cls), ("pooling_mode_max_tokens", .max),
        ("pooling_mode_mean_tokens", .mean), ("pooling_mode_mean_sqrt_len_tokens", .meanSqrtLength),
    ]

    @Test("reads the old form of a pooling, one flag a strategy", arguments: oldForm)
    func oldPooling(key: String, strategy: PoolingStrategy) async throws {
        try await withToyModel { folder in
            try folder.set(["pooling_mode_mean_tokens": false], in: "1_Pooling/config.json")
            try folder.set([key: true], in: "1_Pooling/config.json")
            #expect(try ModelFolder(path: folder.path).pooling == strategy)
        }
    }

    private static let newForm = [
        ("cls", PoolingStrategy.cls), ("max", .max), ("mean", .mean), ("mean_sqrt_len_tokens", .meanSqrtLength),
    ]

    @Test("reads the new form of a pooling, one name", arguments: newForm)
    func newPooling(name: String, strategy: PoolingStrategy) async throws {
        try await withToyModel { folder in
            let configuration = #"{"embedding_dimension": 32, "pooling_mode": "\#(name)", "include_prompt": true}"#
            try folder.write(configuration, to: "1_Pooling/config.json")
            #expect(try ModelFolder(path: folder.path).pooling == strategy)
        }
    }

    // MARK: - Tokenizer

    @Test("hands the tokenizer's settings on")
    func tokenizerOptions() async throws {
        try await withToyModel { folder in
            let settings = ["do_lower_case": false, "strip_accents": true, "tokenize_chinese_chars": false]
            try folder.set(settings, in: "tokenizer_config.json")
            let options = try ModelFolder(path: folder.path).tokenizerOptions
            #expect(!options.lowercase)
            #expect(options.stripAccents == true)
            #expect(!options.handleChineseCharacters)
        }
    }

    @Test("spells special tokens as the folder does, by themselves or as objects; else as the tokenizer's class does")
    func specialTokens() async throws {
        let file = "tokenizer_config.json"
        let keys = ["cls_token", "sep_token", "unk_token", "pad_token", "mask_token"]
        func spellings(_ folder: ModelFolderCopy) throws -> [String] {
            let model = try ModelFolder(path: folder.path)
            let options = model.tokenizerOptions
            return options.leadingTokens + options.trailingTokens
                + [options.unknownToken, model.paddingToken, try #require(model.maskToken)]
        }
        try await withToyModel { folder in
            for (index, key) in keys.enumerated() {
                try folder.set(
                    [key: index.isMultiple(of: 2) ? "<\(key)>" : ["content": "<\(key)>", "lstrip": false]], in: file)
            }
            #expect(try spellings(folder) == keys.map { "<\($0)>" })
            try folder.set(Dictionary(uniqueKeysWithValues: keys.map { ($0, nil) }), in: file)
            #expect(try spellings(folder) == ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"])
            try folder.set(["tokenizer_class": "MPNetTokenizerFast"], in: file)
            #expect(try spellings(folder) == ["<s>", "</s>", "[UNK]", "<pad>", "<mask>"])
        }
    }

    @Test("lowers case where either file says so, and leaves accents alone where only sentence_bert_config.json does")
    func lowercaseInFront() async throws {
        try await withToyModel { folder in
            for (tokenizer, front, lowers, strips) in [
                (true, false, true, nil), (true, true, true, nil), (false, true, true, false),
                (false, false, false, nil),
            ] as [(Bool, Bool, Bool, Bool?)] {
                try folder.set(["do_lower_case": tokenizer], in: "tokenizer_config.json")
                try folder.set(["do_lower_case": front], in: "sentence_bert_config.json")
                let options = try ModelFolder(path: folder.path).tokenizerOptions
                #expect(options.lowercase == lowers && options.stripAccents == strips)
            }
        }
    }

    // MARK: - Checksums

    @Test("is not checked where it has no SHA256SUMS, and passes where all files have their checksums")
    func checksums() async throws {
        try await withToyModel { folder in
            var lines = ""
            for file in [
                "model.safetensors", "vocab.txt", "config.json", "modules.json", "1_Pooling/config.json",
                "sentence_bert_config.json", "tokenizer_config.json",
            ] {
                lines += "\(try SHA256Hasher.digest(ofFileAt: folder.file(file)))  \(file)\n"
            }
            _ = try ModelFolder(path: folder.path)
            try folder.write(lines, to: "SHA256SUMS")
            _ = try ModelFolder(path: folder.path)
        }
    }
}
