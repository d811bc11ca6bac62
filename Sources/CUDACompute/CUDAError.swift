public import Compute

/// Why a GPU cannot be used, or stopped working.
public enum CUDAError: DeviceFailure, Equatable {
    /// A folder of libraries is not there, or not named by its whole path.
    case folder(String)
    /// A library is nowhere to be found.
    case libraryMissing(String)
    /// The dynamic loader refuses a library that is there.
    case libraryUnusable(String, reason: String)
    /// A library lacks a function.
    case symbolMissing(String, library: String)
    /// The driver knows no version of CUDA that is used.
    case driverTooOld(String)
    /// The driver finds no GPU.
    case noDevice
    /// The GPU has a compute capability below ``CUDABackend/leastCapability``.
    case deviceTooOld(String, capability: String)
    /// A function of the driver failed.
    case driver(String, code: Int32, name: String)
    /// A function of cuBLAS failed.
    case blas(String, status: Int32, name: String)
    /// A function of the compiler failed; its log is empty where it has none.
    case compiler(String, result: String, log: String)
    /// A model has wider attention heads than the kernels compute.
    case headTooWide(Int)

    /// Whether the device's memory is used up.
    public var isOutOfMemory: Bool {
        switch self {
        case .driver(_, let code, _): code == CUDAError.outOfMemory
        case .blas(_, let status, _): status == CUDAError.allocationFailed
        default: false
        }
    }
}

extension CUDAError: CustomStringConvertible {
    /// What happened, to which library or function, and what to do.
    public var description: String {
        switch self {
        case .folder(let path):
            "the folder of CUDA libraries \"\(path)\" is not to be had; name folders that exist by their whole paths, or none"
        case .libraryMissing(let name):
            "\(name) was not found; install NVIDIA's driver and CUDA libraries, or name their folders with --cuda-libraries"
        case .libraryUnusable(let path, let reason):
            "\(path) cannot be opened: \(reason); install the library for this system"
        case .symbolMissing(let symbol, let library):
            "\(library) has no function \(symbol); install a newer version of it"
        case .driverTooOld(let version):
            "the driver is one for CUDA \(version), and 12.0 is the least; install a newer driver"
        case .noDevice:
            "the driver finds no GPU; make one visible to this process, or use --device cpu"
        case .deviceTooOld(let name, let capability):
            "the GPU \(name) has compute capability \(capability), and 7.5 is the least; use another, or --device cpu"
        case .driver(let function, let code, let name):
            "\(function) failed with \(name) (\(code)); \(advice)"
        case .blas(let function, let status, let name):
            "\(function) failed with \(name) (\(status)); \(advice)"
        case .compiler(let function, let result, let log):
            "\(function) failed with \(result)\(log.isEmpty ? "" : ": \(log)"); install the NVRTC of the GPU's generation"
        case .headTooWide(let width):
            "an attention head of \(width) columns is wider than the GPU's kernels compute, 64; use --device cpu"
        }
    }

    private var advice: String {
        switch self {
        case _ where isOutOfMemory: "free memory of the GPU, or use --device cpu"
        case .driver(_, code: 34, _): "the library is a stub for linking; install NVIDIA's driver"
        case .driver(_, code: 803, _): "the driver's library and the kernel's module differ; restart the machine"
        default: "see the GPU's state with nvidia-smi, or use --device cpu"
        }
    }
}
