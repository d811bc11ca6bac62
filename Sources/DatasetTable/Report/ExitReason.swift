/// Why a run ended, under the names of the report.
public enum ExitReason: String, Sendable, CaseIterable {
    /// A whole pass found nothing more to do.
    case drained
    /// As many rows as `--limit` allows were attempted.
    case limit
    /// All that the source had to tell has been fetched.
    case complete
    /// Drained, but rows failed, and the run was told to say so.
    case rowErrors = "row_errors"
    /// A known text no longer encodes correctly: the model or the machine is at fault, not a row.
    case canary
    /// The device stopped working, or computes other vectors than the processor.
    case device
    /// Many rows failed and none succeeded.
    case noSuccess = "no_success"
    /// A dry run counted what a run would do.
    case dryRun = "dry_run"
    /// Somebody wanted the task of the run to end.
    case cancelled
    /// What a source answers cannot be used: its format has changed, or its files are not what they should be.
    case source
    /// A source is not to be had, or not now.
    case sourceUnavailable = "source_unavailable"
    /// More rows would change than a run may change without being told to.
    case tooManyChanges = "too_many_changes"
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
        case .drained, .limit, .complete, .dryRun, .cancelled, .verified: 0
        case .canary, .device, .noSuccess, .internal: 70
        case .rowErrors, .findings, .source, .tooManyChanges: 65
        case .maxRuntime, .database, .sourceUnavailable: 75
        case .configuration, .mixedModel, .blastRadius: 78
        case .signal: 143
        case .usage: 64
        }
    }
}
