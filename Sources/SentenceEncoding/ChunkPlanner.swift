/// Divides the texts of a batch into chunks for the workers.
package struct ChunkPlanner: Sendable {
    /// The most tokens in a chunk of several texts; a single longer text is a chunk of its own.
    package let maxTokens: Int
    /// How many chunks are worked on at the same time.
    package let workerCount: Int

    /// Plans for a number of workers and a chunk size.
    package init(maxTokens: Int, workerCount: Int) {
        self.maxTokens = maxTokens
        self.workerCount = workerCount
    }

    /// Groups texts of similar length into chunks of similar cost, the longest texts first, and never splits a text.
    ///
    /// The aim is a multiple of the number of workers, so that a small batch occupies all of them; since texts are not
    /// split, there may be a chunk more or less.
    ///
    /// - Parameter lengths: The number of tokens of each text.
    /// - Returns: Indices into `lengths`, each exactly once.
    package func chunks(lengths: [Int]) -> [[Int]] {
        let total = lengths.reduce(0, +)
        let leastCount = (total + maxTokens - 1) / maxTokens
        let count = max(1, (leastCount + workerCount - 1) / workerCount * workerCount)
        let target = min(maxTokens, (total + count - 1) / count)

        var chunks: [[Int]] = []
        var tokens = 0
        for index in lengths.indices.sorted(by: { (lengths[$1], $0) < (lengths[$0], $1) }) {
            if chunks.isEmpty || tokens >= target || tokens + lengths[index] > maxTokens {
                chunks.append([])
                tokens = 0
            }
            chunks[chunks.count - 1].append(index)
            tokens += lengths[index]
        }
        return chunks
    }
}
