internal import CCUDA

/// The first GPU that the driver shows, with the kernels compiled for it.
///
/// `@unchecked Sendable`: everything is set once, and the driver takes calls on any thread that made the context current.
@safe final class CUDADevice: @unchecked Sendable {
    let driver: CUDADriver
    let blas: CUDABLAS
    /// Name, architecture and the versions of what it is used by.
    let description: String
    private let ordinal: Int32
    private let context: UnsafeMutableRawPointer
    private let module: UnsafeMutableRawPointer
    private let functions: [Kernel: UnsafeMutableRawPointer]

    /// Finds the libraries, the GPU, and compiles the kernels.
    ///
    /// The driver goes first: to open the others costs 150 MB and up to a second, in vain where there is no GPU.
    init(libraryFolders: [String], storage: Storage) throws(CUDAError) {
        let search = try LibrarySearch(folders: libraryFolders)
        driver = try CUDADriver(try search.open(["libcuda.so.1"]))
        try driver.check(driver.functions.cuInit(0), "cuInit")
        var count: Int32 = 0
        try driver.check(unsafe driver.functions.cuDeviceGetCount(&count), "cuDeviceGetCount")
        guard count > 0 else { throw .noDevice }
        var ordinal: Int32 = 0
        try driver.check(unsafe driver.functions.cuDeviceGet(&ordinal, 0), "cuDeviceGet")
        self.ordinal = ordinal
        let name = try driver.name(of: ordinal)
        let (major, minor) = try driver.capability(of: ordinal)
        guard (major, minor) >= CUDABackend.leastCapability else {
            throw .deviceTooOld(name, capability: "\(major).\(minor)")
        }
        let version = try driver.version()

        // A library is as good as the driver's generation or older.
        let majors = [13, 12].filter { $0 <= version / 1000 }
        guard !majors.isEmpty else { throw .driverTooOld(Self.version(version)) }
        let compiler = try CUDACompiler(
            try search.open(majors.map { "libnvrtc.so.\($0)" }) { name in
                "libnvrtc-builtins.so.\(name.split(separator: ".").last ?? "")"
            })
        blas = try CUDABLAS(
            try search.open(majors.map { "libcublas.so.\($0)" }) { name in
                "libcublasLt.so.\(name.split(separator: ".").last ?? "")"
            })
        let code = try compiler.compileKernels(architecture: "sm_\(major)\(minor)", storage: storage)
        let compilerVersion = try compiler.version()

        unsafe context = try driver.retainContext(of: ordinal)
        do throws(CUDAError) {
            unsafe try driver.check(driver.functions.cuCtxSetCurrent(context), "cuCtxSetCurrent")
            unsafe module = try driver.load(code)
            do throws(CUDAError) {
                unsafe functions = try driver.functions(of: module)
                description =
                    "\(name), sm_\(major)\(minor), driver \(Self.version(version)), "
                    + "cuBLAS \(try blas.version()), NVRTC \(compilerVersion), \(storage.rawValue)"
            } catch {
                unsafe _ = driver.functions.cuModuleUnload(module)
                throw error
            }
        } catch {
            _ = driver.functions.cuDevicePrimaryCtxRelease_v2(ordinal)
            throw error
        }
    }

    // Nothing can be done about an error in here, and nobody waits for the GPU any more.
    deinit {
        unsafe _ = driver.functions.cuCtxSetCurrent(context)
        unsafe _ = driver.functions.cuModuleUnload(module)
        _ = driver.functions.cuDevicePrimaryCtxRelease_v2(ordinal)
    }

    /// As people write it: 12040 is 12.4.
    private static func version(_ number: Int) -> String { "\(number / 1000).\(number % 1000 / 10)" }

    /// Must precede every call of the driver: a dispatch queue is no fixed thread.
    func makeCurrent() throws(CUDAError) {
        unsafe try driver.check(driver.functions.cuCtxSetCurrent(context), "cuCtxSetCurrent")
    }

