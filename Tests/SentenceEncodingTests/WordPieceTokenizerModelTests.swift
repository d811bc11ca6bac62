import ComputeTestSupport
import SentenceEncoding
import Testing
import Tokenization

@Suite("The tokenizer of a model folder")
struct WordPieceTokenizerModelTests {
    @Test("has the folder's vocabulary and limit")
    func toy() throws {
        let tokenizer = try WordPieceTokenizer(model: ModelFolder(path: Fixtures.toyModel))
        #expect(tokenizer.encode("The sea and ICE.").ids == [2, 5, 8, 7, 9, 47, 3])
        #expect(tokenizer.encode(String(repeating: "rain ", count: 100)).ids.count == 40)
    }

    @Test("keeps upper case where the folder says so")
    func cased() async throws {
        try await withToyModel { folder in
            try folder.set(["do_lower_case": false], in: "tokenizer_config.json")
            let tokenizer = try WordPieceTokenizer(model: ModelFolder(path: folder.path))
            #expect(tokenizer.encode("sea SEA").ids == [2, 8, 1, 3])
        }
    }
}
