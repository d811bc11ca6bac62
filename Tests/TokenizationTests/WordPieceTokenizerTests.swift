import Testing
import Tokenization

@Suite("WordPiece tokenizer")
struct WordPieceTokenizerTests {
    // [PAD] [UNK] [CLS] [SEP] [MASK] have the ids 0 to 4.
    private let vocabulary: Vocabulary

    init() throws {
        vocabulary = try Vocabulary(
            "un", "##aff", "##able", "##affa", "a", "b", ".", "中", "é", "e", "sep", "[", "]", "A")
    }

    private func ids(
        _ text: String, options: WordPieceTokenizer.Options = .init(), maxTokens: Int = 256
    ) throws -> [Int32] {
        try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: maxTokens).encode(text).ids
    }

    @Test("A word is covered by the longest tokens from left to right")
    func longestMatch() throws {
        #expect(try ids("unaffable") == [2, 1, 3], "##affa is longer than ##aff, and ##ble is no token")
        #expect(try ids("unaff") == [2, 5, 6, 3])
        #expect(try ids("unaffaable") == [2, 5, 8, 7, 3])
        #expect(try ids("unaffaaffa") == [2, 5, 8, 8, 3])
    }

    @Test("A word that tokens cover only in part is a single unknown token")
    func unknownWord() throws {
        #expect(try ids("a unx b") == [2, 9, 1, 10, 3])
        #expect(try ids("x") == [2, 1, 3])
        #expect(try ids("able") == [2, 1, 3], "a continuation does not begin a word")
    }

    @Test("Punctuation and Chinese characters are words of their own")
    func words() throws {
        #expect(try ids("a.b中a") == [2, 9, 11, 10, 12, 9, 3])
        #expect(try ids("a中", options: .init(handleChineseCharacters: false)) == [2, 1, 3])
    }

    @Test("Case and accents follow the options")
    func options() throws {
        #expect(try ids("A É") == [2, 9, 14, 3])
        #expect(try ids("A é", options: .init(lowercase: false)) == [2, 18, 13, 3])
        #expect(try ids("A É", options: .init(stripAccents: false)) == [2, 9, 13, 3])
        #expect(try ids("A é", options: .init(lowercase: false, stripAccents: true)) == [2, 18, 14, 3])
    }

    @Test("Special tokens in the text become their ids when they are spelled exactly")
    func specialTokens() throws {
        #expect(try ids("a[SEP]b") == [2, 9, 3, 10, 3])
        #expect(try ids("[[MASK]]") == [2, 16, 4, 17, 3])
        #expect(try ids("[PAD][UNK][CLS]") == [2, 0, 1, 2, 3])
        #expect(try ids("[sep]") == [2, 16, 15, 17, 3])
        #expect(try ids("[SEP") == [2, 16, 15, 3])
    }

    @Test("Special tokens may have other spellings, of which the longest counts")
    func otherSpellings() throws {
        let contents = "<s>\n</s>\n<unk>\n<pad>\n<s>mask\nab\n@@c\nc\n"
        let vocabulary = try Vocabulary(bytes: Array(contents.utf8), path: "vocab.txt")
        let options = WordPieceTokenizer.Options(
            unknownToken: "<unk>", continuingSubwordPrefix: "@@",
            addedTokens: ["<s>", "</s>", "<unk>", "<pad>", "<s>mask"].map { AddedToken($0) },
            leadingTokens: ["<s>"], trailingTokens: ["</s>"])
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: 16)
        #expect(tokenizer.encode("abcc <s>mask <s>c [SEP]").ids == [0, 5, 6, 6, 4, 0, 7, 2, 2, 2, 1])
    }

    @Test("A special token that begins with a letter is found inside a word")
    func specialTokenInsideWord() throws {
        let vocabulary = try Vocabulary(bytes: Array("CLS\nSEP\nUNK\nPAD\nMASK\na\nb\n".utf8), path: "vocab.txt")
        let options = WordPieceTokenizer.Options(
            unknownToken: "UNK", addedTokens: ["CLS", "SEP", "UNK", "PAD", "MASK"].map { AddedToken($0) },
            leadingTokens: ["CLS"], trailingTokens: ["SEP"])
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: 16)
        #expect(tokenizer.encode("aMASKb").ids == [0, 5, 4, 6, 1])
    }

    @Test("Words have at most so many characters", arguments: [1, 3, 100])
    func maxWordLength(length: Int) throws {
        let vocabulary = try Vocabulary("e", "##e")
        let options = WordPieceTokenizer.Options(maxWordLength: length)
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: 256)
        let longest = String(repeating: "e\u{301}", count: length)
        #expect(tokenizer.encode(longest).ids == [2, 5] + Array(repeating: 6, count: length - 1) + [3])
        #expect(tokenizer.encode(longest + "e").ids == [2, 1, 3])
    }

    @Test("Truncation is told exactly", arguments: 1...4)
    func truncation(count: Int) throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: 5)
        let text = Array(repeating: "a", count: count).joined(separator: " ")
        let expected = [2] + Array(repeating: 9, count: min(count, 3)) + [3] as [Int32]
        for end in ["", " ", "\u{AD}\u{301}\n"] {
            let tokenized = tokenizer.encode(text + end)
            #expect(tokenized == TokenizedText(ids: expected, truncatedTokenCount: max(0, count - 3)))
            #expect(tokenized.isTruncated == (count > 3))
        }
        for end in [".", "[SEP]", " \u{302E}"] {
            let tokenized = tokenizer.encode(text + end)
            #expect(tokenized.truncatedTokenCount == max(0, count + 1 - 3))
            #expect(tokenized.isTruncated == (count >= 3))
        }
    }

    @Test("Tokens behind the limit are counted in texts of up to 96 KiB, to the last")
    func countedTokens() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: 5)
        // The longest input of a run: a title of 2,048 characters, twice, and a description of 16,384.
        let longestInput = String(repeating: "\u{20000}", count: 2_048 + 1 + 2_048 + 1 + 16_384)
        #expect(tokenizer.encode(longestInput).truncatedTokenCount == 20_482 - 3)
        // Its last two words are known only when all bytes are read.
        let text = String(repeating: "a中", count: WordPieceTokenizer.countedByteCount / 4)
        #expect(tokenizer.encode(text).truncatedTokenCount == WordPieceTokenizer.countedByteCount / 2 - 3)
    }

    @Test("Of longer texts at least the tokens of the first 96 KiB are counted")
    func uncountedTokens() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: 5)
        let tokenized = tokenizer.encode(String(repeating: "a ", count: 1 << 20))
        let counted = WordPieceTokenizer.countedByteCount / 2 - 3
        #expect(tokenized.ids == [2, 9, 9, 9, 3])
        #expect((counted...counted + 1).contains(tokenized.truncatedTokenCount))
    }

    @Test("The first lost token is found wherever it is")
    func distantToken() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: 3)
        let blanks = String(repeating: " ", count: 2 * WordPieceTokenizer.countedByteCount)
        #expect(tokenizer.encode("a" + blanks) == TokenizedText(ids: [2, 9, 3]))
        #expect(tokenizer.encode("a" + blanks + "b") == TokenizedText(ids: [2, 9, 3], truncatedTokenCount: 1))
    }

    @Test("A word that turns out unknown at the limit takes one place")
    func unknownWordAtLimit() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: 3)
        #expect(tokenizer.encode("unaffx") == TokenizedText(ids: [2, 1, 3]))
        #expect(tokenizer.encode("unaff") == TokenizedText(ids: [2, 5, 3], truncatedTokenCount: 1))
    }

    @Test("A text without anything to read is blank", arguments: ["", " \t\n", "\u{0}\u{FFFD}\u{AD}", "\u{301}"])
    func blank(text: String) throws {
        let tokenized = try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: 8).encode(text)
        #expect(tokenized == TokenizedText(ids: [2, 3]))
        #expect(tokenized.isBlank)
    }

    @Test("A text of one token is not blank")
    func notBlank() throws {
        #expect(try !WordPieceTokenizer(vocabulary: vocabulary, maxTokens: 8).encode("a").isBlank)
    }

    @Test("A limit that leaves no room for text is refused", arguments: [2, 0, -1])
    func tooFewTokens(maxTokens: Int) {
        #expect(throws: TokenizationError.maxTokensTooSmall(maxTokens, minimum: 3)) {
            try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: maxTokens)
        }
    }

    @Test("A limit on words that makes them all unknown is refused")
    func tooShortWords() {
        #expect(throws: TokenizationError.maxWordLengthTooSmall(0, minimum: 1)) {
            try WordPieceTokenizer(vocabulary: vocabulary, options: .init(maxWordLength: 0), maxTokens: 8)
        }
    }

    @Test("A vocabulary without the unknown token is refused, one without other special tokens makes them its last")
    func missingSpecialToken() throws {
        let tokens = ["[CLS]", "[SEP]", "[PAD]", "[MASK]"]
        #expect(throws: TokenizationError.missingSpecialToken("[UNK]")) {
            try WordPieceTokenizer(vocabulary: Vocabulary(tokens: tokens, path: "vocab.txt"), maxTokens: 8)
        }
        let tokenizer = try WordPieceTokenizer(
            vocabulary: Vocabulary(tokens: ["[UNK]", "[SEP]", "[PAD]", "[MASK]"], path: "vocab.txt"), maxTokens: 8)
        #expect(tokenizer.idCount == 5 && tokenizer.encode("").ids == [4, 1])
        #expect(throws: TokenizationError.missingSpecialToken("<s>")) {
            try WordPieceTokenizer(
                vocabulary: Vocabulary(tokens: ["[UNK]"], path: "vocab.txt"), options: .init(leadingTokens: ["<s>"]),
                maxTokens: 8)
        }
    }
}
