import ArgumentParser
import BatchJob
import CommandSupport
import DatasetTable
import Logging

/// What commands that embed rows have in common: they end on a signal, and they print a line of JSON whatever happens.
enum StoppableRun {
    /// Plans and runs, prints the report and throws its exit status.
    static func report(
        _ plan: @escaping @Sendable (Settings) throws -> RunPlan,
        _ body: @escaping @Sendable (RunPlan, StopControl, Logger) async throws -> RunReport
    ) async throws {
        let log = Logger.standardError()
        let control = StopControl()
        let report = await control.result { await result(plan, body, control, log) }
        StandardOutput.report(report.json, log: log)
        TerminationLog.write(report.json)
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
        _ makePlan: @Sendable (Settings) throws -> RunPlan,
        _ body: @Sendable (RunPlan, StopControl, Logger) async throws -> RunReport, _ control: StopControl,
        _ log: Logger
    ) async -> RunReport {
        var report = RunReport()
        do {
            let plan = try makePlan(try await Settings())
            return await result(of: plan, log) { try await body(plan, control, log) }
        } catch {
            fail(&report, error, log)
            return report
        }
    }
}
