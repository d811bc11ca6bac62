import CVectorMath

/// The one kernel of all matrix products here: up to six rows times a panel of sixteen columns, in registers.
///
/// A panel holds K rows of sixteen floats, one cache line each, so the kernel reads it from front to back. Six rows are twelve
/// AVX2 accumulators, two vectors of the panel and one broadcast: fifteen of the sixteen registers, and twelve multiply-adds
/// for eight loads.
///
/// Each element is one chain of multiply-adds in ascending order of k, whatever the number of rows: the bits of a row depend
/// on that row and the panel alone.
enum PanelKernel {
    /// The columns of a panel: the width of ``Lanes``.
    static let columns = 16
    /// The most rows of one call.
    static let rows = 6
    /// How far ahead of its use the panel is fetched, which is also how the next panel arrives in time: a model's weights do
    /// not fit in the caches.
    private static let prefetchDistance = 16 * columns

    /// Computes `y[r] = finish(start + Σ x[r, k] · panel[k], r)` for `rows` rows, one to six, of `inner` floats each.
    ///
    /// The rows of `x` and of `y` are `xStride` and `yStride` apart.
    @inline(__always)
    static func multiply(
        rows: Int, _ x: UnsafePointer<Float>, _ xStride: Int, inner: Int, _ panel: UnsafePointer<Float>,
        start: Lanes, into y: UnsafeMutablePointer<Float>, _ yStride: Int, finish: (Lanes, _ row: Int) -> Lanes
    ) {
        // Constant heights: the compiler makes a kernel of each, without the rows it lacks.
        switch rows {
        case 1: unsafe tile(rows: 1, x, xStride, inner, panel, start, y, yStride, finish)
        case 2: unsafe tile(rows: 2, x, xStride, inner, panel, start, y, yStride, finish)
        case 3: unsafe tile(rows: 3, x, xStride, inner, panel, start, y, yStride, finish)
        case 4: unsafe tile(rows: 4, x, xStride, inner, panel, start, y, yStride, finish)
        case 5: unsafe tile(rows: 5, x, xStride, inner, panel, start, y, yStride, finish)
        default: unsafe tile(rows: 6, x, xStride, inner, panel, start, y, yStride, finish)
        }
    }

    @inline(__always)
    private static func tile(
        rows: Int, _ x: UnsafePointer<Float>, _ xStride: Int, _ inner: Int, _ panel: UnsafePointer<Float>,
        _ start: Lanes, _ y: UnsafeMutablePointer<Float>, _ yStride: Int, _ finish: (Lanes, Int) -> Lanes
    ) {
        var (c0, c1, c2, c3, c4, c5) = (start, start, start, start, start, start)
        let twoRows = 2 * xStride
        // Rows 0 to 2 are reached from one pointer and rows 3 to 5 from another, without arithmetic in the loop.
        var (upper, lower, weights) = unsafe (x, x + 3 * xStride, panel)
        let end = unsafe x + inner
        while unsafe upper != end {
            let lanes = unsafe weights.lanes(at: 0)
            unsafe cvm_prefetch(weights + prefetchDistance)
            c0 = unsafe .fma(upper[0], lanes, c0)
            if rows > 1 { c1 = unsafe .fma(upper[xStride], lanes, c1) }
            if rows > 2 { c2 = unsafe .fma(upper[twoRows], lanes, c2) }
            if rows > 3 { c3 = unsafe .fma(lower[0], lanes, c3) }
            if rows > 4 { c4 = unsafe .fma(lower[xStride], lanes, c4) }
            if rows > 5 { c5 = unsafe .fma(lower[twoRows], lanes, c5) }
            unsafe upper += 1
            unsafe lower += 1
            unsafe weights += columns
        }
        unsafe y.store(finish(c0, 0), at: 0)
        if rows > 1 { unsafe y.store(finish(c1, 1), at: yStride) }
        if rows > 2 { unsafe y.store(finish(c2, 2), at: 2 * yStride) }
        if rows > 3 { unsafe y.store(finish(c3, 3), at: 3 * yStride) }
        if rows > 4 { unsafe y.store(finish(c4, 4), at: 4 * yStride) }
        if rows > 5 { unsafe y.store(finish(c5, 5), at: 5 * yStride) }
    }
}
