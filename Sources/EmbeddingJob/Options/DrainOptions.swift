import ArgumentParser
import BatchJob
import CommandSupport

/// How rows are drained, whatever for.
struct DrainOptions: ParsableArguments {
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

    /// The options of a run that only fills in what is missing.
    func options(_ settings: Settings) throws -> EmbeddingRun.Options {
        var options = EmbeddingRun.Options()
        options.batchSize =
            try settings.count(batchSize, "--batch-size", "EMBEDDING_BATCH_SIZE", atMost: Limits.batchSize)
            ?? options.batchSize
        options.limit = try settings.value(limit, "EMBEDDING_LIMIT")?.value
        if let seconds = try settings.value(dbRetrySeconds, "EMBEDDING_DB_RETRY_SECONDS") {
            options.retryBudget = .seconds(seconds.value)
        }
        options.failsOnRowErrors = try settings.flag(failOnRowErrors, "EMBEDDING_FAIL_ON_ROW_ERRORS")
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

    /// The time after which no batch begins, `nil` for none.
    func maxRuntime(_ settings: Settings) throws -> Duration? {
        try settings.value(maxRuntime, "EMBEDDING_MAX_RUNTIME").map { .seconds($0.value) }
    }
}
