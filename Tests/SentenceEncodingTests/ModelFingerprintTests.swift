import Checksum
import ComputeTestSupport
import Foundation
import SentenceEncoding
import Testing

@Suite("The fingerprint of a model")
struct ModelFingerprintTests {
    private static let template = "{title:2048} {title:2048} {description:16384}"

    private func fingerprint(
        _ folder: ModelFolderCopy, template: String = ModelFingerprintTests.template
    ) throws -> String {
        try ModelFingerprint(of: ModelFolder(path: folder.path), template: template).hexadecimal
    }

    @Test("is the SHA-256 of nine lines, and one for each setting that is not the default of BERT")
    func lines() throws {
        let text = """
            embedding-job fingerprint 1
            weights=\(try SHA256Hasher.digest(ofFileAt: Fixtures.path("toy/model.safetensors")))
            vocabulary=\(try SHA256Hasher.digest(ofFileAt: Fixtures.path("toy/vocab.txt")))
            lowercase=true
            pooling=mean
            max_length=40
            normalise=true
            template={title:2048} {title:2048} {description:16384}
            numerics=1
            num_attention_heads=4

            """
        let expected = try SHA256Hasher.digest(of: text)
        let actual = try ModelFingerprint(of: ModelFolder(path: Fixtures.toyModel), template: Self.template)
        #expect(actual.digest == expected)
        #expect(actual.hexadecimal == expected.hexadecimal)
        #expect(actual.description == expected.hexadecimal.prefix(12))
    }

    @Test("of all-MiniLM-L6-v2 is the one in databases that exist", .requiresWeights)
    func realModel() throws {
        let fingerprint = try ModelFingerprint(of: ModelFolder(path: Fixtures.realModel), template: Self.template)
        #expect(fingerprint.hexadecimal == "94e8dce86ba30ef5e0036899c88173e91cbd4159704d4aa7067ca0e13d15bbc0")
        #expect(fingerprint.lines.count == 9)
    }

