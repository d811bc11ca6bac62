/// Why a run ended, under the names of the report.
public enum ExitReason: String, Sendable, CaseIterable {
    /// A whole pass found nothing more to do.
    case drained
    /// As many rows as `--limit` allows were attempted.
    case limit
    /// Drained, but rows failed, and the run was told to say so.
    case rowErrors = "row_errors"
    /// A known text no longer encodes correctly: the model or the machine is at fault, not a row.
    case canary
    /// Many rows failed and none succeeded.
    case noSuccess = "no_success"
    /// A dry run counted what a run would do.
    case dryRun = "dry_run"
    /// A verification found nothing wrong.
    case verified
    /// A verification found vectors that a run would not write today.
    case findings
    /// A defect of this program.
    case `internal`
    /// The time of `--max-runtime` was over before the work was.
    case maxRuntime = "max_runtime"
    /// The database is unreachable, or failed in a way that may pass.
    case database
    /// A setting, name, privilege or model file is wrong.
    case configuration
    /// The column holds mostly vectors of another model.
    case mixedModel = "mixed_model"
    /// More vectors would be replaced than a run may replace without being told to.
    case blastRadius = "blast_radius"
    /// SIGTERM or SIGINT.
    case signal
    /// The command line cannot be understood; no run began.
    case usage

    /// The exit status: codes of `sysexits.h`, and 128 + 15 for a signal.
    public var exitCode: Int32 {
        switch self {
        case .drained, .limit, .dryRun, .verified: 0
        case .canary, .noSuccess, .internal: 70
        case .rowErrors, .findings: 65
        case .maxRuntime, .database: 75
        case .configuration, .mixedModel, .blastRadius: 78
        case .signal: 143
        case .usage: 64
        }
    }
}

/// Ends a run: a reason for the report and a sentence for the log.
public struct RunFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason, which decides the exit status.
    public let reason: ExitReason
    /// What happened, to which thing, and what to do.
    public let description: String

    /// Ends a run with a reason and a sentence.
    public init(_ reason: ExitReason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}

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
    /// Why the run ended.
    public var exitReason = ExitReason.drained

    /// Whether every row was attempted: what is left has failed.
    var isComplete: Bool { [.drained, .rowErrors].contains(exitReason) }

    /// Nothing done yet.
    public init() {}

    /// Adds what a later drain of the same rows did; what it left is what is left.
    mutating func add(_ later: RunReport) {
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
        return JSONLine.object([
            ("processed", JSONLine.number(processed)), ("failed", JSONLine.number(failed)),
            ("skipped_stale", JSONLine.number(skippedStale)), ("skipped_locked", JSONLine.number(skippedLocked)),
            ("quarantined", JSONLine.number(quarantined)), ("truncated", JSONLine.number(truncated)),
            ("tokens_lost", JSONLine.number(tokensLost)), ("deduplicated", JSONLine.number(deduplicated)),
            ("remaining", JSONLine.number(remaining)), ("seconds", JSONLine.number(Double(milliseconds) / 1000)),
            ("tokens", JSONLine.number(tokens)), ("model", JSONLine.text(model)),
            ("fingerprint", JSONLine.text(fingerprint)), ("device", JSONLine.text(device)),
            ("exit_reason", JSONLine.text(exitReason.rawValue)),
        ])
    }
}
