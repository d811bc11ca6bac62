import Tokenization

/// What a run would make of the rows that wait, counted while they are read.
///
/// Memory does not grow with the texts: of each, 64 bits are remembered, and a sample is kept to measure the encoder with.
struct Forecast: Sendable {
    /// All rows read.
    private(set) var rows = 0
    /// Tokens that the model would read, special tokens included.
    private(set) var tokens = 0
    /// Rows whose text is longer than the model or the template takes.
    private(set) var truncated = 0
    /// Tokens of these rows that the model would not read, at least.
    private(set) var tokensLost = 0
    /// Rows with the same tokens as one before.
    private(set) var duplicates = 0
    /// Rows that have nothing to embed.
    private(set) var empty = 0
    /// Rows whose bytes are not text.
    private(set) var undecodable = 0
    /// Rows with texts of their own, every one of them as likely to be here as any other.
    private(set) var sample: [DatasetRow] = []

    private static let sampleSize = 64
    /// Hashes of token ids.
    ///
    /// Two of a million texts share one with a probability of 3e-8, which would miscount by one.
    private var seen: Set<Int> = []

    /// Rows that would get a vector, if none of them makes the encoder fail.
    var embeddable: Int { rows - empty - undecodable }

    /// Counts a row with its text; `nil` if there is none.
    mutating func add(_ row: DatasetRow, _ text: TokenizedText?) {
        rows += 1
        guard row.isDecodable else {
            undecodable += 1
            return
        }
        guard let text, !text.isBlank else {
            empty += 1
            return
        }
        if row.isCut || text.isTruncated { truncated += 1 }
        tokensLost += text.truncatedTokenCount
        guard seen.insert(text.ids.hashValue).inserted else {
            duplicates += 1
            return
        }
        tokens += text.ids.count
        // Reservoir sampling: the n-th text takes a place with probability sampleSize / n.
        if sample.count < Self.sampleSize {
            sample.append(row)
        } else {
            let place = Int.random(in: 0..<seen.count)
            if place < Self.sampleSize { sample[place] = row }
        }
    }
}
