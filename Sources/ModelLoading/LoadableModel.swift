public import CPUCompute
import CUDACompute
public import CommandSupport
public import Compute
import DatasetTable
public import Logging
public import SentenceEncoding

/// A model folder that was read and checked, and the device that its weights will be loaded onto.
public struct LoadableModel: Sendable {
    /// The folder.
    public let folder: ModelFolder
    /// The number of compute workers and the reason for it.
    public let allowance: ProcessorAllowance
    /// What multiplies matrices on the processor.
    public let gemm: GEMMEngine
    /// How exactly.
    public let precision: Precision
    /// Where it runs.
    public let device: DeviceOption
    /// Where the libraries of a GPU are looked for first.
    let libraryFolders: [String]

    /// The files of the folder that were read.
    public var files: Set<FileIdentity> { Set(folder.files.compactMap { FileIdentity(at: $0) }) }

    /// The identity of model and input template.
    public func fingerprint() throws -> ModelFingerprint {
        try ModelFingerprint(of: folder, template: InputTemplate.definition)
    }

    /// Loads the weights onto the device, and says so if it is another than was hoped for.
    public func load(_ log: Logger) throws -> any TextEncoder {
        switch device {
        case .cpu: return try onProcessor(precision)
        case .cuda: return try onGPU(log)
        case .auto:
            do {
                return try onGPU(log)
            } catch SentenceEncodingError.device(let reason) {
                log.notice("no GPU can be used, so the processor is", metadata: ["reason": "\(reason)"])
                return try onProcessor(precision)
            }
        }
    }

    private func onProcessor(_ precision: Precision) throws(SentenceEncodingError) -> any TextEncoder {
        try SentenceEncoder(
            model: folder, backend: CPUBackend(workerCount: allowance.workerCount, gemm: gemm, precision: precision))
    }

    /// What it computes is compared with the processor's vectors before anybody gets it.
    private func onGPU(_ log: Logger) throws(SentenceEncodingError) -> any TextEncoder {
        let backend: CUDABackend
        do throws(CUDAError) {
            backend = try CUDABackend(libraryFolders: libraryFolders, precision: precision)
        } catch {
            throw .device(error.description)
        }
        let encoder = try SentenceEncoder(model: folder, backend: backend)
        if encoder.tokensPerChunk < backend.maxTokensPerChunk {
            log.notice(
                "the GPU has room for small chunks only", metadata: ["tokens_per_chunk": "\(encoder.tokensPerChunk)"])
        }
        return ComparedEncoder(encoder) {
            try onProcessor(.exact)
        } agreed: { texts, difference in
            log.info(
                "the GPU's vectors are those of the processor",
                metadata: ["texts": "\(texts)", "largest_difference": "\(difference)"])
        }
    }
}
