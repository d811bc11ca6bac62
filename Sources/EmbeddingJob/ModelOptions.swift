import ArgumentParser
import Compute
import SentenceEncoding

/// Which model, and how many processors it may use.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Model folder, or a name. [EMBEDDING_MODEL]",
            discussion: """
                A sentence-transformers folder with model.safetensors. A bare name such as all-MiniLM-L6-v2 means \
                weights/NAME, or NAME in the folder that EMBEDDING_WEIGHTS names. There is no default and no download.
                """,
            valueName: "folder-or-name"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Compute workers (default: as many as affinity and cgroup quota allow). [EMBEDDING_THREADS]",
            valueName: "count"))
    var threads: PositiveCount?

    @Option(
        help: ArgumentHelp(
            "What multiplies matrices (default: auto). [EMBEDDING_GEMM]",
            discussion: "auto is packed, unless OpenBLAS has AVX-512 and wins a short trial.",
            valueName: "engine"))
    var gemm: GEMMOption?

    /// Reads the model folder; weights are not loaded yet.
    func folder(_ settings: Settings) throws -> ModelFolder {
        let name = try settings.required(model, "--model", "EMBEDDING_MODEL")
        guard !name.contains("/") else { return try ModelFolder(path: name) }
        let weights = try settings.value(String?.none, "EMBEDDING_WEIGHTS") ?? "weights"
        return try ModelFolder(path: "\(weights)/\(name)")
    }

    /// The number of workers and the reason for it.
    func allowance(_ settings: Settings) throws -> ProcessorAllowance {
        let requested = try settings.value(threads, "EMBEDDING_THREADS")
        return requested.map { ProcessorAllowance(requested: $0.value) } ?? ProcessorAllowance()
    }

    /// The engine that a user asked for.
    func gemm(_ settings: Settings) throws -> GEMMOption {
        try settings.value(gemm, "EMBEDDING_GEMM") ?? .auto
    }

    /// Loads the model onto the processor.
    func load(
        _ folder: ModelFolder, _ allowance: ProcessorAllowance, _ gemm: GEMMChoice
    ) throws -> SentenceEncoder<CPUBackend> {
        try SentenceEncoder(
            model: folder, backend: CPUBackend(workerCount: allowance.workerCount, gemm: gemm.engine))
    }
}

/// The engines of ``Compute/GEMMEngine``, or whichever is the faster.
enum GEMMOption: String, CaseIterable, ExpressibleByArgument {
    case openblas
    case packed
    case auto

    /// Decides; a trial takes some milliseconds.
    func choice(for folder: ModelFolder) -> GEMMChoice {
        switch self {
        case .openblas: GEMMChoice(requested: .openBLAS)
        case .packed: GEMMChoice(requested: .packed)
        case .auto: GEMMChoice(hiddenSize: folder.configuration.hiddenSize)
        }
    }
}
