import ComputeTestSupport
import Foundation
import Safetensors
import SentenceEncoding
import Testing

/// What changes ids or vectors and is not computed is refused by the name of its file and key.
@Suite("A folder of today is refused")
struct FolderRefusalTests {
    /// A change of one file.
    struct Change: Sendable, CustomTestStringConvertible {
        let file: String
        /// Where the object to be changed lies in the file.
        let path: [String]
        /// The JSON object whose members are set.
        let members: String
        /// What the message must name besides the file.
        let mentions: [String]

        init(_ file: String, at path: String = "", _ members: String, _ mentions: String...) {
            (self.file, self.members, self.mentions) = (file, members, mentions)
            self.path = path.split(separator: ".").map(String.init)
        }

        var testDescription: String { "\(file) \(path.joined(separator: ".")) \(members)" }
    }

    /// Sets members of an object somewhere in a JSON document.
    private static func set(_ members: [String: Any], at path: ArraySlice<String>, in value: Any) throws -> Any {
        if let array = value as? [Any], let first = path.first, let index = Int(first) {
            var array = array
            array[index] = try set(members, at: path.dropFirst(), in: array[index])
            return array
        }
        var object = value is NSNull ? [:] : try #require(value as? [String: Any])
        if let first = path.first {
            object[first] = try set(members, at: path.dropFirst(), in: object[first] ?? [String: Any]())
        } else {
            object.merge(members) { $1 }
        }
        return object
    }

