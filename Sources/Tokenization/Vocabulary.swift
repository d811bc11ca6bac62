import FoundationEssentials

/// The tokens of a WordPiece model and their ids.
///
/// The file format is `vocab.txt`: UTF-8, one token a line, the id is the number of the line counted from 0.
public struct Vocabulary: Sendable {
    /// Finds ids by token.
    let trie: ByteTrie
    /// All tokens, one after the other.
    private let bytes: [UInt8]
    /// Where in `bytes` the token of each id lies.
    private let ranges: [Range<Int>]

    /// Reads a `vocab.txt`.
    public init(contentsOf path: String) throws(TokenizationError) {
        let contents: Data
        do {
            contents = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadableVocabulary(path: path, reason: "\(error)")
        }
        try self.init(bytes: Array(contents), path: path)
    }

    /// Reads the contents of a `vocab.txt`; errors name it as `path`.
    package init(bytes: [UInt8], path: String) throws(TokenizationError) {
        guard bytes.count <= ByteTrie.maxByteCount else {
            throw .vocabularyTooLarge(path: path, byteCount: bytes.count, limit: ByteTrie.maxByteCount)
        }
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let lineFeeds = bytes[..<error.byteOffsets.lowerBound].count { $0 == UInt8(ascii: "\n") }
            throw .invalidUTF8(path: path, line: lineFeeds + 1)
        }

        var trie = ByteTrie()
        var ranges: [Range<Int>] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let lineEnd = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            let hasCarriageReturn = lineEnd > start && bytes[lineEnd - 1] == UInt8(ascii: "\r")
            let token = start..<(hasCarriageReturn ? lineEnd - 1 : lineEnd)
            let line = ranges.count + 1
            guard !token.isEmpty else {
                throw .blankLine(path: path, line: line)
            }
            if let earlier = trie.insert(bytes[token], id: Int32(ranges.count)) {
                let spelling = String(decoding: bytes[token], as: UTF8.self)
                throw .duplicateToken(spelling, path: path, firstLine: Int(earlier) + 1, secondLine: line)
            }
            ranges.append(token)
            start = lineEnd + 1
        }
        guard !ranges.isEmpty else {
            throw .emptyVocabulary(path: path)
        }
        self.trie = trie
        self.bytes = bytes
        self.ranges = ranges
    }

    /// The number of tokens.
    public var count: Int {
        ranges.count
    }

    /// The id of a token, spelled as in the vocabulary.
    public func id(of token: String) -> Int32? {
        trie.node(after: token.utf8).flatMap(trie.id(at:))
    }

    /// The token that has an id.
    public func token(of id: Int32) -> String? {
        guard ranges.indices.contains(Int(id)) else { return nil }
        return String(decoding: bytes[ranges[Int(id)]], as: UTF8.self)
    }
}
