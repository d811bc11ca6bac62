/// The token ids of one text, as the model takes them.
public struct TokenizedText: Sendable, Hashable {
    /// `[CLS]`, the tokens of the text, `[SEP]`.
    public var ids: [Int32]

    /// Whether the text has more tokens than the limit lets through.
    public var isTruncated: Bool

    /// Whether nothing stands between `[CLS]` and `[SEP]`.
    public var isBlank: Bool {
        ids.count <= 2
    }

    /// Makes a tokenized text from ids that include `[CLS]` and `[SEP]`.
    public init(ids: [Int32], isTruncated: Bool) {
        self.ids = ids
        self.isTruncated = isTruncated
    }
}
