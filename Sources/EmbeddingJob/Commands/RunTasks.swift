import BatchJob
import CommandSupport
import DatasetTable
import FoundationEssentials
import Logging
import Postgres
import TaskBoard

/// The tasks of a run, from their claim at its start to their end with its result.
struct RunTasks {
    private let selection: TaskSelection
    private let plan: RunPlan
    private let claims: TaskClaims?

    /// Claims the tasks; throws a `RunFailure` if the one task cannot be begun.
    ///
    /// A run that adopts tasks is one like any other where there is no board: a schedule may be older than the board.
    init(
        _ selection: TaskSelection, _ plan: RunPlan, _ interruption: PostgresInterruption?, _ log: Logger
    ) async throws {
        let connection = plan.connection
        // What keeps the locks must outlive a signal that ends all waiting, up to the end of the tasks.
        let open: TaskClaims.Open = { () async throws(PostgresError) in try await connection.open(.readWrite) }
        claims = try await plan.connector(interruption, .readWrite, log).withSession { session in
            switch selection {
            case .due:
                guard try await TaskBoard.exists(for: plan.names, session: session) else {
                    log.notice(
                        "there is no board of tasks, so none is taken",
                        metadata: ["remedy": "embedding-job schema --tasks --apply, or leave out --adopt-tasks"])
                    return nil
                }
                return try await TaskClaims.claimDue(
                    of: plan.names, runner: Self.runner, session: session, open: open, log: log)
            case .one(let id):
                return try await TaskClaims.claim(
                    id, of: plan.names, runner: Self.runner, session: session, open: open, log: log)
            }
        }
        self.selection = selection
        self.plan = plan
    }

    /// How the board and the history call this process.
    static var runner: String {
        "\(ProcessInfo.processInfo.hostName)/\(ProcessInfo.processInfo.processIdentifier)"
    }

    /// Runs the body with the settings of the tasks, and ends them as it ends.
    ///
    /// An adopting run goes on if one of its tasks is cancelled: it has its own reasons to run.
    func run(
        _ control: RunControl, _ log: Logger, _ body: (RunPlan) async throws -> RunReport
    ) async throws -> RunReport {
        var plan = plan
        let tasks = await claims?.tasks ?? []
        for task in tasks {
            log.info("task begins", metadata: ["task": "\(task.id.text)", "attempt": "\(task.attempt)"])
        }
        if selection != .due, let task = tasks.first {
            // A task that cannot be read fails here, and is ended like one that fails later.
            plan.options.batchSize = task.arguments?.batchSize ?? plan.options.batchSize
            plan.options.limit = task.arguments?.limit
        }
        let watching = Task { [claims, selection] in
            await claims?.watch {
                guard selection != .due else { return }
                log.notice("somebody wants the task to end, stopping")
                await control.stop(because: .cancelled)
            }
        }
        var report = await StoppableRun.result(of: plan, log) {
            if selection != .due, let task = tasks.first, task.arguments == nil {
                throw RunFailure(
                    .configuration,
                    "the arguments of task \(task.id.text) cannot be read; queue it with embedding-job task queue")
            }
            return try await body(plan)
        }
        watching.cancel()
        await watching.value
        report.adoptsTasks = selection == .due
        if selection == .due { report.adoptedTasks = tasks.count }
        await end(report)
        return report
    }

    /// For how long the end of tasks is tried to be noted: a process that was told to end has half a minute.
    private static let timeToEnd = Duration.seconds(10)

    private func end(_ report: RunReport) async {
        let status = report.exitReason.exitCode
        let reason = "the run ended with exit status \(status) (\(report.exitReason.rawValue))"
        let interruption = try? PostgresInterruption()
        let overdue = Task {
            try await Task.sleep(for: Self.timeToEnd)
            interruption?.interrupt()
        }
        let connection = plan.connection
        await claims?.end(
            exitStatus: status, report: report.json, error: status == 0 ? nil : reason,
            open: { () async throws(PostgresError) in
                try await connection.open(.readWrite, interruption: interruption)
            })
        overdue.cancel()
    }
}
