public import ArgumentParser
public import CommandSupport
import CPUCompute
public import Compute
import DatasetTable
public import SentenceEncoding

/// Which model, and how many processors it may use.
public struct ModelOptions: ParsableArguments, Sendable {
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
            "What stands before each text (default: what the model folder says, if anything). [EMBEDDING_PROMPT]",
            discussion: """
                Some models were trained with words before each text, such as 'passage: ' for the E5 models, whose folders do \
                not say so. An empty text stands for none. The fingerprint covers it.
                """,
            valueName: "text"))
    var prompt: String?

    @Option(
        help: ArgumentHelp(
            "Compute workers (default: as many as affinity and cgroup quota allow). [EMBEDDING_THREADS]",
            discussion: "At most four for each processor of the machine, or 16.",
            valueName: "count"))
    var threads: PositiveCount?

    @Option(
        help: ArgumentHelp(
            "What multiplies matrices (default: packed). [EMBEDDING_GEMM]",
            discussion: """
                packed and auto are kernels of its own; packed-baseline does without AVX-512, to compare with, and has the \
                same bits.
                """,
            valueName: "engine"))
    var gemm: GEMMOption?

    @Option(
        help: ArgumentHelp(
            "exact, or fast with 16 bits (default: exact). [EMBEDDING_PRECISION]",
            discussion: """
                fast multiplies integers on the processor, and float16 on a GPU. Each component of a vector is within 1e-5 of the reference's, or within 5e-4. Both are vectors of the same \
                model and may stand in one column.
                """,
            valueName: "precision"))
    var precision: Precision?

    @Option(
        help: ArgumentHelp(
            "cpu, cuda, or auto: cuda where it can be used (default: cpu). [EMBEDDING_DEVICE]",
            discussion: """
                cuda is a GPU of NVIDIA's, or the command ends before it does anything. The first vectors are compared with \
                the processor's. bench takes several, as in cpu,cuda.
                """,
            valueName: "device"))
    var device: DeviceList?

    @Option(
        help: ArgumentHelp(
            "Folders to look for libcuda, libcublas and libnvrtc in first, separated by colons. [EMBEDDING_CUDA_LIBRARIES]",
            valueName: "folders"))
    var cudaLibraries: String?

    /// No option given.
    public init() {}

    /// What was given as flags, as the variables that say the same to another process.
    public var environment: [String: String] {
        [
            "EMBEDDING_MODEL": model, "EMBEDDING_PROMPT": prompt, "EMBEDDING_THREADS": threads.map { "\($0.value)" },
            "EMBEDDING_GEMM": gemm?.rawValue, "EMBEDDING_PRECISION": precision?.rawValue,
            "EMBEDDING_DEVICE": device.map { $0.devices.map(\.rawValue).joined(separator: ",") },
            "EMBEDDING_CUDA_LIBRARIES": cudaLibraries,
        ].compactMapValues(\.self)
    }

    /// Whether a model is named at all.
    public func isNamed(_ settings: Settings) throws -> Bool {
        try settings.value(model, "EMBEDDING_MODEL") != nil
    }

    /// Reads the model folder; weights are not loaded yet.
    public func folder(_ settings: Settings) throws -> ModelFolder {
        let name = try settings.required(model, "--model", "EMBEDDING_MODEL")
        let prompt = try settings.value(prompt, "EMBEDDING_PROMPT")
        guard !name.contains("/"), name != ".", name != ".." else {
            return try ModelFolder(path: name, documentPrompt: prompt)
        }
        let weights = try settings.value(String?.none, "EMBEDDING_WEIGHTS") ?? "weights"
        return try ModelFolder(path: "\(weights)/\(name)", documentPrompt: prompt)
    }

    /// Reads the model folder and chooses the device.
    public func loadable(_ settings: Settings) throws -> LoadableModel {
        var problems = Problems()
        let loadable = loadable(settings, &problems)
        return try problems.unless(loadable)
    }

    /// The same, for a command that reports all problems of its options together.
    public func loadable(_ settings: Settings, _ problems: inout Problems) -> LoadableModel? {
        guard let loadables = loadables(settings, &problems) else { return nil }
        guard loadables.count == 1 else {
            return problems.attempt { () throws -> LoadableModel in
                throw RunFailure(.configuration, "several devices were given; set --device to one of them")
            }
        }
        return loadables[0]
    }

    /// The same for a command that takes several devices: the model once for each.
    public func loadables(_ settings: Settings) throws -> [LoadableModel] {
        var problems = Problems()
        let loadables = loadables(settings, &problems)
        return try problems.unless(loadables)
    }

    private func loadables(_ settings: Settings, _ problems: inout Problems) -> [LoadableModel]? {
        let allowance = problems.attempt { try self.allowance(settings) }
        let engine = problems.attempt { try settings.value(gemm, "EMBEDDING_GEMM") ?? .packed }
        let precision = problems.attempt { try settings.value(self.precision, "EMBEDDING_PRECISION") ?? .exact }
        let devices = problems.attempt { try settings.value(device, "EMBEDDING_DEVICE")?.devices ?? [.cpu] }
        let libraries = problems.attempt { try settings.value(cudaLibraries, "EMBEDDING_CUDA_LIBRARIES") ?? "" }
        let folder = problems.attempt { try self.folder(settings) }
        guard let allowance, let engine = engine?.engine, let precision, let devices, let libraries, let folder else {
            return nil
        }
        guard engine.offers(precision) else {
            return problems.attempt { () throws -> [LoadableModel] in
                throw RunFailure(
                    .configuration, "OpenBLAS multiplies exactly only; set --gemm to packed, or --precision to exact")
            }
        }
        return devices.map { device in
            LoadableModel(
                folder: folder, allowance: allowance, gemm: engine, precision: precision, device: device,
                libraryFolders: libraries.split(separator: ":").map(String.init))
        }
    }

    private func allowance(_ settings: Settings) throws -> ProcessorAllowance {
        let requested = try settings.count(threads, "--threads", "EMBEDDING_THREADS", atMost: ThreadLimit.count)
        return requested.map { ProcessorAllowance(requested: $0) } ?? ProcessorAllowance()
    }
}

/// The engines of ``CPUCompute/GEMMEngine`` as they are called on the command line.
enum GEMMOption: String, CaseIterable, ExpressibleByArgument, Sendable {
    case packed
    case packedBaseline = "packed-baseline"
    case openblas
    /// What was once the choice between the two; settings still say it.
    case auto

    var engine: GEMMEngine {
        switch self {
        case .packed, .auto: .packed
        case .packedBaseline: .packedBaseline
        case .openblas: .openBLAS
        }
    }
}

extension Precision: ExpressibleByArgument {}
