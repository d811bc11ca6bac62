import CPUCompute
import Compute
import ComputeTestSupport
import Foundation
import Safetensors
import SentenceEncoding
import Testing
import Tokenization

/// Small models with random weights, between them every architecture, activation and pooling, made together with what the
/// reference implementation computes by `Scripts/make-architecture-goldens.py`.
@Suite("Every architecture equals the reference implementation")
struct ArchitectureTests {
    private static let models = ["bert-cls", "bert-max", "mpnet"]

    private func path(_ model: String) -> String { Fixtures.path("architectures/\(model)") }

    private func goldens(_ model: String) throws -> StageGoldens {
        try StageGoldens(path(model) + "/expected.safetensors", hidden: 32)
    }

    private func texts(_ model: String) throws -> [String] {
        struct Line: Decodable { let text: String }
        return try Data(contentsOf: URL(filePath: path(model) + "/texts.jsonl")).split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(Line.self, from: $0).text }
    }

    /// Compares vectors with the rows of a golden; without normalization the gate is relative to the largest number.
    private func expect(
        _ vectors: [[Float]], _ stage: String, _ goldens: StageGoldens, within bound: Float = 1e-5
    ) throws {
        let expected = try goldens.file.floats(named: stage, shape: [goldens.texts.count, goldens.hidden])
        let largest = expected.reduce(1) { max($0, $1.magnitude) }
        let difference = LargestDifference(vectors.flatMap { $0 }, expected)
        #expect(difference.value <= bound * largest, "\(stage): \(difference.description(columns: goldens.hidden))")
    }

    @Test("after every stage", arguments: models, GEMMEngine.allCases)
    func stages(model: String, engine: GEMMEngine) throws {
        let cpu = CPUBackend(workerCount: 1, gemm: engine)
        let differences = try goldens(model).compare(ModelFolder(path: path(model)).loadEncoder(on: cpu), on: cpu)
        #expect(differences.count == 5, "embeddings, two layers, pooled and normalized")
    }

    @Test("after every stage on the reference backend", arguments: models)
    func stagesOnReference(model: String) throws {
        let reference = ReferenceBackend()
        let encoder = try ModelFolder(path: path(model)).loadEncoder(on: reference)
        #expect(try goldens(model).compare(encoder, on: reference).count == 5)
    }

    @Test("from text to ids, with the special tokens that the folder names", arguments: models)
    func ids(model: String) throws {
        let tokenizer = try WordPieceTokenizer(model: ModelFolder(path: path(model)))
        let (texts, goldens) = (try texts(model), try goldens(model).texts)
        try #require(texts.count == goldens.count)
        for (text, golden) in zip(texts, goldens) { #expect(tokenizer.encode(text).ids == golden.ids, "\(text)") }
        #expect(Set(goldens.flatMap(\.ids)).count > 30)
    }

    @Test("from text to vector", arguments: models, GEMMEngine.allCases)
    func vectors(model: String, engine: GEMMEngine) async throws {
        let encoder = try SentenceEncoder(
            model: ModelFolder(path: path(model)), backend: CPUBackend(workerCount: 2, gemm: engine))
        let texts = try texts(model)
        try expect(await encoder.encode(texts.map { encoder.tokenize($0) }), "vectors", goldens(model))
    }

    @Test("from text to vector when it is to be fast", arguments: models)
    func fastVectors(model: String) async throws {
        let encoder = try SentenceEncoder(
            model: ModelFolder(path: path(model)), backend: CPUBackend(workerCount: 2, precision: .fast))
        let texts = try texts(model)
        try expect(
            await encoder.encode(texts.map { encoder.tokenize($0) }), "vectors", goldens(model), within: 5e-4)
    }

    @Test("in every pooling, normalized or not", arguments: models, ["cls", "max", "mean", "mean_sqrt_len_tokens"])
    func poolings(model: String, pooling: String) async throws {
        try await withModel(path(model)) { folder in
            let form = #"{"embedding_dimension": 32, "pooling_mode": "\#(pooling)"}"#
            try folder.write(form, to: "1_Pooling/config.json")
            try folder.setModules("Transformer", "Pooling")
            let encoder = try SentenceEncoder(
                model: ModelFolder(path: folder.path), backend: CPUBackend(workerCount: 1))
            let goldens = try goldens(model)
            try expect(await encoder.encode(goldens.texts), "pooled.\(pooling)", goldens)
        }
    }

    @Test("and a text has the same bits alone and in company", arguments: models)
    func sameBits(model: String) async throws {
        let encoder = try SentenceEncoder(
            model: ModelFolder(path: path(model)), backend: CPUBackend(workerCount: 2))
        let texts = try goldens(model).texts
        let together = try await encoder.encode(texts)
        let reversed = try await encoder.encode(texts.reversed())
        for (index, text) in texts.enumerated() {
            let alone = try await encoder.encode([text])[0]
            #expect(together[index] == alone && reversed[texts.count - 1 - index] == alone, "text \(index)")
        }
        #expect(Set(together).count > texts.count - 2)
    }

    @Test("whether or not the checkpoint puts the architecture before each name, as that of bert-cls does")
    func prefix() throws {
        let names = try Self.models.map { model in
            let checkpoint = try SafetensorsFile(contentsOf: path(model) + "/model.safetensors")
            return ["", "bert."].filter { checkpoint.tensor(named: $0 + "embeddings.LayerNorm.bias") != nil }
        }
        #expect(names == [["bert."], [""], [""]])
    }
}

@Suite("MPNet's positions")
struct MPNetPositionsTests {
    /// `MPNetEncoder.relative_position_bucket` of transformers 5.23.0 at the distances where its value changes.
    @Test(
        "fall into the reference's buckets: eight distances by themselves, then wider ones, each half for a direction")
    func buckets() {
        let firstDistances = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91]
        for (bucket, first) in firstDistances.enumerated() {
            let next = bucket + 1 < firstDistances.count ? firstDistances[bucket + 1] : 600
            for distance in first..<next {
                #expect(MPNetPositions.bucket(ofDistance: -distance) == bucket)
                if distance > 0 { #expect(MPNetPositions.bucket(ofDistance: distance) == 16 + bucket) }
            }
        }
    }

    @Test("begin with 2 in each text and leave out the padding token, if a text spells it")
    func positions() {
        let batch = TokenBatch([TokenizedText(ids: [0, 7, 2]), TokenizedText(ids: [0, 1, 7, 1, 2])])
        #expect(MPNetPositions.positions(of: batch) == [2, 3, 4, 2, 1, 3, 1, 4])
    }
}
