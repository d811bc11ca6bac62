import Foundation
import Testing
import Tokenization

@Suite("Added tokens")
struct AddedTokenTests {
    /// A line of `added-token-cases.jsonl` behind the first.
    private struct Case: Decodable {
        struct Token: Decodable {
            let content: String
            let singleWord, normalized, special: Bool
        }

        let tokens: [Token]
        let lowercase, splits: Bool
        let text: String
        let ids: [Int32]

        var options: WordPieceTokenizer.Options {
            WordPieceTokenizer.Options(
                lowercase: lowercase,
                addedTokens: tokens.map {
                    AddedToken(
                        $0.content, isSingleWord: $0.singleWord, isNormalized: $0.normalized, isSpecial: $0.special)
                }, splitsSpecialTokens: splits, leadingTokens: [], trailingTokens: [])
        }
    }

    @Test("are found where the reference finds them, whatever their flags")
    func reference() throws {
        struct Header: Decodable { let vocabulary: [String] }
        let lines = try Fixtures.data("added-token-cases.jsonl").split(separator: UInt8(ascii: "\n"))
        let header = try JSONDecoder().decode(Header.self, from: try #require(lines.first))
        let vocabulary = try Vocabulary(tokens: header.vocabulary, path: "tokenizer.json")
        try #require(lines.count > 1_000)
        for line in lines.dropFirst() {
            let expected = try JSONDecoder().decode(Case.self, from: line)
            let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: expected.options, maxTokens: 256)
            #expect(tokenizer.encode(expected.text).ids == expected.ids, "\(String(decoding: line, as: UTF8.self))")
        }
    }

    @Test("that must be words by themselves stand beside no word character of the reference")
    func wordCharacters() throws {
        let text = String(decoding: try Fixtures.data("word-characters.txt"), as: UTF8.self)
        let stretches = try text.split(separator: "\n").map { line in
            let ends = line.split(separator: " ").compactMap { UInt32($0, radix: 16) }
            return try #require(ends.first)...(try #require(ends.last))
        }
        let vocabulary = try Vocabulary(tokens: ["[UNK]", "Q"], path: "vocab.txt")
        let options = WordPieceTokenizer.Options(
            lowercase: false, addedTokens: [AddedToken("Q", isSingleWord: true)], leadingTokens: [], trailingTokens: [])
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: 8)
        var index = 0
        for scalar in (1...0x10FFFF as ClosedRange<UInt32>).lazy.compactMap(Unicode.Scalar.init) where scalar != "Q" {
            while index < stretches.count, stretches[index].upperBound < scalar.value { index += 1 }
            let isWordCharacter = index < stretches.count && stretches[index].contains(scalar.value)
            let isFound = tokenizer.encode(String(Character(scalar)) + "Q").ids.last == 1
            if isFound == isWordCharacter { Issue.record("U+\(String(scalar.value, radix: 16))") }
        }
        #expect(stretches.count > 700)
    }

    @Test("that the vocabulary lacks get the ids behind it, in their order, and each spelling one")
    func appended() throws {
        let vocabulary = try Vocabulary(tokens: ["[UNK]", "a", "e\u{301}"], path: "vocab.txt")
        let added = ["x", "a", "é", "x", "y"].map { AddedToken($0, isSpecial: false) }
        let options = WordPieceTokenizer.Options(addedTokens: added, leadingTokens: ["y"], trailingTokens: [])
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: 8)
        #expect(tokenizer.idCount == 6, "two spellings of é are two tokens")
        #expect(tokenizer.encode("xyé a").ids == [5, 3, 5, 4, 1])
    }

    @Test("that cannot be found sensibly are refused")
    func refusals() throws {
        let vocabulary = try Vocabulary(tokens: ["[UNK]", "a"], path: "vocab.txt")
        func refusal(_ tokens: AddedToken...) -> TokenizationError? {
            let options = WordPieceTokenizer.Options(addedTokens: tokens, leadingTokens: [], trailingTokens: [])
            do throws(TokenizationError) {
                _ = try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: 8)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(AddedToken("")) == .emptyAddedToken)
        #expect(refusal(AddedToken("\u{301}", isNormalized: true)) == .vanishingAddedToken("\u{301}"))
        #expect(refusal(AddedToken("\u{301}")) == nil, "it is looked for in the text as it came")
        let stripping = AddedToken("a", stripsBlanks: true)
        #expect(
            refusal(stripping, AddedToken("中", isNormalized: true)) == .contestedBlanks(stripping: "a", token: "中"))
        #expect(refusal(stripping, AddedToken("b", isNormalized: true)) == nil)
        let sea = AddedToken("sea", isNormalized: true)
        #expect(refusal(sea, AddedToken("SEA", isNormalized: true)) == .twinAddedTokens("sea", "SEA"))
        #expect(refusal(sea, sea, AddedToken("SEA")) == nil)
        let long = String(repeating: "a", count: 3 << 20)
        #expect(refusal(AddedToken(long)) == .tooManyAddedTokens(byteCount: 3 << 20, limit: 2_097_151))
    }

    @Test("Many of them cost little")
    func many() throws {
        let vocabulary = try Vocabulary(tokens: ["[UNK]", "a"], path: "vocab.txt")
        for isNormalized in [false, true] {
            let tokens = (0..<20_000).map { AddedToken("<\($0)>", isNormalized: isNormalized, isSpecial: false) }
            let options = WordPieceTokenizer.Options(addedTokens: tokens, leadingTokens: [], trailingTokens: [])
            let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: 100_000)
            let ids = tokenizer.encode(String(repeating: "<19999><x> a ", count: 10_000)).ids
            #expect(ids.count == 30_000 + 20_000 && ids.first == 20_001)
        }
    }
}

