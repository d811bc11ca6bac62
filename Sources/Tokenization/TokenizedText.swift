/// The token ids of one text, as the model takes them.
public struct TokenizedText: Sendable, Hashable {
    /// `[CLS]`, the tokens of the text, `[SEP]`.
    public var ids: [Int32]

    /// How many tokens of the text are missing in ``ids`` because of the limit.
    ///
    /// A lower bound for texts of more than 96 KiB: words that begin behind that are not counted.
    public var truncatedTokenCount: Int

    /// Whether the text has more tokens than the limit lets through.
    public var isTruncated: Bool {
        truncatedTokenCount > 0
    }

    /// Whether nothing stands between `[CLS]` and `[SEP]`.
    public var isBlank: Bool {
        ids.count <= 2
    }

    /// Makes a tokenized text from ids that include `[CLS]` and `[SEP]`.
    public init(ids: [Int32], truncatedTokenCount: Int = 0) {
        self.ids = ids
        self.truncatedTokenCount = truncatedTokenCount
    }
}
