import ArgumentParser
import BatchJob
import CommandSupport
import DatasetTable
import Logging
import Postgres

/// What commands that embed rows have in common: they end on a signal, and they print a line of JSON whatever happens.
enum StoppableRun {
    /// Plans and runs, prints the report and throws its exit status.
    ///
    /// - Parameters:
    ///   - command: What the history calls it.
    ///   - metrics: The file for Prometheus, `nil` for none.
    ///   - plan: Reads all other options.
    ///   - body: The work.
    static func report(
        _ command: String, to metrics: @escaping @Sendable (Settings) throws -> MetricsFile?,
        _ plan: @escaping @Sendable (Settings) throws -> RunPlan,
        _ body: @escaping @Sendable (RunPlan, StopControl, Logger) async throws -> RunReport
    ) async throws {
        let log = Logger.standardError()
        let control = StopControl()
        let (report, file) = await control.result { await result(command, metrics, plan, body, control, log) }
        if let terminal = Terminal.standardError, let summary = report.summary(on: terminal) { terminal.print(summary) }
        StandardOutput.report(report.json, log: log)
        TerminationLog.write(report.json)
        file?.write(report, log: log)
        throw ExitCode(report.exitReason.exitCode)
    }

    /// Runs a part to its end and always has a report of the plan.
    static func result(
        of plan: RunPlan, _ log: Logger, _ body: () async throws -> RunReport
    ) async -> RunReport {
        var report = RunReport()
        do {
            report = try await body()
        } catch {
            fail(&report, error, log)
            report.adoptsTasks = plan.tasks == .due
        }
        (report.model, report.fingerprint) = (plan.target.name, plan.fingerprint.hexadecimal)
        return report
    }

    private static func fail(_ report: inout RunReport, _ error: any Error, _ log: Logger) {
        let failure = RunFailure(error)
        log.error("\(failure.description)")
        report.exitReason = failure.reason
    }

    /// Runs to the end and always has a report.
    private static func result(
        _ command: String, _ metrics: @Sendable (Settings) throws -> MetricsFile?,
        _ makePlan: @Sendable (Settings) throws -> RunPlan,
        _ body: @Sendable (RunPlan, StopControl, Logger) async throws -> RunReport, _ control: StopControl,
        _ log: Logger
    ) async -> (RunReport, MetricsFile?) {
        var report = RunReport()
        var file: MetricsFile?
        do {
            let settings = try await Settings()
            file = try metrics(settings)
            var plan = try makePlan(settings)
            if ProgressBar.isVisible { plan.options.onProgress = RunProgressBar().show }
            report = await result(of: plan, log) { try await body(plan, control, log) }
            await note(report, of: plan, command, log)
        } catch {
            fail(&report, error, log)
        }
        return (report, file)
    }

    /// For how long the end of a run is tried to be noted: a process that was told to end has half a minute.
    private static let timeToNote = Duration.seconds(5)

    /// Notes the run in the history, if there is one; whatever goes wrong is only logged.
    private static func note(_ report: RunReport, of plan: RunPlan, _ command: String, _ log: Logger) async {
        // A database that could not be had is not waited for again.
        guard !plan.isDryRun, report.exitReason != .database else { return }
        let interruption = try? PostgresInterruption()
        let overdue = Task {
            try await Task.sleep(for: timeToNote)
            interruption?.interrupt()
        }
        do {
            let session = try await plan.connection.open(.readWrite, interruption: interruption)
            let history = try await RunHistory(of: plan.names, writes: true, session: session)
            try await history?.note(report, command: command, runner: RunTasks.runner)
            await session.close()
        } catch {
            // What ended the run is what a person has to know; it is likely to be the cause of this, too.
            let level: Logger.Level = report.exitReason.exitCode == 0 ? .warning : .debug
            log.log(
                level: level, "the run is not noted in embedding_run",
                metadata: ["reason": "\(RunFailure(error).description)"])
        }
        overdue.cancel()
    }
}
