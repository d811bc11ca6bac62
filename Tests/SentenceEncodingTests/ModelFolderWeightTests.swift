import Foundation
import Safetensors
import SentenceEncoding
import Testing
import Tokenization

/// What is refused because of the weights or the tokens.
@Suite("A model folder is refused for its weights")
struct ModelFolderWeightTests {
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
