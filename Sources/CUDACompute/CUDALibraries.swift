internal import CCUDA

/// The functions of the driver.
///
/// `@unchecked Sendable`: the table does not change once it is filled, and its functions may be called on any thread.
struct CUDADriver: @unchecked Sendable {
    let functions: ccuda_driver

    init(_ library: DynamicLibrary) throws(CUDAError) {
        var functions = ccuda_driver()
        try unsafe library.require(ccuda_load_driver(library.handle, &functions))
        self.functions = functions
    }

    /// Turns the result of a function into an error that names both.
    func check(_ code: Int32, _ function: String) throws(CUDAError) {
        guard code != 0 else { return }
        var name: UnsafePointer<CChar>?
        let isKnown = unsafe functions.cuGetErrorName(code, &name) == 0
        throw .driver(
            function, code: code, name: unsafe isKnown ? name.map { unsafe String(cString: $0) } ?? "" : "an error")
    }
}

/// The functions of cuBLAS; `@unchecked Sendable` as the driver's are.
struct CUDABLAS: @unchecked Sendable {
    let functions: ccuda_blas

    init(_ library: DynamicLibrary) throws(CUDAError) {
        var functions = ccuda_blas()
        try unsafe library.require(ccuda_load_blas(library.handle, &functions))
        self.functions = functions
    }

    /// Turns the result of a function into an error that names both.
    func check(_ status: Int32, _ function: String) throws(CUDAError) {
        guard status != 0 else { return }
        let name = unsafe functions.cublasGetStatusString(status).map { unsafe String(cString: $0) }
        throw .blas(function, status: status, name: name ?? "an error")
    }
}

/// The functions of NVRTC; `@unchecked Sendable` as the driver's are.
struct CUDACompiler: @unchecked Sendable {
    let functions: ccuda_compiler

    init(_ library: DynamicLibrary) throws(CUDAError) {
        var functions = ccuda_compiler()
        try unsafe library.require(ccuda_load_compiler(library.handle, &functions))
        self.functions = functions
    }

    /// Turns the result of a function into an error that names both.
    func check(_ result: Int32, _ function: String, log: String = "") throws(CUDAError) {
        guard result != 0 else { return }
        let name = unsafe functions.nvrtcGetErrorString(result).map { unsafe String(cString: $0) }
        throw .compiler(function, result: name ?? "error \(result)", log: log)
    }
}

extension CUDAError {
    /// `CUDA_ERROR_OUT_OF_MEMORY`.
    static let outOfMemory = Int32(CCUDA_ERROR_OUT_OF_MEMORY)
    /// `CUBLAS_STATUS_ALLOC_FAILED`.
    static let allocationFailed = Int32(CCUDA_BLAS_STATUS_ALLOC_FAILED)
}

extension DynamicLibrary {
    /// Throws the name of the first function that a table lacks, where there is one.
    fileprivate func require(_ missing: UnsafePointer<CChar>?) throws(CUDAError) {
        if let missing = unsafe missing { throw .symbolMissing(unsafe String(cString: missing), library: name) }
    }
}
