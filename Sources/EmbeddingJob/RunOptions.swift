import ArgumentParser
import BatchJob

/// How a run goes about its work.
struct RunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Most rows of a batch (default: 100). [EMBEDDING_BATCH_SIZE]", valueName: "rows"))
    var batchSize: PositiveCount?

    @Option(help: ArgumentHelp("Most rows to attempt (default: all). [EMBEDDING_LIMIT]", valueName: "rows"))
    var limit: PositiveCount?

    @Option(
        help: ArgumentHelp(
            "Begin no batch after this time (default: none); exit status 75 if rows are left. [EMBEDDING_MAX_RUNTIME]",
            valueName: "seconds"))
    var maxRuntime: PositiveCount?

    @Option(
        help: ArgumentHelp(
            "For how long a failing database is tried again (default: 60). [EMBEDDING_DB_RETRY_SECONDS]",
            valueName: "seconds"))
    var dbRetrySeconds: PositiveCount?

    @Flag(help: "Exit with status 65 if rows failed. [EMBEDDING_FAIL_ON_ROW_ERRORS]")
    var failOnRowErrors = false

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
        var options = EmbeddingRun.Options()
        options.batchSize = try settings.value(batchSize, "EMBEDDING_BATCH_SIZE")?.value ?? options.batchSize
        options.limit = try settings.value(limit, "EMBEDDING_LIMIT")?.value
        if let seconds = try settings.value(dbRetrySeconds, "EMBEDDING_DB_RETRY_SECONDS") {
            options.retryBudget = .seconds(seconds.value)
        }
        options.failsOnRowErrors = try settings.flag(failOnRowErrors, "EMBEDDING_FAIL_ON_ROW_ERRORS")
        options.replacesOutdated = try settings.flag(stale, "EMBEDDING_STALE")
        options.replacesUnknown = try settings.flag(includeUnknown, "EMBEDDING_INCLUDE_UNKNOWN")
        options.replacesMany = try settings.flag(yes, "EMBEDDING_YES")
        guard options.replacesOutdated || !(options.replacesUnknown || options.replacesMany) else {
            throw RunFailure(.configuration, "--include-unknown and --yes only mean something with --stale")
        }
        // Set by Kubernetes in every pod of an Indexed Job: pods start apart.
        if let index = try settings.value(Int?.none, "JOB_COMPLETION_INDEX"),
            let pods = try settings.value(PositiveCount?.none, "EMBEDDING_PODS")
        {
            options.firstShard = EmbeddingRun.firstShard(ofPod: index, of: pods.value)
            var generator = SystemRandomNumberGenerator()
            options.startPause = EmbeddingRun.startPause(ofPods: pods.value, using: &generator)
        }
        return options
    }

    /// Whether nothing is to be written.
    func isDryRun(_ settings: Settings) throws -> Bool {
        try settings.flag(dryRun, "EMBEDDING_DRY_RUN")
    }

    /// The time after which no batch begins: `nil` inside means no limit.
    func maxRuntime(_ settings: Settings) throws -> Duration? {
        try settings.value(maxRuntime, "EMBEDDING_MAX_RUNTIME").map { .seconds($0.value) }
    }
}
