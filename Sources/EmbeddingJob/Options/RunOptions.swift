import ArgumentParser
import BatchJob
import CommandSupport
import DatasetTable
import FoundationEssentials

/// How a run goes about its work.
struct RunOptions: ParsableArguments {
    @OptionGroup var drain: DrainOptions
    @OptionGroup var metrics: MetricsOptions

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

    @Flag(
        help: ArgumentHelp(
            "Take all queued tasks about the column, and end them as the run ends. [EMBEDDING_ADOPT_TASKS]",
            discussion: """
                Needs the table embedding_task. The run keeps its own --batch-size and --limit, whatever the tasks say.
                """))
    var adoptTasks = false

    @Option(
        help: ArgumentHelp(
            "Run this queued task: with its batch size and limit, until it is drained or somebody cancels it.",
            valueName: "id"))
    var task: TaskIdentifier?

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

    /// The tasks that the run is to take, `nil` for none.
    func tasks(_ settings: Settings) throws -> TaskSelection? {
        let adopts = try settings.flag(adoptTasks, "EMBEDDING_ADOPT_TASKS")
        guard adopts || task != nil else { return nil }
        guard try !isDryRun(settings) else {
            throw RunFailure(.configuration, "a dry run does no work, so it takes no tasks; leave out --dry-run")
        }
        guard let task else { return .due }
        guard !adopts else {
            throw RunFailure(
                .configuration,
                "--task is about one task, and --adopt-tasks (EMBEDDING_ADOPT_TASKS) about all; leave one of them out")
        }
        return .one(task.id)
    }

    /// Whether nothing is to be written.
    func isDryRun(_ settings: Settings) throws -> Bool {
        try settings.flag(dryRun, "EMBEDDING_DRY_RUN")
    }
}

/// Tasks that a run takes at its start.
enum TaskSelection: Sendable, Equatable {
    /// All about its column that are due.
    case due
    /// This one.
    case one(UUID)
}

/// The identifier of a task, a UUID.
struct TaskIdentifier: ExpressibleByArgument, Sendable {
    let id: UUID

    init?(argument: String) {
        guard let id = UUID(uuidString: argument) else { return nil }
        self.id = id
    }
}