    /// Queues a kernel: a grid of blocks, threads in each, and the arguments in the order of its parameters.
    func launch(
        _ kernel: Kernel, grid: (x: Int, y: Int), threads: Int, stream: UnsafeMutableRawPointer?,
        _ arguments: [KernelArgument]
    ) throws(CUDAError) {
        guard let function = unsafe functions[kernel] else { preconditionFailure("every kernel was looked up") }
        var slots = arguments.map(\.bits)
        let code = unsafe slots.withUnsafeMutableBytes { bytes -> Int32 in
            var pointers = unsafe arguments.indices.map { index in
                unsafe bytes.baseAddress.map { unsafe $0 + 8 * index }
            }
            return unsafe driver.functions.cuLaunchKernel(
                function, UInt32(grid.x), UInt32(grid.y), 1, UInt32(threads), 1, 1, 0, stream, &pointers, nil)
        }
        try driver.check(code, "cuLaunchKernel of \(kernel.rawValue)")
    }
}

/// An argument of a kernel, as wide as its parameter: the low bytes of ``bits``.
enum KernelArgument {
    /// An address so many bytes into memory.
    case memory(DeviceMemory, offset: Int = 0)
    /// No address.
    case null
    case int(Int)
    case float(Float)

    var bits: UInt64 {
        switch self {
        case .memory(let memory, let offset): memory.address + UInt64(offset)
        case .null: 0
        case .int(let value): UInt64(UInt32(bitPattern: Int32(value)))
        case .float(let value): UInt64(value.bitPattern)
        }
    }

    /// What must not be freed before the kernel has run.
    var memory: DeviceMemory? {
        if case .memory(let memory, _) = self { memory } else { nil }
    }
}

extension CUDADriver {
    fileprivate func version() throws(CUDAError) -> Int {
        var version: Int32 = 0
        try check(unsafe functions.cuDriverGetVersion(&version), "cuDriverGetVersion")
        return Int(version)
    }

    fileprivate func name(of ordinal: Int32) throws(CUDAError) -> String {
        var name = [CChar](repeating: 0, count: 256)
        unsafe try check(functions.cuDeviceGetName(&name, Int32(name.count - 1), ordinal), "cuDeviceGetName")
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    fileprivate func capability(of ordinal: Int32) throws(CUDAError) -> (Int, Int) {
        func attribute(_ number: Int) throws(CUDAError) -> Int {
            var value: Int32 = 0
            try check(
                unsafe functions.cuDeviceGetAttribute(&value, Int32(number), ordinal), "cuDeviceGetAttribute")
            return Int(value)
        }
        return (
            try attribute(CCUDA_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            try attribute(CCUDA_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)
        )
    }

    fileprivate func retainContext(of ordinal: Int32) throws(CUDAError) -> UnsafeMutableRawPointer {
        var context: UnsafeMutableRawPointer?
        unsafe try check(functions.cuDevicePrimaryCtxRetain(&context, ordinal), "cuDevicePrimaryCtxRetain")
        guard let context = unsafe context else { preconditionFailure("a context that was retained has an address") }
        return unsafe context
    }

    fileprivate func load(_ code: [CChar]) throws(CUDAError) -> UnsafeMutableRawPointer {
        var module: UnsafeMutableRawPointer?
        unsafe try check(functions.cuModuleLoadDataEx(&module, code, 0, nil, nil), "cuModuleLoadDataEx")
        guard let module = unsafe module else { preconditionFailure("a module that was loaded has an address") }
        return unsafe module
    }

    fileprivate func functions(
        of module: UnsafeMutableRawPointer
    ) throws(CUDAError) -> [Kernel: UnsafeMutableRawPointer] {
        var functions: [Kernel: UnsafeMutableRawPointer] = unsafe [:]
        for kernel in Kernel.allCases {
            var function: UnsafeMutableRawPointer?
            unsafe try check(
                self.functions.cuModuleGetFunction(&function, module, kernel.rawValue),
                "cuModuleGetFunction of \(kernel.rawValue)")
            unsafe functions[kernel] = function
        }
        return unsafe functions
    }
}

extension CUDABLAS {
    /// The version, such as `13.0.2`.
    fileprivate func version() throws(CUDAError) -> String {
        var (handle, version): (UnsafeMutableRawPointer?, Int32) = (nil, 0)
        unsafe try check(functions.cublasCreate_v2(&handle), "cublasCreate_v2")
        defer { unsafe _ = functions.cublasDestroy_v2(handle) }
        unsafe try check(functions.cublasGetVersion_v2(handle, &version), "cublasGetVersion_v2")
        return "\(version / 10000).\(version % 10000 / 100).\(version % 100)"
    }
}
