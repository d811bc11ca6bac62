/// What multiplies the matrices of the linear layers on the processor.
public enum GEMMEngine: String, Sendable, CaseIterable, CustomStringConvertible {
    /// `cblas_sgemm`, which has a kernel for every processor and packs the weight anew in every call.
    case openBLAS
    /// Kernels of our own on weights that are packed once: see <doc:0004-packed-gemm>.
    ///
    /// The bits of a row depend on that row and the weight alone, not on how many rows stand beside it.
    case packed

    /// The engine and its instructions, such as `OpenBLAS Zen` or `packed AVX2`.
    public var description: String {
        switch self {
        case .openBLAS: "OpenBLAS \(GEMM.kernelName)"
        case .packed: "packed \(Self.lanes)"
        }
    }

    #if arch(x86_64)
        private static let lanes = "AVX2"
    #else
        private static let lanes = "NEON"
    #endif
}
