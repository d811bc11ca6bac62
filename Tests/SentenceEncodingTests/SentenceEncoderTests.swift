import CPUCompute
import Compute
import ComputeTestSupport
import Foundation
import Safetensors
import SentenceEncoding
import Testing
import Tokenization

@Suite("A sentence encoder")
struct SentenceEncoderTests {
    private struct Sentence: Decodable {
        let id: String
        let text: String
    }

    private func makeToy(
        workers: Int, gemm: GEMMEngine = .packed, precision: Precision = .exact
    ) throws -> SentenceEncoder<CPUBackend> {
        try SentenceEncoder(
            model: ModelFolder(path: Fixtures.toyModel),
            backend: CPUBackend(workerCount: workers, gemm: gemm, precision: precision))
    }

    private func makeTexts(_ count: Int, seed: UInt64) -> [TokenizedText] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let length = Int.random(in: 1...38, using: &random)
            let inner = (0..<length).map { _ in Int32.random(in: 5..<50, using: &random) }
            return TokenizedText(ids: [2] + inner + [3])
        }
    }

    @Test("gives the reference's vectors for texts of every kind", .requiresWeights, arguments: GEMMEngine.allCases)
    func sentences(engine: GEMMEngine) async throws {
        try await compareSentences(CPUBackend(workerCount: 2, gemm: engine), within: 1e-5)
    }

    @Test("gives the reference's vectors within 5e-4 when it is to be fast", .requiresWeights)
    func fastSentences() async throws {
        try await compareSentences(CPUBackend(workerCount: 2, precision: .fast), within: 5e-4)
    }

    private func compareSentences(_ backend: CPUBackend, within bound: Float) async throws {
        let encoder = try SentenceEncoder(model: ModelFolder(path: Fixtures.realModel), backend: backend)
        let sentences = try Data(contentsOf: URL(filePath: Fixtures.path("sentences.jsonl")))
            .split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(Sentence.self, from: $0) }
        try #require(sentences.count > 100)
        let expected = try SafetensorsFile(contentsOf: Fixtures.path("sentences.safetensors"))
            .floats(named: "vectors", shape: [sentences.count, encoder.dimension])

        let vectors = try await encoder.encode(sentences.map { encoder.tokenize($0.text) })
        for (row, sentence) in sentences.enumerated() {
            let golden = Array(expected[row * encoder.dimension..<(row + 1) * encoder.dimension])
            let difference = LargestDifference(vectors[row], golden)
            #expect(difference.value <= bound, "\(sentence.id): \(difference)")
            let cosine = zip(vectors[row], golden).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            #expect(cosine >= 0.999999, "\(sentence.id)")
        }
    }

    @Test(
        "gives a text the same vector alone and in any company, in any order, on any number of workers",
        arguments: GEMMEngine.allCases)
    func invariance(engine: GEMMEngine) async throws {
        let texts = makeTexts(120, seed: 11)
        let one = try makeToy(workers: 1, gemm: engine)
        var alone: [[Float]] = []
        for text in texts { alone += try await one.encode([text]) }
        try #require(Set(alone).count == texts.count, "different texts have different vectors")

        for workers in 1...3 {
            let encoder = try makeToy(workers: workers, gemm: engine)
            var order = Array(texts.indices)
            for seed in 0..<3 {
                let together = try await encoder.encode(order.map { texts[$0] })
                for (index, vector) in zip(order, together) {
                    let difference = LargestDifference(vector, alone[index])
                    #expect(difference.value <= 1e-6, "text \(index) on \(workers) workers: \(difference)")
                }
                var random = SeededGenerator(seed: UInt64(seed))
                order.shuffle(using: &random)
            }
        }
    }

    @Test(
        "gives a text the same bits in batches of 1 to 256, in any company, on any number of workers",
        arguments: Precision.allCases)
    func sameBits(precision: Precision) async throws {
        let texts = makeTexts(300, seed: 15)
        let encoders = try (1...3).map { try makeToy(workers: $0, precision: precision) }
        var alone: [[Float]] = []
        for text in texts { alone += try await encoders[0].encode([text]) }
        try #require(Set(alone).count == texts.count)
        var random = SeededGenerator(seed: 16)
        for count in (1...256).shuffled(using: &random) {
            let chosen = texts.indices.shuffled(using: &random).prefix(count)
            let together = try await encoders[count % 3].encode(chosen.map { texts[$0] })
            let differing = zip(chosen, together).filter { alone[$0] != $1 }.map(\.0)
            #expect(differing.isEmpty, "batch of \(count): texts \(differing) have other bits")
        }
    }

    @Test(
        "gives a text the same bits with all-MiniLM-L6-v2, alone and in company", .requiresWeights,
        arguments: Precision.allCases)
    func sameBitsOfRealModel(precision: Precision) async throws {
        let encoder = try SentenceEncoder(
            model: ModelFolder(path: Fixtures.realModel), backend: CPUBackend(workerCount: 2, precision: precision))
        let texts = makeTexts(48, seed: 17)
        var alone: [[Float]] = []
        for text in texts { alone += try await encoder.encode([text]) }
        try #require(Set(alone).count == texts.count)
        var random = SeededGenerator(seed: 18)
        for count in [48, 31, 7] {
            let chosen = texts.indices.shuffled(using: &random).prefix(count)
            let together = try await encoder.encode(chosen.map { texts[$0] })
            #expect(together == chosen.map { alone[$0] }, "batch of \(count)")
        }
    }

    @Test("gives the same vectors through the reference backend")
    func otherBackend() async throws {
        let texts = makeTexts(30, seed: 12)
        let reference = try SentenceEncoder(model: ModelFolder(path: Fixtures.toyModel), backend: ReferenceBackend())
        #expect(reference.deviceDescription == "reference")
        let expected = try await reference.encode(texts)
        let actual = try await makeToy(workers: 2).encode(texts)
        for index in texts.indices {
            let difference = LargestDifference(actual[index], expected[index])
            #expect(difference.value <= 1e-5, "text \(index): \(difference)")
        }
    }

    @Test("serves several callers at once, each with its own vectors")
    func concurrentBatches() async throws {
        let encoder = try makeToy(workers: 2)
        let batches = (0..<8).map { makeTexts(20, seed: 100 + UInt64($0)) }
        let expected = try await encoder.encode(batches.flatMap { $0 })
        let actual = try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
            for (index, batch) in batches.enumerated() {
                group.addTask { (index, try await encoder.encode(batch)) }
            }
            return try await group.reduce(into: [Int: [[Float]]]()) { $0[$1.0] = $1.1 }
        }
        let all = batches.indices.flatMap { actual[$0] ?? [] }
        try #require(all.count == expected.count)
        for (vector, golden) in zip(all, expected) {
            #expect(LargestDifference(vector, golden).value <= 1e-6)
        }
    }

    @Test("gives nothing for nothing")
    func noTexts() async throws {
        #expect(try await makeToy(workers: 2).encode([]).isEmpty)
    }

    @Test("does no more work once its task is cancelled")
    func cancellation() async throws {
        let encoder = try makeToy(workers: 1)
        let texts = makeTexts(5, seed: 13)
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask { _ = try await encoder.encode(texts) }
                try await group.waitForAll()
            }
        }
    }

    @Test("gives vectors of length 1, the model's width, and says so")
    func properties() async throws {
        let encoder = try makeToy(workers: 2)
        #expect(encoder.dimension == 32)
        #expect(encoder.normalizes)
        #expect(encoder.deviceDescription.hasPrefix("cpu (packed "))
        for vector in try await encoder.encode(makeTexts(10, seed: 14)) {
            #expect(vector.count == 32)
            #expect((vector.reduce(0) { $0 + $1 * $1 } - 1).magnitude < 1e-6)
        }
    }

    @Test("leaves vectors as long as they are where the model has no Normalize")
    func unnormalized() async throws {
        try await withToyModel { folder in
            try folder.setModules("sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling")
            let encoder = try SentenceEncoder(
                model: ModelFolder(path: folder.path), backend: CPUBackend(workerCount: 1))
            #expect(!encoder.normalizes)
            let goldens = try StageGoldens(Fixtures.path("toy/expected.safetensors"), hidden: 32)
            let pooled = try SafetensorsFile(contentsOf: Fixtures.path("toy/expected.safetensors"))
                .floats(named: "pooled", shape: [goldens.texts.count, 32])
            let vectors = try await encoder.encode(goldens.texts)
            let difference = LargestDifference(vectors.flatMap { $0 }, pooled)
            #expect(difference.value <= 1e-5, "\(difference)")
            #expect(vectors.allSatisfy { ($0.reduce(0) { $0 + $1 * $1 } - 1).magnitude > 1e-3 })
        }
    }

    @Test("cuts texts where the model's own limit is: 254 words and the two special tokens", .requiresWeights)
    func lengthLimit() throws {
        let encoder = try SentenceEncoder(
            model: ModelFolder(path: Fixtures.realModel), backend: CPUBackend(workerCount: 1))
        func tokens(_ words: Int) -> TokenizedText {
            encoder.tokenize(Array(repeating: "data", count: words).joined(separator: " "))
        }
        #expect(tokens(254).ids.count == 256)
        #expect(!tokens(254).isTruncated)
        #expect(tokens(255).ids.count == 256)
        #expect(tokens(255).isTruncated)
    }
}
