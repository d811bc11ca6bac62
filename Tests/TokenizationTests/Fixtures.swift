import Foundation
import Tokenization

/// What the tests read from disk.
enum Fixtures {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    /// The vocabulary of the model that the goldens were made with; not part of the repository.
    static let vocabularyPath = folder.appending(path: "../../weights/all-MiniLM-L6-v2/vocab.txt").standardized.path()

    static var hasVocabulary: Bool {
        FileManager.default.fileExists(atPath: vocabularyPath)
    }

    /// The vocabulary's token limit in the goldens.
    static let maxTokens = 256

    /// The tokenizer that the goldens were made with.
    static func makeModelTokenizer() throws -> WordPieceTokenizer {
        try WordPieceTokenizer(vocabulary: Vocabulary(contentsOf: vocabularyPath), maxTokens: maxTokens)
    }

    /// A text and what the reference makes of it.
    struct TokenizerCase: Decodable {
        let text: String
        let ids: [Int32]
        let truncated: Bool
    }

    /// A text, repeated, and what the reference keeps and loses of it at a limit.
    struct TruncationCase: Decodable {
        let text: String
        let repetitions: Int
        let maxTokens: Int
        let ids: [Int32]
        let truncatedTokenCount: Int
    }

    /// A text and its words under given options.
    struct WordCase: Decodable {
        let text: String
        let lowercase: Bool
        let stripAccents: Bool?
        let handleChineseCharacters: Bool
        let words: [String]
    }

    static let tokenizerCaseFiles = ["tokenizer-cases-1.jsonl", "tokenizer-cases-2.jsonl", "tokenizer-cases-3.jsonl"]

    /// The content of a file.
    static func data(_ file: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: "Fixtures").appending(path: file))
    }

    static func records<Record: Decodable>(of type: Record.Type, in file: String) throws -> [Record] {
        try data(file).split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(type, from: $0) }
    }

    /// Checksums by the first of the code points that they are about.
    static func sweepChecksums() throws -> [UInt32: UInt32] {
        let text = try String(contentsOf: folder.appending(path: "Fixtures/code-point-sweep.txt"), encoding: .utf8)
        let pairs = text.split(separator: "\n").compactMap { line -> (UInt32, UInt32)? in
            let fields = line.split(separator: " ").compactMap { UInt32($0, radix: 16) }
            return fields.count == 2 ? (fields[0], fields[1]) : nil
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}

extension Vocabulary {
    /// A vocabulary of the given tokens after the five special ones, which take the ids 0 to 4.
    init(_ tokens: String...) throws {
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        let contents = (special + tokens).map { $0 + "\n" }.joined()
        try self.init(bytes: Array(contents.utf8), path: "vocab.txt")
    }
}
