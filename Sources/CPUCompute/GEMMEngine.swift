public import Compute

/// What multiplies the matrices of the linear layers on the processor.
public enum GEMMEngine: Sendable, Hashable, CustomStringConvertible {
    /// Kernels of our own on weights that are packed once, with the widest instructions that the processor has: see
    /// <doc:0004-packed-gemm>.
    ///
    /// The bits of a row depend on that row and the weight alone, not on the instructions or on how many rows stand beside it.
    case packed
    /// As ``packed``, with no more than the instructions of every processor on which this program starts: to compare with.
    case packedBaseline
    /// `cblas_sgemm`, which has a kernel for every processor and packs the weight anew in every call.
    case openBLAS

    /// The engine and its instructions, such as `packed AVX-512` or `OpenBLAS Zen`.
    public var description: String {
        switch self {
        case .packed: "packed \(PanelKernel.widest.isWide ? "AVX-512" : Self.baselineInstructions)"
        case .packedBaseline: "packed \(Self.baselineInstructions)"
        case .openBLAS: "OpenBLAS \(GEMM.kernelName)"
        }
    }

    /// The kernel, for an engine of our own.
    var kernel: PanelKernel? {
        switch self {
        case .packed: .widest
        case .packedBaseline: .baseline
        case .openBLAS: nil
        }
    }

    /// The kernel for 16-bit integers, for an engine of our own.
    var quantized: QuantizedGEMM? {
        switch self {
        case .packed: .widest
        case .packedBaseline: .baseline
        case .openBLAS: nil
        }
    }

    /// Whether it can multiply with this precision.
    public func offers(_ precision: Precision) -> Bool { precision == .exact || quantized != nil }

    #if arch(x86_64)
        private static let baselineInstructions = "AVX2"
    #else
        private static let baselineInstructions = "NEON"
    #endif
}

extension GEMMEngine: CaseIterable {
    /// All that differ on this processor.
    public static var allCases: [GEMMEngine] {
        PanelKernel.widest.isWide ? [.packed, .packedBaseline, .openBLAS] : [.packed, .openBLAS]
    }
}
