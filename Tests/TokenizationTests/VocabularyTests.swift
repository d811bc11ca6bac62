import Foundation
import Testing
import Tokenization

@Suite("Vocabulary")
struct VocabularyTests {
    private func vocabulary(_ contents: String) throws(TokenizationError) -> Vocabulary {
        try Vocabulary(bytes: Array(contents.utf8), path: "vocab.txt")
    }

    @Test("A token's id is the number of its line")
    func idsAreLineNumbers() throws {
        let vocabulary = try vocabulary("the\nthere\n##re\nþæt\n")
        #expect(vocabulary.count == 4)
        #expect(["the", "there", "##re", "þæt"].map(vocabulary.id(of:)) == [0, 1, 2, 3])
        #expect((0..<4).map(vocabulary.token(of:)) == ["the", "there", "##re", "þæt"])
    }

    @Test("What is not a whole token has no id", arguments: ["", "th", "ther", "theres", "##", "re", "The"])
    func unknownTokens(token: String) throws {
        #expect(try vocabulary("the\nthere\n##re\n").id(of: token) == nil)
    }

    @Test("Ids outside the vocabulary have no token", arguments: [-1, 2, .min, .max] as [Int32])
    func unknownIDs(id: Int32) throws {
        #expect(try vocabulary("a\nb\n").token(of: id) == nil)
    }

    @Test("The last line needs no line feed, and lines may end as on Windows")
    func lineEnds() throws {
        let vocabulary = try vocabulary("a\r\nb\r\nc")
        #expect(vocabulary.count == 3)
        #expect(["a", "b", "c"].map(vocabulary.id(of:)) == [0, 1, 2])
    }

    @Test("Many tokens with common beginnings are all found again")
    func manyTokens() throws {
        let tokens = (0..<20_000).map { "t\($0)" }
        let vocabulary = try vocabulary(tokens.joined(separator: "\n"))
        #expect(tokens.indices.allSatisfy { vocabulary.id(of: tokens[$0]) == Int32($0) })
        #expect(vocabulary.id(of: "t20000") == nil)
    }

    @Test("A file is read from disk")
    func file() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "vocab-\(UUID()).txt")
        try Data("[PAD]\nword\n".utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(try Vocabulary(contentsOf: url.path()).id(of: "word") == 1)
    }

    @Test("A missing file is named in the error")
    func missingFile() throws {
        let error = try #require(throws: TokenizationError.self) {
            try Vocabulary(contentsOf: "/nonexistent/vocab.txt")
        }
        guard case .unreadableVocabulary(path: "/nonexistent/vocab.txt", let reason) = error else {
            Issue.record("unexpected error \(error)")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("A vocabulary without tokens is refused")
    func empty() {
        #expect(throws: TokenizationError.emptyVocabulary(path: "vocab.txt")) { try vocabulary("") }
    }

    @Test("Blank lines at the end, and blanks at the ends of lines, are no part of a token")
    func blanks() throws {
        for end in ["", "\n", "\n\n", "\r\n\r\n", "\n \t\n\u{3000}\n"] {
            let vocabulary = try vocabulary("a \nb\u{A0}\t\r\n\u{2028}c" + end)
            #expect(vocabulary.count == 3)
            #expect(["a", "b", "\u{2028}c"].map(vocabulary.id(of:)) == [0, 1, 2])
        }
    }

    @Test("A line of nothing but blanks among others keeps its id and is no word")
    func blankToken() throws {
        let vocabulary = try vocabulary("a\n\u{3000}\nb\n\u{A0}\nc\n")
        #expect(vocabulary.count == 5 && vocabulary.id(of: "b") == 2 && vocabulary.id(of: "c") == 4)
        #expect(vocabulary.id(of: "\u{3000}") == nil && vocabulary.id(of: "") == nil)
    }

    @Test("Its lines are a vocab.txt in the usual form")
    func lines() throws {
        #expect(try vocabulary("a \r\nb").lines == Array("a\nb\n".utf8))
        #expect(try Vocabulary(tokens: ["a", "##b"], path: "tokenizer.json").lines == Array("a\n##b\n".utf8))
    }

    @Test("A blank line among others is refused with its number", arguments: ["a\n\nb\n", "a\n\r\nb\n", "a\n\n\nb"])
    func blankLine(contents: String) {
        #expect(throws: TokenizationError.blankLine(path: "vocab.txt", line: 2)) { try vocabulary(contents) }
    }

    @Test("A token that comes twice is refused with both lines")
    func duplicate() {
        let expected = TokenizationError.duplicateToken("b", path: "vocab.txt", firstLine: 2, secondLine: 4)
        #expect(throws: expected) { try vocabulary("a\nb\nc\nb\n") }
    }

    @Test("Invalid UTF-8 is refused with its line", arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        #expect(throws: TokenizationError.invalidUTF8(path: "vocab.txt", line: 3)) {
            try Vocabulary(bytes: Array("a\nb\nc".utf8) + bytes + Array("\nd\n".utf8), path: "vocab.txt")
        }
    }

    @Test("A file that is too large for the lookup structure is refused")
    func tooLarge() {
        let limit = 16_777_215
        let expected = TokenizationError.vocabularyTooLarge(path: "vocab.txt", byteCount: limit + 1, limit: limit)
        #expect(throws: expected) {
            try Vocabulary(bytes: Array(repeating: UInt8(ascii: "a"), count: limit + 1), path: "vocab.txt")
        }
    }

    @Test(
        "The model's vocabulary has the ids that BERT is known for",
        .enabled(if: Fixtures.hasVocabulary, "run Scripts/fetch-weights"))
    func modelVocabulary() throws {
        let vocabulary = try Vocabulary(contentsOf: Fixtures.vocabularyPath)
        #expect(vocabulary.count == 30_522)
        #expect(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(vocabulary.id(of:)) == [0, 100, 101, 102, 103])
        #expect(vocabulary.id(of: "the") == 1_996)
        #expect(vocabulary.token(of: 30_521) == "##～")
    }
}
