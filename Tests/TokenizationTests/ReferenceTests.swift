import Testing
import Tokenization

/// Goldens written by `Scripts/make-tokenizer-goldens.py`.
@Suite("Against the reference implementation")
struct ReferenceTests {
    @Test(
        "Every golden text gets the reference's ids and truncation",
        .enabled(if: Fixtures.hasVocabulary, "run Scripts/fetch-weights"),
        arguments: Fixtures.tokenizerCaseFiles)
    func ids(file: String) throws {
        let tokenizer = try Fixtures.makeModelTokenizer()
        let cases = try Fixtures.records(of: Fixtures.TokenizerCase.self, in: file)
        try #require(cases.count > 100)
        for expected in cases {
            let actual = tokenizer.encode(expected.text)
            let spelling = expected.text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
            #expect(actual.ids == expected.ids, "\(spelling)")
            #expect(actual.isTruncated == expected.truncated, "\(spelling)")
        }
    }

    @Test(
        "A truncated text has lost as many tokens as the reference's",
        .enabled(if: Fixtures.hasVocabulary, "run Scripts/fetch-weights"))
    func truncatedTokenCounts() throws {
        let vocabulary = try Vocabulary(contentsOf: Fixtures.vocabularyPath)
        let cases = try Fixtures.records(of: Fixtures.TruncationCase.self, in: "truncation-cases.jsonl")
        try #require(cases.count { $0.truncatedTokenCount > 0 } > 100)
        for expected in cases {
            let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, maxTokens: expected.maxTokens)
            let actual = tokenizer.encode(String(repeating: expected.text, count: expected.repetitions))
            let spelling = expected.text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
            let comment: Comment = "\(expected.repetitions) times \(spelling) to \(expected.maxTokens)"
            #expect(actual.ids == expected.ids, comment)
            #expect(actual.truncatedTokenCount == expected.truncatedTokenCount, comment)
        }
    }

    @Test("Every combination of options cuts the reference's words")
    func words() throws {
        let vocabulary = try Vocabulary()
        let cases = try Fixtures.records(of: Fixtures.WordCase.self, in: "word-cases.jsonl")
        try #require(cases.count > 1_000)
        for expected in cases {
            let options = WordPieceTokenizer.Options(
                lowercase: expected.lowercase, stripAccents: expected.stripAccents,
                handleChineseCharacters: expected.handleChineseCharacters)
            let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options, maxTokens: 256)
            let spelling = expected.text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
            // Strings compare by canonical equivalence, which would hide what is tested here.
            #expect(
                tokenizer.words(of: expected.text).map { Array($0.utf8) } == expected.words.map { Array($0.utf8) },
                "\(spelling) with \(options)")
        }
    }

    @Test("Every Unicode code point makes the reference's words, whatever Unicode version utf8proc has")
    func codePointSweep() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: Vocabulary(), maxTokens: 256)
        let checksums = try Fixtures.sweepChecksums()
        try #require(checksums.count == 1_086, "1,088 stretches of 1,024 code points, less two of surrogates")
        for (first, checksum) in checksums {
            var actual = CRC32()
            for scalar in (first..<first + 1_024).compactMap(Unicode.Scalar.init) {
                let text = "a\(scalar)b \(scalar) \u{302F}\(scalar)\u{1D165}\(scalar)\u{334}"
                for word in tokenizer.words(of: text) {
                    actual.update(with: word.utf8)
                    actual.update(with: CollectionOfOne(0))
                }
            }
            #expect(actual.value == checksum, "among the 1,024 code points from U+\(String(first, radix: 16)) on")
        }
    }
}

/// The checksum of zlib and gzip.
private struct CRC32 {
    private static let table = (0..<256 as Range<UInt32>).map { index in
        (0..<8).reduce(index) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    private var state = UInt32.max

    var value: UInt32 { ~state }

    mutating func update(with bytes: some Sequence<UInt8>) {
        for byte in bytes {
            state = Self.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8
        }
    }
}
