public import CPUCompute
public import CommandSupport
public import Compute
import DatasetTable
public import SentenceEncoding

/// A model folder that was read and checked, and the device that its weights will be loaded onto.
public struct LoadableModel: Sendable {
    /// The folder.
    public let folder: ModelFolder
    /// The number of compute workers and the reason for it.
    public let allowance: ProcessorAllowance
    /// What multiplies matrices.
    public let gemm: GEMMEngine
    /// How exactly.
    public let precision: Precision

    /// Takes what the options say.
    init(folder: ModelFolder, allowance: ProcessorAllowance, gemm: GEMMEngine, precision: Precision) {
        self.folder = folder
        self.allowance = allowance
        self.gemm = gemm
        self.precision = precision
    }

    /// The files of the folder that were read.
    public var files: Set<FileIdentity> { Set(folder.files.compactMap { FileIdentity(at: $0) }) }

    /// The identity of model and input template.
    public func fingerprint() throws -> ModelFingerprint {
        try ModelFingerprint(of: folder, template: InputTemplate.definition)
    }

    /// Loads the weights onto the device.
    public func load() throws -> any TextEncoder {
        try SentenceEncoder(
            model: folder,
            backend: CPUBackend(workerCount: allowance.workerCount, gemm: gemm, precision: precision))
    }
}
