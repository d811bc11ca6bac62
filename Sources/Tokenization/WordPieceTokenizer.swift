/// Turns text into the token ids that a BERT model was trained on.
///
/// The ids are those of Hugging Face `tokenizers` with its `BertNormalizer`, `BertPreTokenizer`, `WordPiece`, added tokens and
/// template post-processor, for every text. Behind the limit on tokens they are only counted, and only so far.
public struct WordPieceTokenizer: Sendable {
    private let vocabulary: Vocabulary
    private let normalizer: BERTNormalizer
    private let addedTokens: AddedTokens
    private let maxWordLength: Int
    private let truncationSide: TruncationSide
    /// The most tokens of text.
    private let capacity: Int
    /// Below it lie the tokens that continue a word; absent if the vocabulary has none.
    private let continuation: ByteTrie.Node?
    private let leading, trailing: [Int32]
    private let unknown: Int32

    /// Makes a tokenizer whose texts have at most `maxTokens` tokens, those around each text included.
    public init(vocabulary: Vocabulary, options: Options = Options(), maxTokens: Int) throws(TokenizationError) {
        let minimum = options.leadingTokens.count + options.trailingTokens.count + 1
        guard maxTokens >= minimum else { throw .maxTokensTooSmall(maxTokens, minimum: minimum) }
        guard options.maxWordLength >= 1 else {
            throw .maxWordLengthTooSmall(options.maxWordLength, minimum: 1)
        }
        normalizer = BERTNormalizer(
            lowercases: options.lowercase,
            stripsAccents: options.stripAccents ?? options.lowercase,
            handlesChineseCharacters: options.handleChineseCharacters)
        let addedTokens = try AddedTokens(
            options.addedTokens, vocabulary: vocabulary, normalizer: normalizer,
            splitsSpecialTokens: options.splitsSpecialTokens)
        func ids(_ spellings: [String]) throws(TokenizationError) -> [Int32] {
            var ids: [Int32] = []
            for spelling in spellings {
                guard let id = addedTokens.id(of: spelling) else { throw .missingSpecialToken(spelling) }
                ids.append(id)
            }
            return ids
        }
        leading = try ids(options.leadingTokens)
        trailing = try ids(options.trailingTokens)
        guard let unknown = vocabulary.id(of: options.unknownToken) else {
            throw .missingSpecialToken(options.unknownToken)
        }
        self.unknown = unknown
        self.addedTokens = addedTokens
        self.vocabulary = vocabulary
        capacity = maxTokens - minimum + 1
        truncationSide = options.truncationSide
        maxWordLength = options.maxWordLength
        continuation = vocabulary.trie.node(after: options.continuingSubwordPrefix.utf8)
    }

    /// The number of ids: those of the vocabulary, and of added tokens that it lacks.
    public var idCount: Int { addedTokens.idCount }

    /// The ids of a text, between those that stand around each text, cut to the limit.
    public func encode(_ text: String) -> TokenizedText { encode(text, blankIDs: []) }

    /// The ids of a text behind a prompt, as if the prompt were its beginning.
    public func encode(_ text: String, after prompt: Prompt) -> TokenizedText {
        encode(prompt.text + text, blankIDs: prompt.ids)
    }

    /// - Parameter blankIDs: What is there without a text.
    private func encode(_ text: String, blankIDs: [Int32]) -> TokenizedText {
        let (content, lost) =
            switch truncationSide {
            case .right: beginning(of: text)
            case .left: end(of: text)
            }
        return TokenizedText(
            ids: leading + content + trailing, truncatedTokenCount: lost, isBlank: lost == 0 && content == blankIDs)
    }

    /// The first tokens of a text, and how many more are known of.
    private func beginning(of text: String) -> (ids: [Int32], lost: Int) {
        let utf8 = text.utf8.span
        // A token of text needs a byte, mostly four or more.
        var ids: [Int32] = []
        ids.reserveCapacity(min(capacity, utf8.count / 3) + 8)

        // A word must be looked up even if it is only counted, because it may turn out to be unknown. The first token too
        // many is found wherever it is: only then is it known that the text is truncated.
        var lost = 0
        var words = makePreTokenizer()
        while lost == 0 || words.position <= Self.countedByteCount, let piece = words.next(in: utf8) {
            appendTokens(of: piece, words, to: &ids)
            if ids.count > capacity {
                lost += ids.count - capacity
                ids.removeSubrange(capacity...)
            }
        }
        return (ids, lost)
    }

    /// The last tokens of a text, all of which has to be read, and how many stand before them.
    private func end(of text: String) -> (ids: [Int32], lost: Int) {
        let utf8 = text.utf8.span
        var ids: [Int32] = []
        var lost = 0
        var words = makePreTokenizer()
        while let piece = words.next(in: utf8) {
            appendTokens(of: piece, words, to: &ids)
            // Seldom, because all that stay are moved.
            guard ids.count > 2 * capacity + 1024 else { continue }
            lost += ids.count - capacity
            ids.removeSubrange(..<(ids.count - capacity))
        }
        let surplus = max(0, ids.count - capacity)
        ids.removeSubrange(..<surplus)
        return (ids, lost + surplus)
    }
}

extension WordPieceTokenizer {
    /// What stands before every text of a kind, such as `passage: `.
    public struct Prompt: Sendable, Hashable {
        /// The words.
        public let text: String
        /// Their ids, without those that stand around each text.
        let ids: [Int32]
    }

    /// Prepares a prompt.
    public func prompt(_ text: String) throws(TokenizationError) -> Prompt {
        let (ids, lost) = beginning(of: text)
        guard lost == 0, ids.count < capacity else { throw .promptTooLong(maxTokens: capacity) }
        return Prompt(text: text, ids: ids)
    }

    /// The stretch of a text, from its beginning, in which words must begin to be counted behind the limit.
    ///
    /// 96 KiB are enough for 24,576 characters of four bytes; they bound what a text of megabytes costs.
    package static let countedByteCount = 96 << 10

    private func makePreTokenizer() -> BERTPreTokenizer {
        BERTPreTokenizer(normalizer: normalizer, addedTokens: addedTokens, maxWordLength: maxWordLength)
    }

    /// The words of a text before they are looked up, added tokens by their spelling.
    ///
    /// Of a word that is too long only the beginning is kept.
    package func words(of text: String) -> [String] {
        let utf8 = text.utf8.span
        var words = makePreTokenizer()
        var result: [String] = []
        while let piece = words.next(in: utf8) {
            switch piece {
            case .word: result.append(String(decoding: words.word.utf8, as: UTF8.self))
            case .addedToken(let id): result.append(addedTokens.content(of: id) ?? "")
            }
        }
        return result
    }

    @inline(__always)
    private func appendTokens(
        of piece: BERTPreTokenizer.Piece, _ words: borrowing BERTPreTokenizer, to ids: inout [Int32]
    ) {
        switch piece {
        case .word: appendTokens(of: words.word, to: &ids)
        case .addedToken(let id): ids.append(id)
        }
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
