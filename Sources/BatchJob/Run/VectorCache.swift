/// Vectors of texts encoded in this run, by their token ids, up to a number of bytes.
///
/// Catalogs repeat themselves: the same title without a description, the same placeholder text. The cache has two
/// generations; when the young one is full it becomes the old one and the old one is forgotten, which keeps what was used
/// lately at the cost of two dictionaries.
package actor VectorCache {
    private let capacity: Int
    private var young: [[Int32]: [Float]] = [:]
    private var old: [[Int32]: [Float]] = [:]
    private var youngBytes = 0

    /// Makes a cache of at most `capacity` bytes of ids and vectors.
    package init(capacity: Int) {
        self.capacity = capacity
    }

    /// The vectors that are known.
    package func vectors(for keys: [[Int32]]) -> [[Int32]: [Float]] {
        var found: [[Int32]: [Float]] = [:]
        for key in keys { found[key] = young[key] ?? old[key] }
        // Only now: the young generation may become full, and what is old would be forgotten before it was looked up.
        insert(found)
        return found
    }

    /// Remembers vectors.
    package func insert(_ vectors: [[Int32]: [Float]]) {
        for (key, vector) in vectors { insert(vector, for: key) }
    }

    private func insert(_ vector: [Float], for key: [Int32]) {
        guard young.updateValue(vector, forKey: key) == nil else { return }
        youngBytes += 4 * (key.count + vector.count)
        if youngBytes > capacity / 2 {
            (old, young, youngBytes) = (young, [:], 0)
        }
    }
}
