import COpenBLAS

/// Single-precision matrix multiplication: the one caller of OpenBLAS.
enum GEMM {
    /// Computes `output = input · weightᵀ`: `[N, K] · [M, K]ᵀ → [N, M]`.
    ///
    /// A checkpoint stores the weight of a layer with one row an output, `[M, K]`, so BLAS is asked to transpose the
    /// second operand. Everything is row-major: the leading dimension is the width of a row as stored.
    static func multiply(_ input: CPUMatrix, transposed weight: CPUParameter, into output: CPUMatrix) {
        let (n, k, m) = (input.rows, input.columns, weight.shape[0])
        unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(n), Int32(m), Int32(k), 1, input.row(0), Int32(k),
            weight.values, Int32(k), 0, output.row(0), Int32(m))
    }

    /// The kernel OpenBLAS chose for this processor, such as `Zen`, `Haswell` or `SkylakeX`.
    static var kernelName: String {
        guard let name = unsafe openblas_get_corename() else { return "unknown" }
        return unsafe String(cString: name)
    }

    /// Keeps OpenBLAS from starting threads of its own: parallelism is one level up, over chunks.
    static func useOneThread() {
        openblas_set_num_threads(1)
    }
}
