/// The added tokens of a tokenizer with their ids, arranged so that the longest at a place is found at once.
///
/// What is found where follows the reference: the leftmost token, of those that begin at one place the longest; and text that
/// a token covers which then does not count, because it is no word by itself or because special tokens are split, is not
/// searched again.
struct AddedTokens: Sendable {
    /// A token found.
    struct Match {
        /// Its id.
        let id: Int32
        /// How many elements of the text it covers: bytes, or code points of normalized text.
        let length: Int
        /// Whether it must not have a word character beside it.
        let isSingleWord: Bool
        /// Whether it is special and special tokens are split like any text.
        let isSplit: Bool
    }

    private struct Entry {
        let id: Int32
        let isSingleWord, isSplit: Bool
    }

    /// By pattern, the number under which the tries know them.
    private var entries: [Entry] = []
    private var exact = ByteTrie()
    private var normalized = ByteTrie()
    /// The bytes that tokens found in the text as it came begin with, one bit for each.
    private var firstBytes = SIMD4<UInt64>()
    /// The code points of the longest token that is looked for in normalized text, 0 if there is none.
    private(set) var longestNormalized = 0
    /// Ids of tokens that the vocabulary does not have, by spelling.
    private var appended: [[UInt8]: Int32] = [:]
    /// A token that is looked for in normalized text and begins or ends with a blank there.
    private var edged: String?
    private let vocabulary: Vocabulary

    /// Registers tokens in order; one that the vocabulary lacks gets the next id behind it.
    ///
    /// As in the reference, a spelling that comes again keeps its place and its way of being looked for, but takes over whether
    /// it must be a word by itself; a special token comes before all others.
    init(
        _ tokens: [AddedToken], vocabulary: Vocabulary, normalizer: BERTNormalizer, splitsSpecialTokens: Bool
    ) throws(TokenizationError) {
        self.vocabulary = vocabulary
        let byteCount = tokens.reduce(0) { $0 + $1.content.utf8.count }
        guard byteCount <= ByteTrie.maxByteCount / 8 else {
            throw .tooManyAddedTokens(byteCount: byteCount, limit: ByteTrie.maxByteCount / 8)
        }
        // Bytes, because Swift takes two spellings of an accented letter for equal.
        var special: Set<[UInt8]> = []
        var patterns = tokens.filter { $0.isSpecial && special.insert(Array($0.content.utf8)).inserted }
        var isSingleWord: [[UInt8]: Bool] = [:]
        for token in tokens {
            let spelling = Array(token.content.utf8)
            guard !spelling.isEmpty else { throw .emptyAddedToken }
            isSingleWord[spelling] = token.isSingleWord
            if vocabulary.id(of: token.content) == nil, appended[spelling] == nil {
                appended[spelling] = Int32(vocabulary.count + appended.count)
            }
            if !special.contains(spelling) { patterns.append(token) }
        }
        for pattern in patterns {
            let spelling = Array(pattern.content.utf8)
            guard let id = id(of: pattern.content) else { continue }
            let entry = Entry(
                id: id, isSingleWord: isSingleWord[spelling] ?? false,
                isSplit: splitsSpecialTokens && special.contains(spelling))
            try insert(pattern, entry, normalizer)
        }
        if let edged, let stripping = patterns.first(where: { $0.stripsBlanks && !$0.isNormalized }) {
            throw .contestedBlanks(stripping: stripping.content, token: edged)
        }
    }

    private mutating func insert(
        _ token: AddedToken, _ entry: Entry, _ normalizer: BERTNormalizer
    ) throws(TokenizationError) {
        let number = Int32(entries.count)
        if token.isNormalized {
            let codePoints = normalizer.normalize(token.content)
            guard !codePoints.isEmpty else { throw .vanishingAddedToken(token.content) }
            if [codePoints.first, codePoints.last].contains(0x20) { edged = token.content }
            longestNormalized = max(longestNormalized, codePoints.count)
            let spelling = codePoints.flatMap { Unicode.Scalar($0).map { Array($0.utf8) } ?? [] }
            // Which of two that are spelled alike is found depends on how many there are in the reference.
            if let twin = normalized.insert(spelling, id: number), entries[Int(twin)].id != entry.id {
                throw .twinAddedTokens(content(of: entries[Int(twin)].id) ?? "", token.content)
            }
        } else if let first = token.content.utf8.first {
            firstBytes[Int(first >> 6)] |= 1 << UInt64(first & 63)
            _ = exact.insert(token.content.utf8, id: number)
        }
        entries.append(entry)
    }

    /// The id of a spelling, added or of the vocabulary.
    func id(of content: String) -> Int32? {
        vocabulary.id(of: content) ?? appended[Array(content.utf8)]
    }

    /// The number of ids, those of the vocabulary included.
    var idCount: Int { vocabulary.count + appended.count }

    /// The spelling of an id.
    func content(of id: Int32) -> String? {
        vocabulary.token(of: id)
            ?? appended.first { $0.value == id }.map { String(decoding: $0.key, as: UTF8.self) }
    }
}

// MARK: - Finding

extension AddedTokens {
    /// Whether a token that is looked for in the text as it came begins with this byte.
    @inline(__always)
    func mayStart(with byte: UInt8) -> Bool {
        firstBytes[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1
    }

    /// The token that begins at a position of the text as it came.
    @inline(__always)
    func match(in text: Span<UInt8>, at position: Int) -> Match? {
        mayStart(with: text[position]) ? longestMatch(in: text, at: position) : nil
    }

    private func longestMatch(in text: Span<UInt8>, at position: Int) -> Match? {
        exact.longestMatch(in: text, from: position, under: ByteTrie.root).map { found in
            match(entries[Int(found.id)], length: found.end - position)
        }
    }

    /// The token that begins with the next of the ready code points of normalized text.
    func match(in scalars: borrowing NormalizedScalars) -> Match? {
        var node = ByteTrie.root
        var found: Match?
        for index in 0..<scalars.readyCount {
            guard let scalar = Unicode.Scalar(scalars.ready(at: index)),
                let next = normalized.node(after: scalar.utf8, from: node)
            else { break }
            node = next
            if let number = normalized.id(at: node) { found = match(entries[Int(number)], length: index + 1) }
        }
        return found
    }

    private func match(_ entry: Entry, length: Int) -> Match {
        Match(id: entry.id, length: length, isSingleWord: entry.isSingleWord, isSplit: entry.isSplit)
    }
}
