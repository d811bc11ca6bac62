import CPUCompute
import Checksum
import Compute
import ComputeTestSupport
import Foundation
import Safetensors
import SentenceEncoding
import Testing
import Tokenization

/// What is refused, each with a message that names the file and says what to do.
@Suite("A model folder is refused")
struct ModelFolderRefusalTests {
    /// Changes a copy of the toy and gives the error that reading it or loading it ends in.
    private func refusal(
        loading: Bool = false, _ change: (ModelFolderCopy) throws -> Void
    ) async throws -> (error: SentenceEncodingError, folder: String) {
        try await withToyModel { folder in
            try change(folder)
            let error = #expect(throws: SentenceEncodingError.self) {
                let model = try ModelFolder(path: folder.path)
                if loading { _ = try SentenceEncoder(model: model, backend: CPUBackend(workerCount: 1)) }
            }
            return (try #require(error), folder.path)
        }
    }

    /// As ``refusal(loading:_:)``, for a setting that is not supported.
    private func expectUnsupported(
        _ file: String, _ key: String, _ value: String, supported: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation, _ change: (ModelFolderCopy) throws -> Void
    ) async throws {
        let (error, folder) = try await refusal(loading: true, change)
        guard case .unsupported(let gotFile, let gotKey, let gotValue, let gotSupported) = error else {
            Issue.record(error, "not refused as unsupported", sourceLocation: sourceLocation)
            return
        }
        #expect(gotFile == "\(folder)/\(file)", sourceLocation: sourceLocation)
        #expect(gotKey == key, sourceLocation: sourceLocation)
        #expect(gotValue == value, sourceLocation: sourceLocation)
        if let supported { #expect(gotSupported == supported, sourceLocation: sourceLocation) }
        let message = "\(folder)/\(file): \(key) is \(value.isEmpty ? "empty" : value), supported is \(gotSupported)"
        #expect(error.description == message + "; use another model", sourceLocation: sourceLocation)
    }

    // MARK: - Files

    @Test("that does not exist")
    func missingFolder() async throws {
        let (error, folder) = try await refusal { try FileManager.default.removeItem(atPath: $0.path) }
        #expect(error == .folderNotFound(folder))
        let advice = "name a model folder, or run Scripts/fetch-weights"
        #expect(error.description == "model folder \(folder) does not exist; \(advice)")
    }

    @Test("that is a file")
    func fileInsteadOfFolder() throws {
        let path = Fixtures.path("toy/config.json")
        #expect(throws: SentenceEncodingError.folderNotFound(path)) { try ModelFolder(path: path) }
    }

    @Test(
        "with a file that is far larger than such files are, before it is read",
        arguments: [
            "config.json", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json",
            "tokenizer_config.json", "vocab.txt", "canary.json", "SHA256SUMS",
        ])
    func hugeFile(name: String) async throws {
        let (error, folder) = try await refusal { folder in
            if !FileManager.default.fileExists(atPath: folder.file(name)) { try folder.write("", to: name) }
            // Of zeros that take no room.
            try FileHandle(forWritingTo: URL(filePath: folder.file(name))).truncate(atOffset: 3 << 30)
        }
        guard case .malformedFile("\(folder)/\(name)", let reason, _) = error else {
            Issue.record(error, "not refused for its size")
            return
        }
        #expect(reason.hasPrefix("it has 3221225472 bytes, and no more than "))
    }

    @Test(
        "that lacks a file",
        arguments: [
            "config.json", "modules.json", "1_Pooling/config.json", "model.safetensors",
        ])
    func missingFile(name: String) async throws {
        let (error, folder) = try await refusal { try $0.remove(name) }
        #expect(error == .fileMissing("\(folder)/\(name)", .copyAgain))
        let advice = "is missing or unreadable; get the folder again from where it comes"
        #expect(error.description == "model file \(folder)/\(name) \(advice)")
    }

    @Test(
        "that has a pointer of Git LFS in the place of a file",
        arguments: ["model.safetensors", "tokenizer.json", "vocab.txt", "config.json"])
    func pointer(name: String) async throws {
        let pointer =
            "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 9\n"
        let (error, folder) = try await refusal { try $0.write(pointer, to: name) }
        let reason = "it is a pointer of Git LFS to the file, not the file"
        #expect(error == .malformedFile("\(folder)/\(name)", reason: reason, .pullLargeFiles(folder: folder)))
        #expect(
            error.description == "model file \(folder)/\(name) cannot be read: \(reason); run git lfs pull in \(folder)"
        )
    }

