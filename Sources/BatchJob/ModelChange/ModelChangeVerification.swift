public import DatasetTable

/// What `embedding-job backfill verify` found.
public struct ModelChangeVerification: Sendable, Equatable {
    /// The column that was looked at.
    public internal(set) var column = ""
    /// How far it has come.
    public internal(set) var coverage = ModelChangeCoverage()
    /// Eligible rows that failed with the new model and are held back; `nil` without a ledger.
    public internal(set) var quarantined: Int?
    /// A sample, encoded again.
    public internal(set) var sample = VerificationReport()
    /// By search index, the share of true nearest neighbors that it finds.
    public internal(set) var recall: [String: Double] = [:]
    /// Why the verification ended.
    public internal(set) var exitReason = ExitReason.verified

    /// One line of JSON, unknown values `null`, without a line feed.
    public var json: String {
        JSONLine.object([
            ("column", JSONLine.text(column)), ("eligible", JSONLine.number(coverage.eligible)),
            ("embedded", JSONLine.number(coverage.embedded)), ("missing", JSONLine.number(coverage.missing)),
            ("outdated", JSONLine.number(coverage.outdated)), ("quarantined", JSONLine.number(quarantined)),
            ("checked", JSONLine.number(sample.checked)), ("different", JSONLine.number(sample.different)),
            ("smallest_cosine", JSONLine.number(sample.smallestCosine)),
            ("rounding_error", JSONLine.number(sample.roundingError)),
            (
                "recall",
                JSONLine.object(recall.sorted { $0.key < $1.key }.map { ($0.key, JSONLine.number($0.value)) })
            ),
            ("exit_reason", JSONLine.text(exitReason.rawValue)),
        ])
    }
}
