package import Logging

/// The indexes for nearest-neighbor search, HNSW or IVFFlat, on the column that a run fills.
///
/// Each vector written is entered into them, which for HNSW takes longer the more it holds. For the rows of half an hour
/// that hardly matters. For a large table it does: the index is built several times as fast when all vectors are there.
package struct SearchIndexes: Sendable {
    /// From how many rows on it matters.
    private static let manyRows = 50_000

    /// Schema and index, quoted by the server, separated by commas.
    let names: String
    /// The statements that remove them.
    let drop: String
    /// The statements that build them again.
    let create: String

    /// Warns if that many rows are about to be written.
    package func advise(onWriting rows: Int, _ log: Logger) {
        guard rows > Self.manyRows else { return }
        log.warning(
            "\(rows) vectors will be entered one by one into a search index; it is faster to build it afterwards",
            metadata: metadata([
                .index: names, .remedy: "before the run, if searches can do without it: \(drop); after it: \(create)",
            ]))
    }
}
