package import Compute
package import Tokenization

/// The tokens of several texts, one text after another without padding.
package struct TokenBatch: Sendable {
    /// Token ids, `[N]`.
    package let ids: [Int32]
    /// The position of each token in its text, counted from 0, `[N]`.
    package let positions: [Int32]
    /// Where each of the B texts begins.
    package let boundaries: TextBoundaries

    /// Packs texts in the order given; none may be empty.
    package init(_ texts: some Collection<TokenizedText>) {
        ids = texts.flatMap(\.ids)
        positions = texts.flatMap { text in text.ids.indices.map { Int32($0) } }
        boundaries = TextBoundaries(lengths: texts.map(\.ids.count))
    }
}
