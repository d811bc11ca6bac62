/// How far a run has come, counted after COMMIT.
public struct RunProgress: Sendable {
    /// Rows written or blamed.
    public let rows: Int
    /// Those of them that have a vector because of this run.
    public let processed: Int
    /// Those of them that were blamed.
    public let failed: Int
    /// Rows that wait, as they were counted when the pass began, less those done since.
    public let pending: Int
    /// Tokens encoded.
    public let tokens: Int
    /// The time since the run began.
    public let elapsed: Duration

    /// The share of the work that is done, from 0 to 1.
    public var share: Double { Double(rows) / Double(max(1, rows + pending)) }

    /// Rows a second.
    public var rowsPerSecond: Double { Double(rows) / seconds }

    /// Tokens a second.
    public var tokensPerSecond: Double { Double(tokens) / seconds }

    /// The time that is left if all goes on like this, zero as long as nothing is done.
    public var timeLeft: Duration { rows > 0 ? elapsed * (Double(pending) / Double(rows)) : .zero }

    private var seconds: Double { max(elapsed / .seconds(1), .leastNonzeroMagnitude) }
}
