/// A token that is looked for in text before words are made of it, such as `[SEP]`.
///
/// Source: `AddedToken` of Hugging Face tokenizers.
public struct AddedToken: Sendable, Hashable {
    /// How it is spelled.
    public var content: String
    /// Whether it counts only where neither a letter, a digit, a mark nor an underscore stands beside it.
    public var isSingleWord: Bool
    /// Whether it is looked for in normalized text, its own spelling normalized as well; else in the text as it came.
    public var isNormalized: Bool
    /// Whether it belongs to the model rather than to the language, which matters to
    /// ``WordPieceTokenizer/Options/splitsSpecialTokens``.
    public var isSpecial: Bool
    /// Whether blanks beside the token are taken away with it.
    ///
    /// That changes no id, for blanks only part words; unless another token has a blank at its end, which is refused.
    public var stripsBlanks: Bool

    /// Makes a token; without further words a special one, found wherever it is spelled exactly.
    public init(
        _ content: String, isSingleWord: Bool = false, isNormalized: Bool = false, isSpecial: Bool = true,
        stripsBlanks: Bool = false
    ) {
        self.content = content
        self.isSingleWord = isSingleWord
        self.isNormalized = isNormalized
        self.isSpecial = isSpecial
        self.stripsBlanks = stripsBlanks
    }
}
