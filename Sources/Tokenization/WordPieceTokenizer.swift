/// Turns text into the token ids that a BERT model was trained on.
///
/// The ids are those of Hugging Face `tokenizers` with its `BertNormalizer`, `BertPreTokenizer`, `WordPiece` and template
/// post-processor, for every text. Behind the limit on tokens they are only counted, and only so far.
public struct WordPieceTokenizer: Sendable {
    private let vocabulary: Vocabulary
    private let normalizer: BERTNormalizer
    private let specialTokens: SpecialTokens
    private let maxWordLength: Int
    private let maxTokens: Int
    /// Below it lie the tokens that continue a word; absent if the vocabulary has none.
    private let continuation: ByteTrie.Node?
    private let classification: Int32
    private let separator: Int32
    private let unknown: Int32

    /// Makes a tokenizer whose texts have at most `maxTokens` tokens, the two special ones included.
    public init(vocabulary: Vocabulary, options: Options = Options(), maxTokens: Int) throws(TokenizationError) {
        guard maxTokens >= Self.minMaxTokens else {
            throw .maxTokensTooSmall(maxTokens, minimum: Self.minMaxTokens)
        }
        guard options.maxWordLength >= 1 else {
            throw .maxWordLengthTooSmall(options.maxWordLength, minimum: 1)
        }
        var specialTokens = SpecialTokens()
        func special(_ spelling: String) throws(TokenizationError) -> Int32 {
            guard let id = vocabulary.id(of: spelling) else { throw .missingSpecialToken(spelling) }
            specialTokens.insert(spelling, id: id)
            return id
        }
        classification = try special(options.classificationToken)
        separator = try special(options.separatorToken)
        unknown = try special(options.unknownToken)
        _ = try special(options.paddingToken)
        _ = try special(options.maskToken)
        self.specialTokens = specialTokens
        self.vocabulary = vocabulary
        self.maxTokens = maxTokens
        maxWordLength = options.maxWordLength
        continuation = vocabulary.trie.node(after: options.continuingSubwordPrefix.utf8)
        normalizer = BERTNormalizer(
            lowercases: options.lowercase,
            stripsAccents: options.stripAccents ?? options.lowercase,
            handlesChineseCharacters: options.handleChineseCharacters)
    }

    /// The ids of a text, between the classification and the separator token, cut to the limit.
    public func encode(_ text: String) -> TokenizedText {
        let utf8 = text.utf8.span
        // A token of text needs a byte, mostly four or more.
        var ids: [Int32] = []
        ids.reserveCapacity(min(maxTokens, utf8.count / 3 + 2))
        ids.append(classification)

        // A word must be looked up even if it is only counted, because it may turn out to be unknown. The first token too
        // many is found wherever it is: only then is it known that the text is truncated.
        let capacity = maxTokens - 1
        var truncatedTokenCount = 0
        var words = makePreTokenizer()
        while truncatedTokenCount == 0 || words.position <= Self.countedByteCount, let piece = words.next(in: utf8) {
            switch piece {
            case .word: appendTokens(of: words.word, to: &ids)
            case .specialToken(let id): ids.append(id)
            }
            if ids.count > capacity {
                truncatedTokenCount += ids.count - capacity
                ids.removeSubrange(capacity...)
            }
        }
        ids.append(separator)
        return TokenizedText(ids: ids, truncatedTokenCount: truncatedTokenCount)
    }
}

extension WordPieceTokenizer {
    /// Two special tokens and one of text.
    private static let minMaxTokens = 3

    /// The stretch of a text, from its beginning, in which words must begin to be counted behind the limit.
    ///
    /// 96 KiB are enough for 24,576 characters of four bytes; they bound what a text of megabytes costs.
    package static let countedByteCount = 96 << 10

    private func makePreTokenizer() -> BERTPreTokenizer {
        BERTPreTokenizer(normalizer: normalizer, specialTokens: specialTokens, maxWordLength: maxWordLength)
    }

    /// The words of a text before they are looked up, special tokens by their spelling.
    ///
    /// Of a word that is too long only the beginning is kept.
    package func words(of text: String) -> [String] {
        let utf8 = text.utf8.span
        var words = makePreTokenizer()
        var result: [String] = []
        while let piece = words.next(in: utf8) {
            switch piece {
            case .word: result.append(String(decoding: words.word.utf8, as: UTF8.self))
            case .specialToken(let id): result.append(vocabulary.token(of: id) ?? "")
            }
        }
        return result
    }

    /// Covers the word from left to right with the longest token that fits each time; a word that cannot be covered
    /// becomes a single unknown token.
    private func appendTokens(of word: borrowing Word, to ids: inout [Int32]) {
        guard !word.isTooLong else { return ids.append(unknown) }
        let firstIndex = ids.count
        let utf8 = word.utf8.span
        var node: ByteTrie.Node? = ByteTrie.root
        var position = 0
        while position < utf8.count {
            guard let start = node, let match = vocabulary.trie.longestMatch(in: utf8, from: position, under: start)
            else {
                ids.removeSubrange(firstIndex...)
                return ids.append(unknown)
            }
            ids.append(match.id)
            position = match.end
            node = continuation
        }
    }
}
