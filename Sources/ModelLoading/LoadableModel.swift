public import CPUCompute
public import CommandSupport
import DatasetTable
public import SentenceEncoding

/// A model folder that was read and checked, and the device that its weights will be loaded onto.
public struct LoadableModel: Sendable {
    /// The folder.
    public let folder: ModelFolder
    /// The number of compute workers and the reason for it.
    public let allowance: ProcessorAllowance
    /// What multiplies matrices, and why.
    public let gemm: GEMMChoice

    /// Takes what the options say.
    init(folder: ModelFolder, allowance: ProcessorAllowance, gemm: GEMMChoice) {
        self.folder = folder
        self.allowance = allowance
        self.gemm = gemm
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
            model: folder, backend: CPUBackend(workerCount: allowance.workerCount, gemm: gemm.engine))
    }
}
