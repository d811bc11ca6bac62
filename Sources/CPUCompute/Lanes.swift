import CVectorMath

/// Sixteen float lanes: one AVX-512 register, two of AVX2, four of NEON.
///
/// The arithmetic that Swift compiles well is used as it is; the rest comes from `CVectorMath`.
package typealias Lanes = SIMD16<Float>

extension SIMD16<Float> {
    /// The sum of all lanes.
    @inline(__always) var total: Float { cvm_sum(self) }

    /// The largest lane.
    @inline(__always) var largest: Float { cvm_reduce_max(self) }

    /// Lane-wise maximum; `b` where either operand is NaN, as with the processor's own instruction.
    @inline(__always) static func maximum(_ a: Self, _ b: Self) -> Self { cvm_max(a, b) }

    /// Lane-wise minimum; `b` where either operand is NaN.
    @inline(__always) static func minimum(_ a: Self, _ b: Self) -> Self { cvm_min(a, b) }

    /// `a · b + c`, rounded once.
    @inline(__always) static func fma(_ a: Self, _ b: Self, _ c: Self) -> Self { cvm_fma(a, b, c) }

    /// 2 to the power of each lane; the lanes hold integers from -126 to 127.
    @inline(__always) static func exp2Integer(_ n: Self) -> Self { cvm_exp2_integer(n) }

    /// Multiplies each lane by 2 to the power of an integer from -126 to 127, which stands in the low bits of `integers`.
    @inline(__always) func addingToExponent(lowBitsOf integers: Self) -> Self { cvm_add_to_exponent(self, integers) }

    /// Stores four rows of sixteen as sixteen rows of four, `stride` floats apart.
    @inline(__always)
    static func storeTransposed(
        _ a: Self, _ b: Self, _ c: Self, _ d: Self, at address: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let (lowAB, highAB) = (cvm_interleave_low(a, b), cvm_interleave_high(a, b))
        let (lowCD, highCD) = (cvm_interleave_low(c, d), cvm_interleave_high(c, d))
        // Each holds all four rows of every fourth column.
        unsafe cvm_store_blocks(address, 4 * stride, cvm_interleave_pairs_low(lowAB, lowCD))
        unsafe cvm_store_blocks(address + stride, 4 * stride, cvm_interleave_pairs_high(lowAB, lowCD))
        unsafe cvm_store_blocks(address + 2 * stride, 4 * stride, cvm_interleave_pairs_low(highAB, highCD))
        unsafe cvm_store_blocks(address + 3 * stride, 4 * stride, cvm_interleave_pairs_high(highAB, highCD))
    }

    /// `a · b + c` with one factor for all lanes.
    @inline(__always) static func fma(_ a: Float, _ b: Self, _ c: Self) -> Self { cvm_fma(Self(repeating: a), b, c) }
}

extension UnsafePointer<Float> {
    /// Loads sixteen floats from here; no alignment is needed.
    @inline(__always) func lanes(at offset: Int) -> Lanes {
        unsafe UnsafeRawPointer(self + offset).loadUnaligned(as: Lanes.self)
    }
}

extension UnsafeMutablePointer<Float> {
    /// Loads sixteen floats from here; no alignment is needed.
    @inline(__always) func lanes(at offset: Int) -> Lanes {
        unsafe UnsafeRawPointer(self + offset).loadUnaligned(as: Lanes.self)
    }

    /// Stores sixteen floats here; no alignment is needed.
    @inline(__always) func store(_ value: Lanes, at offset: Int) {
        unsafe UnsafeMutableRawPointer(self + offset).storeBytes(of: value, as: Lanes.self)
    }
}
