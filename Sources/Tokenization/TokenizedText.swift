/// The token ids of one text, as the model takes them.
public struct TokenizedText: Sendable, Hashable {
    /// `[CLS]`, the tokens of the text, `[SEP]`.
    public var ids: [Int32]

    /// How many tokens of the text are missing in ``ids`` because of the limit.
    ///
    /// A lower bound for texts of more than 96 KiB: words that begin behind that are not counted.
    public var truncatedTokenCount: Int

    /// Whether the text contributes nothing: there is no token but those that stand around, or before, every text.
    public var isBlank: Bool

    /// Whether the text has more tokens than the limit lets through.
    public var isTruncated: Bool {
        truncatedTokenCount > 0
    }

    /// Makes a tokenized text from ids that include `[CLS]` and `[SEP]`.
    ///
    /// - Parameters:
    ///   - ids: The ids of the tokens, the special ones included.
    ///   - truncatedTokenCount: The number of tokens that did not fit.
    ///   - isBlank: Whether the text contributes nothing; left out, whether `ids` are the two special ones.
    public init(ids: [Int32], truncatedTokenCount: Int = 0, isBlank: Bool? = nil) {
        self.ids = ids
        self.truncatedTokenCount = truncatedTokenCount
        self.isBlank = isBlank ?? (ids.count <= 2)
    }
}
