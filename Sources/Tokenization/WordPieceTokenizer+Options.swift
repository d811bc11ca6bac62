extension WordPieceTokenizer {
    /// How text is prepared and how the vocabulary spells what is not text.
    ///
    /// The defaults are those of uncased BERT models; `tokenizer_config.json` of a model tells what differs.
    public struct Options: Sendable, Hashable {
        /// Whether letters become lower case.
        public var lowercase: Bool
        /// Whether text is decomposed and its nonspacing marks are dropped; `nil` does as `lowercase` says.
        public var stripAccents: Bool?
        /// Whether each Chinese character is a word of its own.
        public var handleChineseCharacters: Bool
        /// Stands before each text.
        public var classificationToken: String
        /// Stands behind each text.
        public var separatorToken: String
        /// Stands for a word that the vocabulary cannot spell.
        public var unknownToken: String
        /// Fills up batches, which is not done here; recognized in text.
        public var paddingToken: String
        /// Hides a token in training; recognized in text.
        public var maskToken: String
        /// Begins the tokens that continue a word.
        public var continuingSubwordPrefix: String
        /// The number of Unicode scalars, counted after normalization, beyond which a word is unknown.
        public var maxWordLength: Int

        /// Makes options, by default those of uncased BERT models.
        public init(
            lowercase: Bool = true,
            stripAccents: Bool? = nil,
            handleChineseCharacters: Bool = true,
            classificationToken: String = "[CLS]",
            separatorToken: String = "[SEP]",
            unknownToken: String = "[UNK]",
            paddingToken: String = "[PAD]",
            maskToken: String = "[MASK]",
            continuingSubwordPrefix: String = "##",
            maxWordLength: Int = 100
        ) {
            self.lowercase = lowercase
            self.stripAccents = stripAccents
            self.handleChineseCharacters = handleChineseCharacters
            self.classificationToken = classificationToken
            self.separatorToken = separatorToken
            self.unknownToken = unknownToken
            self.paddingToken = paddingToken
            self.maskToken = maskToken
            self.continuingSubwordPrefix = continuingSubwordPrefix
            self.maxWordLength = maxWordLength
        }
    }
}
