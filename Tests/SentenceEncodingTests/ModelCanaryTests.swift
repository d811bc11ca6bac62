import CPUCompute
import Checksum
import ComputeTestSupport
import Foundation
import SentenceEncoding
import Testing

@Suite("The canary of a model")
struct ModelCanaryTests {
    private static let file = "canary.json"
    private static let list =
        "[{\"text\": \"sea ice\", \"vector\": [\([String](repeating: "0.5", count: 32).joined(separator: ","))]}]"

    @Test("is built in for all-MiniLM-L6-v2, and gets its vector", .requiresWeights, arguments: GEMMEngine.allCases)
    func builtIn(engine: GEMMEngine) async throws {
        let encoder = try SentenceEncoder(
            model: ModelFolder(path: Fixtures.realModel), backend: CPUBackend(workerCount: 1, gemm: engine))
        try #require(encoder.canaries.count == 1)
        let canary = encoder.canaries[0]
        let vector = try await encoder.encode([encoder.tokenize(canary.text)])[0]
        let difference = LargestDifference(vector, canary.vector)
        #expect(difference.value <= 1e-5, "\(difference)")
    }

    @Test("is not the built-in one once a setting differs", .requiresWeights)
    func otherSettings() async throws {
        try await withModel(Fixtures.realModel) { folder in
            try folder.remove("SHA256SUMS")
            #expect(try ModelFolder(path: folder.path).canaries.count == 1)
            try folder.set(["max_seq_length": 128], in: "sentence_bert_config.json")
            #expect(try ModelFolder(path: folder.path).canaries.isEmpty)
        }
    }

    @Test("is read from canary.json, if the folder has one")
    func ownFile() async throws {
        try await withToyModel { folder in
            #expect(try ModelFolder(path: folder.path).canaries.isEmpty)
            try folder.write(Self.list, to: Self.file)
            let canary = Canary(text: "sea ice", vector: [Float](repeating: 0.5, count: 32))
            #expect(try ModelFolder(path: folder.path).canaries == [canary])
        }
    }

    @Test(
        "must be a list of texts with vectors as wide as the model's",
        arguments: [
            ("[]", "the list is empty"),
            (list.replacing("[0.5,", with: "["), "vector 1 has 31 numbers, the model gives 32"),
            (list.replacing("vector", with: "values"), "vector 1 has 0 numbers, the model gives 32"),
        ])
    func malformed(content: String, reason: String) async throws {
        try await withToyModel { folder in
            try folder.write(content, to: Self.file)
            #expect(throws: SentenceEncodingError.malformedFile(folder.file(Self.file), reason: reason, .copyAgain)) {
                try ModelFolder(path: folder.path)
            }
        }
    }

    @Test(
        "must have the checksum that SHA256SUMS lists for it, if it does",
        arguments: [Self.file, "config_sentence_transformers.json"])
    func checksum(name: String) async throws {
        try await withToyModel { folder in
            let promised = String(repeating: "0123456789abcdef", count: 4)
            try folder.write("\(promised)  \(name)\n", to: "SHA256SUMS")
            _ = try ModelFolder(path: folder.path)
            try folder.write(name == Self.file ? Self.list : "{}", to: name)
            let got = try SHA256Hasher.digest(ofFileAt: folder.file(name))
            let expected = try #require(SHA256Digest(hexadecimal: promised))
            let mismatch = ChecksumError.mismatch(path: folder.file(name), expected: expected, got: got)
            #expect(throws: SentenceEncodingError.checksum(mismatch)) { try ModelFolder(path: folder.path) }
        }
    }
}
