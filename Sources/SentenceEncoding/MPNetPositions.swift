import Compute

/// How MPNet numbers the tokens of a text, and how it sorts distances into buckets.
///
/// Both follow `MPNetEmbeddings` and `MPNetEncoder` of Hugging Face transformers.
package enum MPNetPositions {
    /// The id of the padding token, whatever `config.json` says, and also its position.
    private static let padding: Int32 = 1
    /// The position of a text's first token.
    static let first = 2
    /// The number of buckets, whatever `config.json` says: half for keys up to the query, half for those behind it.
    static let bucketCount = 32

    /// The position of each token, `[N]`: 2, 3, 4 and so on in each text, counting no padding.
    ///
    /// There is none here, but a text may spell the padding token. The reference then gives it position 1.
    package static func positions(of batch: TokenBatch) -> [Int32] {
        var positions: [Int32] = []
        positions.reserveCapacity(batch.ids.count)
        for text in 0..<batch.boundaries.textCount {
            var next = Int32(first)
            for row in batch.boundaries.rows(ofText: text) {
                let isPadding = batch.ids[row] == padding
                positions.append(isPadding ? padding : next)
                if !isPadding { next += 1 }
            }
        }
        return positions
    }

    /// The bucket of a distance, key minus query.
    ///
    /// Of each half's 16 buckets the first eight are for one distance each; the others begin at 8 · 2^(k/2), k = 0 … 7, and
    /// the last has no end. In whole numbers: n ≥ 8 · 2^(k/2) means n² ≥ 64 · 2ᵏ.
    package static func bucket(ofDistance distance: Int) -> Int {
        let n = abs(distance)
        let half = distance > 0 ? bucketCount / 2 : 0
        return half + (n < 8 ? n : 8 + (1...7).count { n * n >= 64 << $0 })
    }

    /// One value a head and distance, `[A, 2L − 1]` with distance d at column L − 1 + d, from one a bucket, `[32, A]`.
    static func biases(ofBuckets buckets: [Float], headCount: Int, longestText: Int) -> [Float] {
        (0..<headCount).flatMap { head in
            (1 - longestText..<longestText).map { buckets[bucket(ofDistance: $0) * headCount + head] }
        }
    }
}
