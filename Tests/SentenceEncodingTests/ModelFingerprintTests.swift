import Checksum
import Foundation
import SentenceEncoding
import Testing
import TestSupport

@Suite("The fingerprint of a model")
struct ModelFingerprintTests {
    private static let template = "{title:2048} {title:2048} {description:16384}"

    private func fingerprint(
        _ folder: ModelFolderCopy, template: String = ModelFingerprintTests.template
    ) throws -> String {
        try ModelFingerprint(of: ModelFolder(path: folder.path), template: template).hexadecimal
    }

    @Test("is the SHA-256 of nine lines")
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

            """
        let expected = try SHA256Hasher.digest(of: text)
        let actual = try ModelFingerprint(of: ModelFolder(path: Fixtures.toyModel), template: Self.template)
        #expect(actual.digest == expected)
        #expect(actual.hexadecimal == expected.hexadecimal)
        #expect(actual.description == expected.hexadecimal.prefix(12))
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
        "normalisation": { try $0.setModules("Transformer", "Pooling") },
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
            try folder.write(#"{"embedding_dimension": 32, "pooling_mode": "mean"}"#, to: "1_Pooling/config.json")
            #expect(fingerprints[try fingerprint(folder)] == "nothing")
        }
    }
}
