import CPUCompute
import SentenceEncoding
import Testing
import Tokenization

@Suite("A folder of today, and any way of writing one, gives the reference's")
struct FolderVariantTests {
    @Test("token ids", arguments: try FolderVariant.all())
    func ids(variant: FolderVariant) async throws {
        try await variant.withFolder { folder in
            let model = try ModelFolder(path: folder.path)
            let tokenizer = try WordPieceTokenizer(model: model)
            let prompt = try tokenizer.documentPrompt(of: model)
            for golden in variant.cases {
                let ids = prompt.map { tokenizer.encode(golden.text, after: $0) } ?? tokenizer.encode(golden.text)
                #expect(ids.ids == golden.ids, "\(golden.text)")
            }
        }
    }

    @Test("vectors", arguments: try FolderVariant.all(), [GEMMEngine.packed])
    func vectors(variant: FolderVariant, engine: GEMMEngine) async throws {
        try await variant.withFolder { folder in
            let encoder = try SentenceEncoder(
                model: ModelFolder(path: folder.path), backend: CPUBackend(workerCount: 1, gemm: engine))
            for golden in variant.cases {
                guard let expected = golden.vector else { continue }
                let vector = try await encoder.encode([encoder.tokenize(golden.text)])[0]
                try #require(vector.count == expected.count && encoder.dimension == expected.count)
                // Without normalization the gate is relative to the largest number.
                let largest = expected.reduce(1) { max($0, $1.magnitude) }
                let difference = zip(vector, expected).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
                #expect(difference <= 1e-5 * largest, "\(golden.text)")
            }
        }
    }

    @Test("vectors from steep scores with every engine", arguments: GEMMEngine.allCases)
    func steep(engine: GEMMEngine) async throws {
        try await vectors(variant: .named("steep scores"), engine: engine)
    }

    @Test("and of two ways to write the same model, the same fingerprint of the vocabulary")
    func vocabularyDigest() async throws {
        let today = try ModelFolder(path: FolderVariant.base).vocabularyDigest
        for name in [
            "vocab.txt alone", "vocab.txt with blank lines at its end", "vocab.txt and another tokenizer.json",
        ] {
            try await FolderVariant.named(name).withFolder { folder in
                let digest = try ModelFolder(path: folder.path).vocabularyDigest
                #expect(digest == today, "\(name)")
            }
        }
    }
}
