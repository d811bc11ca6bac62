internal import CCUDA

/// The kernels of `kernels.cu`, by their names there.
enum Kernel: String, CaseIterable {
    case embed
    case biasActivation = "bias_activation"
    case addNorm = "add_norm"
    case attention32 = "attention_32"
    case attention64 = "attention_64"
    case pool
    case normalize
}

/// How activations are stored between kernels.
enum Storage: String {
    case float32
    case float16

    /// Of one element.
    var byteCount: Int { self == .float32 ? 4 : 2 }

    /// cuBLAS's name for it.
    var cudaType: Int32 { Int32(self == .float32 ? CCUDA_R_32F : CCUDA_R_16F) }
}

extension CUDACompiler {
    /// The version, such as `13.0`.
    func version() throws(CUDAError) -> String {
        var (major, minor): (Int32, Int32) = (0, 0)
        try check(unsafe functions.nvrtcVersion(&major, &minor), "nvrtcVersion")
        return "\(major).\(minor)"
    }

    /// Compiles `kernels.cu` to machine code for an architecture such as `sm_90`.
    func compileKernels(architecture: String, storage: Storage) throws(CUDAError) -> [CChar] {
        var program: UnsafeMutableRawPointer?
        let source = String(decoding: PackageResources.kernels_cu, as: UTF8.self)
        unsafe try check(
            functions.nvrtcCreateProgram(&program, source, "kernels.cu", 0, nil, nil), "nvrtcCreateProgram")
        // Of a program that is gone anyway.
        defer { unsafe _ = functions.nvrtcDestroyProgram(&program) }

        var options = ["--gpu-architecture=\(architecture)"]
        if storage == .float16 { options.append("-DHALF_STORAGE") }
        let result = unsafe Self.withCStrings(options) {
            unsafe functions.nvrtcCompileProgram(program, Int32(options.count), $0)
        }
        if result != 0 { try check(result, "nvrtcCompileProgram", log: unsafe log(of: program)) }

        var count = 0
        unsafe try check(functions.nvrtcGetCUBINSize(program, &count), "nvrtcGetCUBINSize")
        var code = [CChar](repeating: 0, count: count)
        unsafe try check(functions.nvrtcGetCUBIN(program, &code), "nvrtcGetCUBIN")
        return code
    }

    /// What the compiler says, on one line.
    private func log(of program: UnsafeMutableRawPointer?) throws(CUDAError) -> String {
        var count = 0
        unsafe try check(functions.nvrtcGetProgramLogSize(program, &count), "nvrtcGetProgramLogSize")
        var log = [CChar](repeating: 0, count: count)
        unsafe try check(functions.nvrtcGetProgramLog(program, &log), "nvrtcGetProgramLog")
        let text = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func withCStrings(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Int32
    ) -> Int32 {
        let copies = strings.map { Array($0.utf8CString) }
        func next(_ pointers: [UnsafePointer<CChar>?]) -> Int32 {
            guard unsafe pointers.count < copies.count else {
                return unsafe pointers.withUnsafeBufferPointer { buffer in
                    unsafe buffer.baseAddress.map { unsafe body($0) } ?? 0
                }
            }
            return unsafe copies[pointers.count].withUnsafeBufferPointer { unsafe next(pointers + [$0.baseAddress]) }
        }
        return unsafe next([])
    }
}