    @Test(
        "that has its weights in another form",
        arguments: ["pytorch_model.bin", "pytorch_model.bin.index.json", "onnx/model.onnx", "tf_model.h5"],
        [true, false])
    func otherWeights(name: String, isOfLibrary: Bool) async throws {
        let (error, folder) = try await refusal {
            try $0.remove("model.safetensors")
            try $0.write("x", to: name)
            for file in isOfLibrary ? [] : ["modules.json", "1_Pooling"] { try $0.remove(file) }
        }
        let found = try #require(name.split(separator: "/").first)
        #expect(error == .otherForm(folder, found: "only \(found) for weights, which is not read"))
        #expect(error.description.contains("have sentence-transformers load the model and save it"))
    }

    @Test("that sentence-transformers has not saved")
    func plainTransformer() async throws {
        let (error, _) = try await refusal { for file in ["modules.json", "1_Pooling"] { try $0.remove(file) } }
        #expect(error.description.contains("has no modules.json, by which sentence-transformers knows how"))
        #expect(error.description.contains("have sentence-transformers load the model and save it"))
    }

    @Test("that is a cache, with the folder of the revision that it names", arguments: ["ab12", nil])
    func cache(main: String?) async throws {
        let (error, folder) = try await refusal {
            for name in try FileManager.default.contentsOfDirectory(atPath: $0.path) { try $0.remove(name) }
            for revision in ["aa00", "ab12"] { try $0.write("{}", to: "snapshots/\(revision)/config.json") }
            if let main { try $0.write("\(main)\n", to: "refs/main") }
        }
        #expect(error == .cacheFolder(folder, revision: main ?? "aa00"))
        #expect(error.description.hasSuffix("name \(folder)/snapshots/\(main ?? "aa00")"))
    }

    @Test("that has neither tokenizer.json nor vocab.txt")
    func noVocabulary() async throws {
        let (error, folder) = try await refusal { try $0.remove("vocab.txt") }
        #expect(error == .fileMissing("\(folder)/tokenizer.json", .copyAgain))
    }

    @Test("and is to be fetched again only if Scripts/fetch-weights knows it")
    func remedy() async throws {
        let (error, folder) = try await refusal {
            try $0.write("{}", to: "model.lock.json")
            try $0.remove("config.json")
        }
        #expect(error == .fileMissing("\(folder)/config.json", .fetchWeights(name: "model")))
        #expect(error.description.hasSuffix("; fetch the model again with Scripts/fetch-weights model"))
    }

    @Test(
        "whose configuration is cut off",
        arguments: [
            "config.json", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json",
            "tokenizer_config.json",
        ])
    func malformedJSON(name: String) async throws {
        let (error, folder) = try await refusal { copy in
            let text = String(decoding: try copy.data(name), as: UTF8.self)
            try copy.write(String(text.prefix(text.count / 2)), to: name)
        }
        guard case .malformedFile("\(folder)/\(name)", let reason, .copyAgain) = error else {
            Issue.record(error)
            return
        }
        #expect(reason.hasPrefix("it is not valid JSON at line "))
        let advice = "cannot be read: \(reason); get the folder again from where it comes"
        #expect(error.description == "model file \(folder)/\(name) \(advice)")
    }

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

    // MARK: - Checksums

