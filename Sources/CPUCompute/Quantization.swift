import CVectorMath

/// Vectors of 16-bit integers whose scalar products fit into 32 bits, whatever their length.
///
/// By the inequality of Cauchy and Schwarz `|Σ xₖ wₖ| ≤ |x| |w|`, for any part of the sum as well. So no sum can overflow when both
/// vectors of integers are no longer than √2³¹ = 46,340.95, and as many bits as a sum has are used: see
/// <doc:0005-sixteen-bit-products>.
enum Quantization {
    /// The largest integer.
    private static let largest: Float = 32_767
    /// The greatest length before rounding, which moves each of `count` elements by at most ½ and so adds at most √count / 2.
    private static func longest(count: Int) -> Float { 46_339 - Float(count).squareRoot() / 2 }

    /// Rounds `x · scale` to integers, and returns `1 / scale`.
    ///
    /// The scale depends on these `count` floats alone, a multiple of sixteen. Where one of them is NaN or infinite the result is
    /// NaN, and the integers are of no use.
    @inline(__always)
    static func quantize(
        _ x: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<Int16>
    ) -> Float {
        var most = Lanes.zero
        for column in stride(from: 0, to: count, by: 16) {
            let lanes = unsafe x.lanes(at: column)
            most = .maximum(.maximum(lanes, -lanes), most)
        }
        // First to integers of 16 bits, where squares neither overflow nor vanish. What is below 2⁻¹¹² is as good as nothing.
        let steps = largest / max(most.largest, 0x1p-112)
        var squares = Lanes.zero
        for column in stride(from: 0, to: count, by: 16) {
            let lanes = unsafe x.lanes(at: column) * steps
            squares = .fma(lanes, lanes, squares)
        }
        let (length, longest) = (squares.total.squareRoot(), longest(count: count))
        let scale = length <= longest ? steps : steps * (longest / length)
        for column in stride(from: 0, to: count, by: 16) {
            unsafe UnsafeMutableRawPointer(target + column)
                .storeBytes(of: cvm_short(x.lanes(at: column) * scale), as: SIMD16<Int16>.self)
        }
        return 1 / scale
    }
}
