import ArgumentParser
import BatchJob
import CommandSupport
import Compute
import DatasetTable
import Logging
import ModelLoading
import Postgres
import SentenceEncoding

/// What all steps of a change of the model are told.
struct BackfillOptions: ParsableArguments {
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions
    @OptionGroup(title: "Run") var drain: DrainOptions

    /// Reads the options.
    func plan(_ settings: Settings) throws -> RunPlan {
        try RunPlan(model, database, drain, settings, options: { try drain.options(settings) })
    }

    /// Prepares the change to the model, whose weights are not loaded for it.
    func change(
        _ plan: RunPlan, _ control: RunControl = RunControl(), _ stopping: StopControl? = nil,
        access: PostgresSession.Access = .readWrite, log: Logger
    ) async throws -> ModelChange {
        try await plan.pauseBeforeConnecting(log)
        return ModelChange(
            names: plan.names, model: plan.target, options: plan.options, control: control,
            connector: plan.connector(stopping?.interruption, access, log), log: log)
    }

    /// Loads the model and prepares the change to it.
    func begin(
        _ plan: RunPlan, _ stopping: StopControl? = nil, access: PostgresSession.Access = .readWrite, _ log: Logger
    ) async throws -> (change: ModelChange, encoder: any TextEncoder) {
        async let loading = plan.model.load(log)
        let control = RunControl(maxRuntime: plan.maxRuntime)
        let change = try await change(plan, control, stopping, access: access, log: log)
        let encoder = try await loading
        await stopping?.govern { await control.stop() }
        return (change, encoder)
    }

    /// Runs a step that embeds rows, and reports as a run does; `command` is what the history calls it.
    func report(
        _ command: String, to metrics: @escaping @Sendable (Settings) throws -> MetricsFile? = { _ in nil },
        _ step: @escaping @Sendable (ModelChange, any TextEncoder) async -> RunReport
    ) async throws {
        try await StoppableRun.report(command, to: metrics, plan) { plan, control, log in
            let (change, encoder) = try await begin(plan, control, log)
            var report = await step(change, encoder)
            report.device = encoder.deviceDescription
            report.precision = encoder.precision.rawValue
            return report
        }
    }
}
