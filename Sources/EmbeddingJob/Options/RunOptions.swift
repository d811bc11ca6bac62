import ArgumentParser
import BatchJob
import CommandSupport
import DatasetTable

/// How a run goes about its work.
struct RunOptions: ParsableArguments {
    @OptionGroup var drain: DrainOptions

    @Flag(
        help: ArgumentHelp(
            "Then replace vectors that came from another text or another model. [EMBEDDING_STALE]",
            discussion: "Needs the table embedding_state."))
    var stale = false

    @Flag(help: "With --stale: also vectors of unknown origin. [EMBEDDING_INCLUDE_UNKNOWN]")
    var includeUnknown = false

    @Flag(help: "With --stale: even if that is more than a fifth of all vectors. [EMBEDDING_YES]")
    var yes = false

    @Flag(
        help: ArgumentHelp(
            "Write nothing: count what a run would do, and estimate how long it would take. [EMBEDDING_DRY_RUN]",
            discussion: "Reads every pending row. The log has the estimate, the line of JSON the numbers."))
    var dryRun = false

    /// The options of the run.
    func options(_ settings: Settings) throws -> EmbeddingRun.Options {
        var options = try drain.options(settings)
        options.replacesOutdated = try settings.flag(stale, "EMBEDDING_STALE")
        options.replacesUnknown = try settings.flag(includeUnknown, "EMBEDDING_INCLUDE_UNKNOWN")
        options.replacesMany = try settings.flag(yes, "EMBEDDING_YES")
        guard options.replacesOutdated || !(options.replacesUnknown || options.replacesMany) else {
            throw RunFailure(.configuration, "--include-unknown and --yes only mean something with --stale")
        }
        return options
    }

    /// Whether nothing is to be written.
    func isDryRun(_ settings: Settings) throws -> Bool {
        try settings.flag(dryRun, "EMBEDDING_DRY_RUN")
    }
}
