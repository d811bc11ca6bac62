extension WordPieceTokenizer {
    /// How text is prepared, what is looked for in it, and what is put around it.
    ///
    /// The defaults are those of uncased BERT models; the files of a model's folder tell what differs.
    public struct Options: Sendable, Hashable {
        /// Whether letters become lower case.
        public var lowercase: Bool
        /// Whether text is decomposed and its nonspacing marks are dropped; `nil` does as `lowercase` says.
        public var stripAccents: Bool?
        /// Whether each Chinese character is a word of its own.
        public var handleChineseCharacters: Bool
        /// Stands for a word that the vocabulary cannot spell.
        public var unknownToken: String
        /// Begins the tokens that continue a word.
        public var continuingSubwordPrefix: String
        /// The number of Unicode scalars, counted after normalization, beyond which a word is unknown.
        public var maxWordLength: Int
        /// The tokens that are looked for in text, in the order in which those that the vocabulary lacks get their ids.
        public var addedTokens: [AddedToken]
        /// Whether special tokens are not looked for after all.
        public var splitsSpecialTokens: Bool
        /// Stand before each text.
        public var leadingTokens: [String]
        /// Stand behind each text.
        public var trailingTokens: [String]
        /// Which end of a text that is too long is cut off.
        public var truncationSide: TruncationSide

        /// Makes options, by default those of uncased BERT models.
        public init(
            lowercase: Bool = true,
            stripAccents: Bool? = nil,
            handleChineseCharacters: Bool = true,
            unknownToken: String = "[UNK]",
            continuingSubwordPrefix: String = "##",
            maxWordLength: Int = 100,
            addedTokens: [AddedToken] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map { AddedToken($0) },
            splitsSpecialTokens: Bool = false,
            leadingTokens: [String] = ["[CLS]"],
            trailingTokens: [String] = ["[SEP]"],
            truncationSide: TruncationSide = .right
        ) {
            self.lowercase = lowercase
            self.stripAccents = stripAccents
            self.handleChineseCharacters = handleChineseCharacters
            self.unknownToken = unknownToken
            self.continuingSubwordPrefix = continuingSubwordPrefix
            self.maxWordLength = maxWordLength
            self.addedTokens = addedTokens
            self.splitsSpecialTokens = splitsSpecialTokens
            self.leadingTokens = leadingTokens
            self.trailingTokens = trailingTokens
            self.truncationSide = truncationSide
        }
    }

    /// An end of a text.
    public enum TruncationSide: String, Sendable, Hashable {
        /// The beginning.
        case left
        /// The end.
        case right
    }
}