    /// Weights and vocabulary apart, the fixture says what the files of all-mpnet-base-v2 say.
    ///
    /// Both digests are those of the files on the hub.
    @Test(
        "of all-mpnet-base-v2 is the one of its canary and of databases that exist, with tokenizer.json and without",
        arguments: [false, true])
    func realMPNet(hasTokenizerFile: Bool) async throws {
        try await withModel(Fixtures.path("architectures/mpnet")) { folder in
            try folder.set(["num_attention_heads": 4, "layer_norm_eps": 1e-5], in: "config.json")
            if hasTokenizerFile {
                let tokens = String(decoding: try folder.data("vocab.txt"), as: UTF8.self).split(separator: "\n")
                let special = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"].map {
                    AddedTokenEntry(content: $0, normalized: false)
                }
                try folder.writeTokenizer(
                    tokens.map(String.init), added: special + [AddedTokenEntry(content: "<unk>", normalized: true)])
            }
            for template in [nil, Self.template] {
                let lines = try ModelFingerprint(of: ModelFolder(path: folder.path), template: template).lines
                let real = [
                    "weights=": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
                    "vocabulary=": "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
                    "max_length=": "384", "num_attention_heads=": nil,
                ]
                let text = lines.compactMap { line in
                    guard let key = real.keys.first(where: line.hasPrefix) else { return line }
                    return real[key]?.map { key + $0 }
                }
                let digest = try SHA256Hasher.digest(of: text.map { $0 + "\n" }.joined())
                #expect(
                    digest.hexadecimal
                        == (template == nil
                            ? "6753425a1739612310ddecd14e4a96d01a4adc806b6e37e314352b66fbc426f3"
                            : "d888458e10c520483685c1e1a2a207560b6a1db395c9ec443d93ca384b5d971f"))
            }
        }
    }

    @Test("of all-MiniLM-L6-v2 alone is that of its canary", .requiresWeights)
    func realModelAlone() throws {
        let model = try ModelFolder(path: Fixtures.realModel)
        #expect(try ModelFingerprint(of: model, template: nil).lines.count == 8)
        #expect(model.canaries.count == 1)
    }

    @Test("has a line for each setting of today that is unlike the default")
    func settingsOfToday() async throws {
        for (name, expected) in [
            ("as saved today", []), ("vocab.txt alone", []), ("decoder instead of tokenizer.json", []),
            ("cut on the left", ["truncation_side=left"]), ("truncated vectors", ["truncate_dim=12"]),
            ("truncated vectors, more than all", []), ("no mask", ["mask_token="]),
            ("special tokens split", ["split_special_tokens=true"]),
            ("token inside words", [#"added_token="sea""#]),
            ("normalized single word", [#"added_token="SEA" normalized single_word"#, #"added_token="É" normalized"#]),
            ("general, cased and short words", ["max_input_chars_per_word=4"]),
        ] {
            try await FolderVariant.named(name).withFolder { folder in
                let lines = try ModelFingerprint(of: ModelFolder(path: folder.path), template: nil).lines
                #expect(Set(expected).isSubset(of: lines), "\(name): \(lines)")
                if expected.isEmpty { #expect(lines.dropFirst(8) == ["num_attention_heads=4"], "\(name)") }
            }
        }
    }

    @Test("names what several files of weights hash to, one line a file")
    func shards() async throws {
        try await FolderVariant.named("sharded weights").withFolder { folder in
            let names = (1...2).map { "model-0000\($0)-of-00002.safetensors" }
            let lines = try names.map { "\(try SHA256Hasher.digest(ofFileAt: folder.file($0)))  \($0)\n" }
            #expect(try ModelFolder(path: folder.path).weightsDigest == SHA256Hasher.digest(of: lines.joined()))
        }
    }

    @Test("of a model that is unlike BERT has a line for everything that is")
    func mpnet() throws {
        let model = try ModelFolder(path: Fixtures.path("architectures/mpnet"))
        let lines = try ModelFingerprint(of: model, template: nil).lines
        #expect(
            lines.dropFirst(8) == [
                "model_type=mpnet", "num_attention_heads=4", "layer_norm_eps=1e-05", "cls_token=<s>", "sep_token=</s>",
                "pad_token=<pad>", "mask_token=<mask>",
            ])
        #expect(lines[7] == "numerics=1")
    }

    /// Changes of one ingredient each.
    private static let changes: [String: @Sendable (ModelFolderCopy) throws -> Void] = [
        "nothing": { _ in },
        "weights": { folder in
            var checkpoint = try folder.data("model.safetensors")
            checkpoint[checkpoint.count - 1] ^= 1
            try checkpoint.write(to: URL(filePath: folder.file("model.safetensors")))
        },
        "vocabulary": { folder in
            let vocabulary = String(decoding: try folder.data("vocab.txt"), as: UTF8.self)
            try folder.write(vocabulary.replacing("gene\n", with: "germ\n"), to: "vocab.txt")
        },
        "lower case": { try $0.set(["do_lower_case": false], in: "tokenizer_config.json") },
        "pooling": { folder in
            try folder.write(#"{"embedding_dimension": 32, "pooling_mode": "cls"}"#, to: "1_Pooling/config.json")
        },
        "length": { try $0.set(["max_seq_length": 39], in: "sentence_bert_config.json") },
        "normalization": { try $0.setModules("Transformer", "Pooling") },
        "architecture": { try $0.set(["model_type": "mpnet", "max_position_embeddings": 42], in: "config.json") },
        "tanh": { try $0.set(["hidden_act": "gelu_new"], in: "config.json") },
        "relu": { try $0.set(["hidden_act": "relu"], in: "config.json") },
        "heads": { try $0.set(["num_attention_heads": 2], in: "config.json") },
        "epsilon": { try $0.set(["layer_norm_eps": 1e-5], in: "config.json") },
        "accents": { try $0.set(["strip_accents": false], in: "tokenizer_config.json") },
        "Chinese": { try $0.set(["tokenize_chinese_chars": false], in: "tokenizer_config.json") },
        "first token": { try $0.set(["cls_token": "[MASK]"], in: "tokenizer_config.json") },
        "last token": { try $0.set(["sep_token": "[MASK]"], in: "tokenizer_config.json") },
        "unknown token": { try $0.set(["unk_token": "[MASK]"], in: "tokenizer_config.json") },
        "padding token": { try $0.set(["pad_token": "[MASK]"], in: "tokenizer_config.json") },
        "mask token": { try $0.set(["mask_token": "[PAD]"], in: "tokenizer_config.json") },
    ]

    @Test("changes with each ingredient, and with nothing else")
    func ingredients() async throws {
        var fingerprints: [String: String] = [:]
        for (name, change) in Self.changes {
            try await withToyModel { folder in
                try change(folder)
                let value = try fingerprint(folder)
                #expect(fingerprints[value] == nil, "\(name) is taken for \(fingerprints[value] ?? "")")
                fingerprints[value] = name
            }
        }
        try await withToyModel { folder in
            #expect(fingerprints[try fingerprint(folder, template: "{title}")] == nil)
            // Another folder, and the same settings written in another way.
            try folder.set(["strip_accents": true, "cls_token": ["content": "[CLS]"]], in: "tokenizer_config.json")
            try folder.set(["initializer_range": 0.5], in: "config.json")
            try folder.write(#"{"embedding_dimension": 32, "pooling_mode": "mean"}"#, to: "1_Pooling/config.json")
            #expect(fingerprints[try fingerprint(folder)] == "nothing")
        }
    }
}