@Suite("Texts that are cut on the left, and prompts")
struct TruncationSideTests {
    private func tokenizer(_ maxTokens: Int, _ side: WordPieceTokenizer.TruncationSide) throws -> WordPieceTokenizer {
        try WordPieceTokenizer(
            vocabulary: Vocabulary("a", "b", "c", "p"), options: .init(truncationSide: side), maxTokens: maxTokens)
    }

    @Test("The end of a text is kept, and everything before it is counted", arguments: [0, 1, 3, 4, 1_000, 100_000])
    func left(surplus: Int) throws {
        let text = String(repeating: "a ", count: surplus) + "b c a"
        let tokenized = try tokenizer(5, .left).encode(text)
        #expect(tokenized == TokenizedText(ids: [2, 6, 7, 5, 3], truncatedTokenCount: surplus))
        #expect(try tokenizer(6, .left).encode(text).truncatedTokenCount == max(0, surplus - 1))
    }

    @Test("A prompt stands before a text, counts towards the limit, and makes no text of nothing")
    func prompt() throws {
        let tokenizer = try tokenizer(5, .right)
        let prompt = try tokenizer.prompt("p ")
        #expect(
            tokenizer.encode("a b c", after: prompt) == TokenizedText(ids: [2, 8, 5, 6, 3], truncatedTokenCount: 1))
        #expect(tokenizer.encode("a", after: prompt).ids == [2, 8, 5, 3])
        for text in ["", " \u{AD}"] {
            #expect(tokenizer.encode(text, after: prompt) == TokenizedText(ids: [2, 8, 3], isBlank: true))
        }
        #expect(!tokenizer.encode("p", after: try tokenizer.prompt("")).isBlank)
        #expect(try self.tokenizer(5, .left).encode("a b c", after: prompt).ids == [2, 5, 6, 7, 3])
    }

    @Test("A prompt is the beginning of the text, not a text of its own")
    func joined() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: Vocabulary("ab", "a"), maxTokens: 5)
        #expect(tokenizer.encode("b", after: try tokenizer.prompt("a")).ids == [2, 5, 3])
    }

    @Test("A prompt that leaves no room for a text is refused", arguments: ["p p p", "p p p p"])
    func longPrompt(text: String) throws {
        #expect(throws: TokenizationError.promptTooLong(maxTokens: 3)) { try tokenizer(5, .right).prompt(text) }
        #expect(throws: Never.self) { try tokenizer(5, .right).prompt("p p") }
    }
}
