import FoundationEssentials

/// The tokens of a WordPiece model and their ids, from 0 without a gap.
public struct Vocabulary: Sendable {
    /// Finds ids by token.
    let trie: ByteTrie
    /// All tokens, one after the other.
    private let bytes: [UInt8]
    /// Where in `bytes` the token of each id lies.
    private let ranges: [Range<Int>]

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

    /// The tokens in the order of their ids, each with a line feed behind it: a `vocab.txt` in its usual form.
    public var lines: [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(bytes.count + ranges.count)
        for range in ranges {
            lines += bytes[range]
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }
}

// MARK: - vocab.txt

extension Vocabulary {
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
    ///
    /// The format is UTF-8, one token a line, and the id is the number of the line counted from 0. Blanks at the end of a line
    /// are no part of its token, and blank lines at the end of the file name none.
    package init(bytes: [UInt8], path: String) throws(TokenizationError) {
        try self.init(path: path, byteCount: bytes.count) { () throws(TokenizationError) in
            try Self.requireUTF8(bytes, path)
            var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            while lines.last?.isBlank == true { lines.removeLast() }
            for (index, line) in lines.enumerated() where line.isEmpty || line.elementsEqual([UInt8(ascii: "\r")]) {
                throw .blankLine(path: path, line: index + 1)
            }
            return lines.map(\.withoutBlanksAtEnd)
        }
    }

    private static func requireUTF8(_ bytes: [UInt8], _ path: String) throws(TokenizationError) {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let lineFeeds = bytes[..<error.byteOffsets.lowerBound].count { $0 == UInt8(ascii: "\n") }
            throw .invalidUTF8(path: path, line: lineFeeds + 1)
        }
    }

    /// Makes a vocabulary of the tokens of the ids 0, 1, 2 and so on; errors name the file that they come from as `path`.
    public init(tokens: [String], path: String) throws(TokenizationError) {
        try self.init(path: path, byteCount: tokens.reduce(0) { $0 + $1.utf8.count }) {
            () throws(TokenizationError) in tokens.map { ArraySlice($0.utf8) }
        }
    }

    private init(
        path: String, byteCount: Int, tokens: () throws(TokenizationError) -> [ArraySlice<UInt8>]
    ) throws(TokenizationError) {
        guard byteCount <= ByteTrie.maxByteCount else {
            throw .vocabularyTooLarge(path: path, byteCount: byteCount, limit: ByteTrie.maxByteCount)
        }
        var trie = ByteTrie()
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        bytes.reserveCapacity(byteCount)
        for token in try tokens() {
            // What is nothing but blanks is no word, and is never looked for.
            if !token.isEmpty, let earlier = trie.insert(token, id: Int32(ranges.count)) {
                throw .duplicateToken(
                    String(decoding: token, as: UTF8.self), path: path, firstLine: Int(earlier) + 1,
                    secondLine: ranges.count + 1)
            }
            ranges.append(bytes.count..<bytes.count + token.count)
            bytes += token
        }
        guard !ranges.isEmpty else {
            throw .emptyVocabulary(path: path)
        }
        self.trie = trie
        self.bytes = bytes
        self.ranges = ranges
    }
}

extension ArraySlice<UInt8> {
    fileprivate var isBlank: Bool { withoutBlanksAtEnd.isEmpty }

    /// The line, of valid UTF-8, without white space at its end.
    fileprivate var withoutBlanksAtEnd: ArraySlice<UInt8> {
        var line = self
        while let last = line.last {
            // Most tokens end with a letter.
            if last > 0x20, last < 0x80 { return line }
            var start = line.endIndex - 1
            while start > line.startIndex, line[start] & 0xC0 == 0x80 { start -= 1 }
            let character = String(decoding: line[start...], as: UTF8.self)
            guard character.unicodeScalars.allSatisfy(\.properties.isWhitespace) else { return line }
            line = line[..<start]
        }
        return line
    }
}
