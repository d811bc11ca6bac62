/// What is asked of a search besides the question.
public struct SearchSettings: Sendable, Equatable {
    /// How the two arms of a search become one score.
    public enum Fusion: String, Sendable, CaseIterable {
        /// A weighted sum of calibrated parts, which mean the same in every search.
        case weighted
        /// Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) with k = 60, for models that are not calibrated.
        case reciprocalRank = "rrf"
    }

    /// The most rows of the answer.
    public var limit = 10
    /// Rows of these sources only; empty for all.
    public var sources: [String] = []
    /// Rows not older than this, as PostgreSQL writes a point in time.
    public var since: String?
    /// How scores are made.
    public var fusion = Fusion.weighted
    /// What similarity, words and metrics count; their sum is one.
    public var weights = Weights()
    /// After how many days half of what age takes is gone.
    public var halfLife = 730.0
    /// What age leaves of a score at least, from 0 to 1.
    public var ageFloor = 0.85

    /// The documented defaults.
    public init() {}

    /// What the parts of a score count.
    public struct Weights: Sendable, Equatable {
        /// The similarity of meaning.
        public let semantic: Double
        /// The words.
        public let keyword: Double
        /// The metrics.
        public let metrics: Double

        /// The defaults, measured on judged searches: 0.60, 0.25 and 0.15.
        public init() {
            (semantic, keyword, metrics) = (0.6, 0.25, 0.15)
        }

        /// Takes three numbers that are not negative, of which the first is positive, and divides them by their sum; `nil` for
        /// others.
        public init?(_ numbers: [Double]) {
            let sum = numbers.reduce(0, +)
            guard numbers.count == 3, numbers[0] > 0, numbers.allSatisfy({ $0 >= 0 }), sum.isFinite else { return nil }
            (semantic, keyword, metrics) = (numbers[0] / sum, numbers[1] / sum, numbers[2] / sum)
        }
    }
}
