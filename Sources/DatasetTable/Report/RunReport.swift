/// What a run did, in numbers; ``json`` is the one line on standard output.
public struct RunReport: Sendable, Equatable {
    /// Rows that have a vector because of this run, counted after COMMIT.
    public var processed = 0
    /// Rows that could not be encoded or written, each named in the log.
    public var failed = 0
    /// Rows not written because somebody edited, deleted, deactivated or wrote them meanwhile.
    public var skippedStale = 0
    /// Rows not written because somebody held a lock on them.
    public var skippedLocked = 0
    /// Written rows whose input was longer than the model or the template takes.
    public var truncated = 0
    /// Tokens of these rows that the model did not read, at least.
    ///
    /// What the template cuts off a column before the text is tokenized is not counted.
    public var tokensLost = 0
    /// Rows that took over the vector of another row with the same tokens.
    public var deduplicated = 0
    /// Eligible rows that the ledger holds back for now, `nil` without a ledger.
    public var quarantined: Int?
    /// Rows still waiting at the end, `nil` if that is not known.
    public var remaining: Int?
    /// Wall time from start to end.
    public var duration = Duration.zero
    /// Tokens encoded, special tokens included.
    public var tokens = 0
    /// The name of the model folder.
    public var model: String?
    /// The model fingerprint in full, hexadecimal.
    public var fingerprint: String?
    /// Device and kernels.
    public var device: String?
    /// How exactly linear layers were multiplied: `exact` or `fast`.
    public var precision: String?
    /// Whether the run was to adopt tasks; only then the line says how many.
    public var adoptsTasks = false
    /// Tasks of the board that it adopted at its start, `nil` if it did not come to that.
    public var adoptedTasks: Int?
    /// Why the run ended.
    public var exitReason = ExitReason.drained

    /// Whether every row was attempted: what is left has failed.
    package var isComplete: Bool { [.drained, .rowErrors].contains(exitReason) }

    /// Nothing done yet.
    public init() {}

    /// Adds what a later drain of the same rows did; what it left is what is left.
    package mutating func add(_ later: RunReport) {
        processed += later.processed
        failed += later.failed
        skippedStale += later.skippedStale
        skippedLocked += later.skippedLocked
        truncated += later.truncated
        tokensLost += later.tokensLost
        deduplicated += later.deduplicated
        tokens += later.tokens
        duration += later.duration
        (quarantined, remaining, exitReason) = (later.quarantined, later.remaining, later.exitReason)
    }

    /// One line of JSON, keys in a fixed order, unknown values `null`, without a line feed.
    public var json: String {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        let adopted = adoptsTasks ? [("adopted_tasks", JSONLine.number(adoptedTasks))] : []
        let fields = [
            ("processed", JSONLine.number(processed)), ("failed", JSONLine.number(failed)),
            ("skipped_stale", JSONLine.number(skippedStale)), ("skipped_locked", JSONLine.number(skippedLocked)),
            ("quarantined", JSONLine.number(quarantined)), ("truncated", JSONLine.number(truncated)),
            ("tokens_lost", JSONLine.number(tokensLost)), ("deduplicated", JSONLine.number(deduplicated)),
            ("remaining", JSONLine.number(remaining)), ("seconds", JSONLine.number(Double(milliseconds) / 1000)),
            ("tokens", JSONLine.number(tokens)), ("model", JSONLine.text(model)),
            ("fingerprint", JSONLine.text(fingerprint)), ("device", JSONLine.text(device)),
            ("precision", JSONLine.text(precision)),
        ]
        return JSONLine.object(fields + adopted + [("exit_reason", JSONLine.text(exitReason.rawValue))])
    }
}
