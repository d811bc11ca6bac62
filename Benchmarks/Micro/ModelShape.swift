/// The shape of all-MiniLM-L6-v2.
enum ModelShape {
    static let hiddenSize = 384
    static let intermediateSize = 1_536
    static let headCount = 12
    static let vocabularySize = 30_522
    static let maxPositions = 512
    /// A text has so many tokens at most.
    static let maxTokens = 256
    /// A worker computes about so many tokens at a time.
    static let chunkTokens = 512
}
