import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// A copy of the small model with one thing wrong.
struct ToyModel {
    /// What is wrong.
    enum Defect: String, CaseIterable {
        case truncatedWeights = "weights that end early"
        case swappedShape = "a tensor of another shape"
        case unknownDType = "a tensor of an unknown number format"
        case missingTensor = "a tensor that is missing"
        case nonFiniteWeight = "a weight that is not a number"
        case wrongChecksum = "weights that are not those of SHA256SUMS"
        case missingWeights = "no weights"
        case missingVocabulary = "no vocabulary"
        case longVocabulary = "a vocabulary of another model"
        case missingConfiguration = "no configuration"
        case malformedConfiguration = "a configuration that is not JSON"
        case unsupportedActivation = "an activation that is not computed here"

        /// What the message must name.
        var mention: String {
            switch self {
            case .truncatedWeights, .wrongChecksum, .missingWeights: "model.safetensors"
            case .swappedShape, .unknownDType, .missingTensor, .nonFiniteWeight: "embeddings.word_embeddings.weight"
            case .missingVocabulary: "tokenizer.json"
            case .longVocabulary: "51 tokens"
            case .missingConfiguration, .malformedConfiguration: "config.json"
            case .unsupportedActivation: "hidden_act"
            }
        }
    }

    /// The folder of the copy.
    let path: String

    /// Copies the model into the working directory of an executable.
    init(in job: BuiltExecutable, named name: String, _ defect: Defect) throws {
        let folder = job.folder.appending(path: name)
        path = folder.path
        try FileManager.default.copyItem(at: URL(filePath: Fixtures.toyModel), to: folder)
        func change(_ file: String, _ change: (inout Data) throws -> Void) throws {
            var data = try job.read("\(name)/\(file)")
            try change(&data)
            try data.write(to: folder.appending(path: file))
        }
        func remove(_ file: String) throws {
            try FileManager.default.removeItem(at: folder.appending(path: file))
        }
        let tensor = "\"embeddings.word_embeddings.weight\":{\"dtype\":\"F32\",\"shape\":[50,32]"
        let weights = "model.safetensors"
        switch defect {
        case .truncatedWeights: try change(weights) { $0.removeLast(100) }
        case .swappedShape: try change(weights) { try $0.replace(tensor, tensor.replacing("50,32", with: "32,50")) }
        case .unknownDType: try change(weights) { try $0.replace(tensor, tensor.replacing("F32", with: "F99")) }
        case .missingTensor: try change(weights) { try $0.replace(tensor, tensor.replacing("word_", with: "work_")) }
        case .nonFiniteWeight:
            let quietNaN: [UInt8] = [0x00, 0x00, 0xC0, 0x7F]
            try change(weights) { try $0.replaceTensor("embeddings.word_embeddings.weight", quietNaN) }
        case .wrongChecksum:
            try job.write("\(String(repeating: "0", count: 64))  \(weights)\n", to: "\(name)/SHA256SUMS")
        case .missingWeights: try remove(weights)
        case .missingVocabulary: try remove("vocab.txt")
        case .longVocabulary: try change("vocab.txt") { $0.append(Data("more\n".utf8)) }
        case .missingConfiguration: try remove("config.json")
        case .malformedConfiguration: try change("config.json") { $0 = Data("{".utf8) }
        case .unsupportedActivation: try change("config.json") { try $0.replace("\"gelu\"", "\"silu\"") }
        }
    }
}

extension ToyModel {
    /// Copies the model with weights that are finite, but whose products with anything are not.
    init(withOverflowIn job: BuiltExecutable, named name: String) throws {
        let folder = job.folder.appending(path: name)
        path = folder.path
        try FileManager.default.copyItem(at: URL(filePath: Fixtures.toyModel), to: folder)
        var weights = try job.read("\(name)/model.safetensors")
        let greatest: [UInt8] = [0xFF, 0xFF, 0x7F, 0x7F]
        try weights.replaceTensor(
            "embeddings.LayerNorm.weight", [[UInt8]](repeating: greatest, count: 32).flatMap(\.self))
        try weights.write(to: folder.appending(path: "model.safetensors"))
    }
}

extension Data {
    /// Replaces the beginning of a tensor of a safetensors file.
    fileprivate mutating func replaceTensor(_ name: String, _ bytes: [UInt8]) throws {
        let headerLength = prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = String(decoding: dropFirst(8).prefix(headerLength), as: UTF8.self)
        let entry = try Regex(
            "\"\(NSRegularExpression.escapedPattern(for: name))\":\\{[^}]*\"data_offsets\":\\[(\\d+),")
        let match = try #require(header.firstMatch(of: entry))
        let offset = try #require(match.output[1].substring.flatMap { Int($0) })
        let position = startIndex + 8 + headerLength + offset
        replaceSubrange(position..<position + bytes.count, with: bytes)
    }

    /// Replaces the one occurrence of a text by another of the same length.
    fileprivate mutating func replace(_ old: String, _ new: String) throws {
        let position = try #require(firstRange(of: Data(old.utf8)))
        try #require(old.utf8.count == new.utf8.count)
        replaceSubrange(position, with: Data(new.utf8))
    }
}
