import CVectorMath

/// The one kernel of all matrix products here: six rows times a panel of sixteen columns, or two, in registers.
///
/// A panel holds K rows of sixteen floats, one cache line each; the six rows stand interleaved, `[K, 6]`. Both are read from
/// front to back, at constant offsets. With AVX2 a tile is six rows by one panel: twelve accumulators, two vectors of the panel
/// and one broadcast, fifteen of the sixteen registers. With AVX-512 it is six rows by two panels.
///
/// Each element is one chain of multiply-adds in ascending order of k, whatever the instructions: the bits of a row depend on
/// that row and the panel alone. See <doc:0004-packed-gemm>.
struct PanelKernel {
    /// The columns of a panel: the width of ``Lanes``.
    static let columns = 16
    /// The rows of a tile.
    static let rows = 6

    /// The instructions that every processor has on which this program starts.
    static let baseline = PanelKernel(isWide: false)
    /// The widest that this processor has and its operating system allows.
    static let widest = PanelKernel(isWide: cvm_has_avx512())

    /// Whether the instructions are those of AVX-512.
    let isWide: Bool

    /// The most panels of one call.
    var panels: Int { isWide ? 2 : 1 }

    /// Computes `y[r] = start[r] + Σ x[k, r] · panel[k]` for six rows and one panel or two, which stand side by side in `y`.
    ///
    /// - Parameters:
    ///   - x: Six rows, interleaved: `[inner, 6]`.
    ///   - inner: The number of products in a sum.
    ///   - panel: `[inner, 16]`, the first of the panels.
    ///   - panelStride: From one panel to the next.
    ///   - panels: How many, at most ``panels``.
    ///   - start: What the sums begin with: rows that are `startStride` apart.
    ///   - startStride: 0 for a bias, the same for all rows.
    ///   - y: Rows that are `yStride` apart.
    ///   - yStride: From one row to the next.
    @inline(__always)
    func multiply(
        _ x: UnsafePointer<Float>, inner: Int, _ panel: UnsafePointer<Float>, _ panelStride: Int, panels: Int,
        start: UnsafePointer<Float>, _ startStride: Int, into y: UnsafeMutablePointer<Float>, _ yStride: Int
    ) {
        if isWide {
            unsafe cvm_multiply_avx512(x, inner, panel, panelStride, panels, start, startStride, y, yStride)
        } else {
            unsafe Self.multiply(x, inner, panel, start, startStride, y, yStride)
        }
    }

    @inline(never)
    private static func multiply(
        _ x: UnsafePointer<Float>, _ inner: Int, _ panel: UnsafePointer<Float>, _ start: UnsafePointer<Float>,
        _ startStride: Int, _ y: UnsafeMutablePointer<Float>, _ yStride: Int
    ) {
        var (c0, c1) = unsafe (start.lanes(at: 0), start.lanes(at: startStride))
        var (c2, c3) = unsafe (start.lanes(at: 2 * startStride), start.lanes(at: 3 * startStride))
        var (c4, c5) = unsafe (start.lanes(at: 4 * startStride), start.lanes(at: 5 * startStride))
        var (values, weights) = unsafe (x, panel)
        @inline(__always) func step(_ k: Int) {
            let lanes = unsafe weights.lanes(at: k * columns)
            c0 = unsafe .fma(values[k * rows], lanes, c0)
            c1 = unsafe .fma(values[k * rows + 1], lanes, c1)
            c2 = unsafe .fma(values[k * rows + 2], lanes, c2)
            c3 = unsafe .fma(values[k * rows + 3], lanes, c3)
            c4 = unsafe .fma(values[k * rows + 4], lanes, c4)
            c5 = unsafe .fma(values[k * rows + 5], lanes, c5)
        }
        // Eight at a time, so that counting and branching cost next to nothing.
        let unrolledEnd = unsafe panel + inner / 8 * 8 * columns
        while unsafe weights != unrolledEnd {
            step(0)
            step(1)
            step(2)
            step(3)
            step(4)
            step(5)
            step(6)
            step(7)
            unsafe values += 8 * rows
            unsafe weights += 8 * columns
        }
        let end = unsafe panel + inner * columns
        while unsafe weights != end {
            step(0)
            unsafe values += rows
            unsafe weights += columns
        }
        unsafe y.store(c0, at: 0)
        unsafe y.store(c1, at: yStride)
        unsafe y.store(c2, at: 2 * yStride)
        unsafe y.store(c3, at: 3 * yStride)
        unsafe y.store(c4, at: 4 * yStride)
        unsafe y.store(c5, at: 5 * yStride)
    }

    /// Interleaves six rows of `inner` floats, a multiple of sixteen, as `[inner, 6]`; the two floats behind are overwritten.
    @inline(__always)
    static func interleave(
        _ x: UnsafePointer<Float>, _ xStride: Int, inner: Int, into target: UnsafeMutablePointer<Float>
    ) {
        for k in stride(from: 0, to: inner, by: columns) {
            let at = unsafe target + k * rows
            let (e, f) = unsafe (x.lanes(at: 4 * xStride + k), x.lanes(at: 5 * xStride + k))
            unsafe Lanes.storeTransposed(e, f, e, f, at: at + 4, stride: rows)
            unsafe Lanes.storeTransposed(
                x.lanes(at: k), x.lanes(at: xStride + k), x.lanes(at: 2 * xStride + k), x.lanes(at: 3 * xStride + k),
                at: at, stride: rows)
        }
    }
}

/// The next multiple of the rows of a tile.
func roundUpToTile(_ rows: Int) -> Int { (rows + PanelKernel.rows - 1) / PanelKernel.rows * PanelKernel.rows }
