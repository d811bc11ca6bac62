import ArgumentParser
import BatchJob
import Compute
import Logging
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

    /// Loads the model and the change to it.
    func begin(
        _ plan: RunPlan, _ stopping: StopControl? = nil, _ log: Logger
    ) async throws -> (change: ModelChange, encoder: SentenceEncoder<CPUBackend>) {
        async let loading = model.load(plan.folder, plan.allowance, plan.gemm)
        let control = RunControl(maxRuntime: plan.maxRuntime)
        try await plan.pauseBeforeConnecting(log)
        let newModel = ModelChange.Model(
            name: plan.folder.name, fingerprint: plan.fingerprint.bytes,
            dimension: plan.folder.configuration.hiddenSize)
        let change = ModelChange(
            names: plan.names, model: newModel, options: plan.options, control: control, log: log,
            connect: plan.connector(stopping?.interruption))
        let encoder = try await loading
        await stopping?.govern(control)
        return (change, encoder)
    }

    /// Runs a step that embeds rows, and reports as a run does.
    func report(
        _ step: @escaping @Sendable (ModelChange, any TextEncoder) async -> RunReport
    ) async throws {
        try await StoppableRun.report(plan) { plan, control, log in
            let (change, encoder) = try await begin(plan, control, log)
            var report = await step(change, encoder)
            report.device = encoder.deviceDescription
            return report
        }
    }
}

/// The types of ``BatchJob/ModelChange/Storage``.
enum StorageOption: String, CaseIterable, ExpressibleByArgument {
    case vector
    case halfvec

    var storage: ModelChange.Storage {
        switch self {
        case .vector: .vector
        case .halfvec: .halfvec
        }
    }
}

extension [(name: String, value: String)] {
    /// Two columns, for people.
    var table: String {
        let width = map(\.name.count).max() ?? 0
        return map { $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value }
            .joined(separator: "\n")
    }
}