    private func apply(_ change: Change, to folder: ModelFolderCopy) throws {
        let members = try JSONSerialization.jsonObject(with: Data(change.members.utf8)) as? [String: Any]
        let exists = FileManager.default.fileExists(atPath: folder.file(change.file))
        let document = exists ? try JSONSerialization.jsonObject(with: folder.data(change.file)) : [String: Any]()
        let changed = try Self.set(try #require(members), at: change.path[...], in: document)
        try folder.write(
            String(decoding: try JSONSerialization.data(withJSONObject: changed), as: UTF8.self), to: change.file)
    }

    private func expectRefusal(_ change: Change, general: Bool = false) async throws {
        try await withModel(FolderVariant.base) { folder in
            if general {
                let kind = Change("tokenizer_config.json", #"{"tokenizer_class": "PreTrainedTokenizerFast"}"#)
                try apply(kind, to: folder)
                _ = try ModelFolder(path: folder.path)
            }
            try apply(change, to: folder)
            let error = try #require(throws: SentenceEncodingError.self) { try ModelFolder(path: folder.path) }
            let message = error.description
            for part in [change.file] + change.mentions { #expect(message.contains(part), "\(message)") }
        }
    }

    private static let unknown = [
        ("config.json", ""), ("tokenizer_config.json", ""), ("tokenizer.json", ""), ("tokenizer.json", "model"),
        ("tokenizer.json", "added_tokens.0"), ("sentence_bert_config.json", ""),
        ("sentence_bert_config.json", "processing_kwargs"), ("sentence_bert_config.json", "processing_kwargs.text"),
        ("sentence_bert_config.json", "model_kwargs"), ("sentence_bert_config.json", "tokenizer_args"),
        ("config_sentence_transformers.json", ""), ("1_Pooling/config.json", ""), ("modules.json", "1"),
        ("special_tokens_map.json", ""),
    ]

    @Test("for a key that nobody knows, wherever it is", arguments: unknown)
    func unknownKey(file: String, path: String) async throws {
        try await expectRefusal(Change(file, at: path, #"{"surprise": 1}"#, "surprise"))
    }

    private static let settings = [
        Change("config.json", #"{"auto_map": {"AutoModel": "code.Model"}}"#, "auto_map"),
        Change("config.json", #"{"quantization_config": {"bits": 4}}"#, "quantization_config"),
        Change("config.json", #"{"pruned_heads": {"0": [1]}}"#, "pruned_heads"),
        Change("config.json", #"{"add_cross_attention": true}"#, "add_cross_attention"),
        Change("config.json", #"{"layer_norm_eps": null}"#, "layer_norm_eps"),
        Change("config.json", #"{"hidden_act": null}"#, "hidden_act"),
        Change("config_sentence_transformers.json", #"{"model_type": "SparseEncoder"}"#, "model_type", "SparseEncoder"),
        Change("config_sentence_transformers.json", #"{"truncate_dim": 0}"#, "truncate_dim"),
        Change("config_sentence_transformers.json", #"{"default_prompt_name": "x"}"#, "default_prompt_name", "x"),
        Change("sentence_bert_config.json", #"{"document_length": 8}"#, "document_length"),
        Change("sentence_bert_config.json", #"{"query_expansion": {"length": 8}}"#, "query_expansion"),
        Change("sentence_bert_config.json", #"{"tokenizer_name_or_path": "x"}"#, "tokenizer_name_or_path"),
        Change("sentence_bert_config.json", #"{"module_output_name": "sentence_embedding"}"#, "module_output_name"),
        Change("sentence_bert_config.json", at: "modality_config", #"{"message": {}}"#, "modality_config.message"),
        Change(
            "sentence_bert_config.json", at: "modality_config.text", #"{"method_output_name": "pooler_output"}"#,
            "pooler"),
        Change("sentence_bert_config.json", at: "processing_kwargs.text", #"{"truncation": false}"#, "text.truncation"),
        Change(
            "sentence_bert_config.json", at: "processing_kwargs.text", #"{"add_special_tokens": false}"#, "add_special"),
        Change(
            "sentence_bert_config.json", at: "processing_kwargs.text", #"{"max_length": 65}"#, "text.max_length", "65"),
        Change(
            "sentence_bert_config.json", at: "processor_kwargs", #"{"model_max_length": 2}"#, "model_max_length", "2"),
        Change("1_Pooling/config.json", #"{"embedding_dimension": null}"#, "embedding_dimension"),
        Change("modules.json", at: "0", #"{"type": "transformers_of_mine.Transformer"}"#, "transformers_of_mine"),
        Change("modules.json", at: "0", #"{"path": "../other"}"#, "path", "../other"),
        Change("modules.json", at: "0", #"{"path": "/models/other"}"#, "path"),
        Change("modules.json", at: "1", #"{"name": "0"}"#, "name"),
        Change("modules.json", at: "1", #"{"kwargs": ["task"]}"#, "kwargs"),
        Change("2_Normalize/config.json", #"{"module_input_name": "token_embeddings"}"#, "module_input_name"),
        Change("tokenizer_config.json", #"{"auto_map": {"AutoTokenizer": ["code.Tokenizer", null]}}"#, "auto_map"),
        Change("tokenizer_config.json", #"{"do_basic_tokenize": false}"#, "do_basic_tokenize"),
        Change("tokenizer_config.json", #"{"never_split": ["sea"]}"#, "never_split"),
        Change("tokenizer_config.json", #"{"padding_side": "left"}"#, "padding_side"),
        Change("tokenizer_config.json", #"{"truncation_side": "middle"}"#, "truncation_side"),
        Change("tokenizer_config.json", #"{"fast_tokenizer_files": ["tokenizer.4.json"]}"#, "fast_tokenizer_files"),
        Change("tokenizer_config.json", #"{"cls_token": null}"#, "cls_token"),
        Change("tokenizer_config.json", #"{"unk_token": null}"#, "unk_token"),
        Change("tokenizer_config.json", #"{"pad_token": null}"#, "pad_token"),
        Change("tokenizer_config.json", #"{"cls_token": "<s> x"}"#, "cls_token"),
        Change("tokenizer_config.json", #"{"do_lower_case": null}"#, "do_lower_case"),
        Change("tokenizer_config.json", #"{"tokenizer_class": "DistilBertTokenizer"}"#, "tokenizer_class"),
        Change("tokenizer_config.json", #"{"extra_special_tokens": [{"content": "sea"}]}"#, "extra_special_tokens.0"),
        Change(
            "tokenizer_config.json", at: "added_tokens_decoder", #"{"19": {"content": "x", "color": 1}}"#, "19.color"),
        Change("special_tokens_map.json", #"{"do_lower_case": false}"#, "do_lower_case"),
        Change("added_tokens.json", #"{"[NEW]": "80"}"#, "[NEW]"),
        Change("tokenizer.json", at: "model", #"{"type": "Unigram"}"#, "model.type", "Unigram"),
        Change("tokenizer.json", at: "model", #"{"vocab": [["a", -1.5]]}"#, "model.vocab"),
        Change("tokenizer.json", at: "model.vocab", #"{"surplus": 0}"#, "model.vocab", "each once"),
        Change("tokenizer.json", at: "model.vocab", #"{"surplus": 900}"#, "model.vocab", "900"),
        Change("tokenizer.json", at: "truncation", #"{"direction": "Middle"}"#, "truncation.direction"),
    ]

    @Test("for a setting that is not computed", arguments: settings)
    func setting(change: Change) async throws {
        try await expectRefusal(change)
    }

    private static let general = [
        Change("tokenizer.json", at: "normalizer", #"{"type": "NFKC"}"#, "normalizer.type", "NFKC"),
        Change("tokenizer.json", at: "normalizer", #"{"clean_text": false}"#, "normalizer.clean_text"),
        Change("tokenizer.json", #"{"normalizer": null}"#, "normalizer"),
        Change("tokenizer.json", at: "pre_tokenizer", #"{"type": "Whitespace"}"#, "pre_tokenizer.type", "Whitespace"),
        Change("tokenizer.json", #"{"post_processor": null}"#, "post_processor"),
        Change("tokenizer.json", at: "post_processor", #"{"type": "ByteLevel"}"#, "post_processor.type", "ByteLevel"),
        Change("tokenizer.json", at: "post_processor.single.1.Sequence", #"{"type_id": 1}"#, "type_id"),
        Change("tokenizer.json", at: "post_processor.special_tokens.[CLS]", #"{"ids": [7]}"#, "[CLS].ids"),
        Change(
            "tokenizer.json", at: "post_processor", #"{"single": [{"Sequence": {"id": "A", "type_id": 0}}]}"#, "single"),
    ]

    @Test("for a part of tokenizer.json that is not computed, where all of it counts", arguments: general)
    func generalTokenizer(change: Change) async throws {
        try await expectRefusal(change, general: true)
    }

    @Test("and these parts mean nothing to a tokenizer of BERT, which has its own", arguments: general)
    func ownParts(change: Change) async throws {
        try await withModel(FolderVariant.base) { folder in
            let plain = try ModelFolder(path: folder.path)
            try apply(change, to: folder)
            #expect(try ModelFolder(path: folder.path).tokenizerOptions == plain.tokenizerOptions)
        }
    }

    @Test(
        "for a file that makes the reference compute something else",
        arguments: ["adapter_config.json", "processor_config.json", "preprocessor_config.json"])
    func otherFiles(name: String) async throws {
        try await withModel(FolderVariant.base) { folder in
            try folder.write("{}", to: name)
            let error = try #require(throws: SentenceEncodingError.self) { try ModelFolder(path: folder.path) }
            #expect(error.description.contains("\(folder.path)/\(name)"))
        }
    }

    @Test(
        "for a tensor of the encoder that nobody reads, but not for those of heads",
        arguments: [
            ("embeddings.position_embeddings.weight", "embeddings.another_embeddings_.weight", true),
            ("encoder.layer.0.output.LayerNorm.bias", "pooler.dense.weight_of_another_kind.x", false),
        ])
    func unreadTensor(name: String, other: String, isRefused: Bool) async throws {
        try await withModel(FolderVariant.base) { folder in
            // A copy of a file with one name changed is a second file with a tensor that the first does not have.
            let index = try Self.index(of: folder)
            try folder.copy(folder.file("model.safetensors"), to: "part-1.safetensors")
            try folder.renameTensor(name, to: other)
            try folder.copy(folder.file("model.safetensors"), to: "part-2.safetensors")
            try folder.remove("model.safetensors")
            let map = index.map { "\"\($0)\": \"part-1.safetensors\"" } + ["\"\(other)\": \"part-2.safetensors\""]
            try folder.write("{\"weight_map\": {\(map.joined(separator: ","))}}", to: "model.safetensors.index.json")
            let model = try ModelFolder(path: folder.path)
            guard isRefused else {
                _ = try model.loadEncoder(on: ReferenceBackend())
                return
            }
            let file = folder.file("part-2.safetensors")
            #expect(throws: SentenceEncodingError.unknownTensor(file: file, tensor: other)) {
                _ = try model.loadEncoder(on: ReferenceBackend())
            }
        }
    }

    private static func index(of folder: ModelFolderCopy) throws -> [String] {
        try SafetensorsFile(contentsOf: folder.file("model.safetensors")).tensorNames
    }

    @Test(
        "for weights that an index looks for elsewhere",
        arguments: ["../other.safetensors", "a/b.safetensors", "x.bin"])
    func weightsElsewhere(file: String) async throws {
        try await withModel(FolderVariant.base) { folder in
            try folder.remove("model.safetensors")
            try folder.write("{\"weight_map\": {\"a\": \"\(file)\"}}", to: "model.safetensors.index.json")
            let error = try #require(throws: SentenceEncodingError.self) { try ModelFolder(path: folder.path) }
            #expect(error.description.contains("model.safetensors.index.json: weight_map.a is \(file)"))
        }
    }

    @Test("for a file whose absence means something and that SHA256SUMS lists")
    func listedFile() async throws {
        try await withModel(FolderVariant.base) { folder in
            let zeros = String(repeating: "0", count: 64)
            try folder.write("\(zeros)  sentence_bert_config.json\n", to: "SHA256SUMS")
            try folder.remove("sentence_bert_config.json")
            let error = try #require(throws: SentenceEncodingError.self) { try ModelFolder(path: folder.path) }
            #expect(error.description.contains(folder.file("sentence_bert_config.json")))
        }
    }

    @Test("for the vocabulary of another kind of tokenizer", arguments: ["tokenizer.model", "tekken.json"])
    func otherVocabulary(name: String) async throws {
        try await FolderVariant.named("vocab.txt alone").withFolder { folder in
            _ = try ModelFolder(path: folder.path)
            try folder.write("", to: name)
            #expect(throws: SentenceEncodingError.self) { try ModelFolder(path: folder.path) }
        }
    }

    @Test(
        "for JSON that is malformed, with the place",
        arguments: [
            ("{\"a\": 1,}", 1, 9), ("{\"a\": 1} x", 1, 10), ("{\n \"a\": tru}", 2, 10), ("{\"a\": 01}", 1, 8),
            ("{\"a\": \"\\ud800\"}", 1, 14), ("{\"a\": \"\n\"}", 1, 8), ("{'a': 1}", 1, 2), ("", 1, 1),
            (String(repeating: "[", count: 101), 1, 101), ("\u{FEFF}{}", 1, 1), ("{\"a\" 1}", 1, 6),
        ])
    func malformed(content: String, line: Int, column: Int) async throws {
        try await withModel(FolderVariant.base) { folder in
            try folder.write(content, to: "config.json")
            let place = "it is not valid JSON at line \(line), column \(column)"
            #expect(
                throws: SentenceEncodingError.malformedFile(folder.file("config.json"), reason: place, .copyAgain)
            ) { try ModelFolder(path: folder.path) }
        }
    }

    @Test(
        "but not for what JSON allows and Python adds",
        arguments: [
            #"{"__version__": {"a": "\u00e9\ud83d\ude00\n\"\\\/\b\f\r\t"}, "requirements": [1e-5, -0.5E+3, -0, true, null, {}]}"#,
            #"{"__version__": NaN, "requirements": [Infinity, -Infinity, 123456789012345678901234567890]}"#, "{}",
        ])
    func wellFormed(content: String) async throws {
        try await withModel(FolderVariant.base) { folder in
            try folder.write(content, to: "config_sentence_transformers.json")
            #expect(throws: Never.self) { try ModelFolder(path: folder.path) }
        }
    }
}