    @Test(
        "with a file that has another checksum, naming the file and both",
        arguments: [
            "model.safetensors", "vocab.txt", "config.json", "modules.json", "1_Pooling/config.json",
            "sentence_bert_config.json", "tokenizer_config.json",
        ])
    func checksumMismatch(name: String) async throws {
        let promised = String(repeating: "0123456789abcdef", count: 4)
        let (error, folder) = try await refusal { try $0.write("\(promised)  \(name)\n", to: "SHA256SUMS") }
        let expected = try #require(SHA256Digest(hexadecimal: promised))
        let got = try SHA256Hasher.digest(ofFileAt: Fixtures.path("toy/\(name)"))
        #expect(error == .checksum(.mismatch(path: "\(folder)/\(name)", expected: expected, got: got)))
        for part in ["\(folder)/\(name)", promised, got.hexadecimal] { #expect(error.description.contains(part)) }
    }

    @Test("with a list of checksums that cannot be understood")
    func malformedChecksums() async throws {
        let (error, folder) = try await refusal { try $0.write("model.safetensors\n", to: "SHA256SUMS") }
        #expect(error == .checksum(.malformedLine(list: "\(folder)/SHA256SUMS", line: 1)))
    }

    // MARK: - Weights and vocabulary

    @Test("with weights that are cut off")
    func truncatedWeights() async throws {
        let (error, folder) = try await refusal(loading: true) { copy in
            let checkpoint = try copy.data("model.safetensors")
            try checkpoint.dropLast(4).write(to: URL(filePath: copy.file("model.safetensors")))
        }
        guard case .weights(.invalidFile("\(folder)/model.safetensors", _)) = error else {
            Issue.record(error)
            return
        }
        #expect(error.description.contains("\(folder)/model.safetensors"))
    }

    @Test(
        "with weights that lack a tensor",
        arguments: [
            "embeddings.word_embeddings.weight", "encoder.layer.1.attention.self.key.bias",
            "encoder.layer.0.output.LayerNorm.weight",
        ])
    func missingTensor(name: String) async throws {
        let (error, folder) = try await refusal(loading: true) {
            try $0.renameTensor(name, to: String(name.dropLast()) + "_")
        }
        #expect(error == .weights(.tensorNotFound(path: "\(folder)/model.safetensors", tensor: name)))
    }

    @Test(
        "that has a tensor under two names",
        arguments: [
            ("embeddings.LayerNorm.weight", "embeddings.LayerNorm.gamma"),
            ("encoder.layer.1.output.LayerNorm.bias", "encoder.layer.1.output.LayerNorm.beta"),
        ])
    func ambiguousTensor(name: String, other: String) async throws {
        let (error, folder) = try await refusal(loading: true) { try $0.addTensor(other, like: name) }
        #expect(error == .ambiguousTensor(file: "\(folder)/model.safetensors", tensor: name, other: other))
    }

    @Test("that has a tensor with the architecture's name before it and without")
    func ambiguousPrefix() async throws {
        let name = "embeddings.word_embeddings.weight"
        let (error, folder) = try await refusal(loading: true) { folder in
            for tensor in try folder.tensorNames() { try folder.addTensor("bert." + tensor, like: tensor) }
        }
        guard case .ambiguousTensor(let file, let tensor, let other) = error else {
            Issue.record(error, "not refused as ambiguous")
            return
        }
        #expect(file == "\(folder)/model.safetensors" && tensor == "bert." + other, "\(name)")
    }

    @Test("with weights of more layers than the configuration says")
    func moreLayers() async throws {
        let supported = "the number of layers in the weights, which have more"
        try await expectUnsupported("config.json", "num_hidden_layers", "1", supported: supported) {
            try $0.set(["num_hidden_layers": 1], in: "config.json")
        }
    }

    @Test("with weights of another shape than the configuration says")
    func wrongShape() async throws {
        let (error, folder) = try await refusal(loading: true) {
            try $0.set(["intermediate_size": 48], in: "config.json")
        }
        let tensor = "encoder.layer.0.intermediate.dense.weight"
        let path = "\(folder)/model.safetensors"
        #expect(error == .weights(.shapeMismatch(path: path, tensor: tensor, expected: [48, 32], got: [64, 32])))
    }

    @Test("with more tokens in its vocabulary than in its weights")
    func largeVocabulary() async throws {
        let (error, folder) = try await refusal(loading: true) { copy in
            let vocabulary = String(decoding: try copy.data("vocab.txt"), as: UTF8.self)
            try copy.write(vocabulary + "surplus\n", to: "vocab.txt")
        }
        #expect(error == .vocabularySize(path: folder, expected: 50, got: 51))
        let facts = "has 51 tokens, the model was trained with 50"
        #expect(error.description == "the tokenizer of \(folder) \(facts); the folder mixes files of two models")
    }

    @Test("with a vocabulary that lacks the unknown token")
    func specialToken() async throws {
        let (error, _) = try await refusal(loading: true) { copy in
            let vocabulary = String(decoding: try copy.data("vocab.txt"), as: UTF8.self)
            try copy.write(vocabulary.replacing("[UNK]", with: "[END]"), to: "vocab.txt")
        }
        #expect(error == .vocabulary(.missingSpecialToken("[UNK]")))
    }
}
