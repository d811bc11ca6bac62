/// Element-wise functions on sixteen lanes.
///
/// Each states its range and largest error; a test sweeps it.
package enum Activations {
    /// `x · Φ(x)`, where Φ is the distribution function of the standard normal distribution (Hendrycks and Gimpel,
    /// "Gaussian Error Linear Units", arXiv:1606.08415).
    ///
    /// Φ(x) − ½ is odd, so it is `x · P(x²) / Q(x²)`, a minimax fit of degrees 5 and 5 on |x| ≤ 5.6 with an error of
    /// 1e-8; beyond that Φ is 0 or 1 within 1.1e-8. Largest absolute error of the result in float32: 1e-6 for
    /// |x| ≤ 12, which is the rounding of `x` itself out there (6e-7 for |x| < 4).
    @inline(__always)
    package static func gelu(_ x: Lanes) -> Lanes {
        let c = Lanes.maximum(Lanes(repeating: -5.6), Lanes.minimum(Lanes(repeating: 5.6), x))
        let t = c * c
        var p = Lanes(repeating: 2.2145187e-08)
        p = .fma(p, t, Lanes(repeating: 6.3565135e-06))
        p = .fma(p, t, Lanes(repeating: 1.738508e-04))
        p = .fma(p, t, Lanes(repeating: 4.70726e-03))
        p = .fma(p, t, Lanes(repeating: 3.4376137e-02))
        p = .fma(p, t, Lanes(repeating: 3.9894223e-01))
        var q = Lanes(repeating: 1.1802068e-06)
        q = .fma(q, t, Lanes(repeating: 7.510184e-05))
        q = .fma(q, t, Lanes(repeating: 1.9129788e-03))
        q = .fma(q, t, Lanes(repeating: 2.89401e-02))
        q = .fma(q, t, Lanes(repeating: 2.528339e-01))
        q = .fma(q, t, Lanes(repeating: 1))
        return x * Lanes.fma(c, p / q, Lanes(repeating: 0.5))
    }

    /// `x · ½ (1 + tanh u)` with `u = √(2/π) (x + 0.044715 x³)`, the approximation of Φ in the same paper.
    ///
    /// `½ (1 + tanh u)` is `1 / (1 + e⁻²ᵘ)`. With `t = e^(−2|u|)`, which never overflows, the result is
    /// `max(x, 0) − |x| · t / (1 + t)` on either side of 0. Largest absolute error in float32: 5e-7 for |x| ≤ 12, one part
    /// in 2²³ of x beyond.
    @inline(__always)
    package static func geluTanh(_ x: Lanes) -> Lanes {
        let size = Lanes.maximum(-x, x)
        // −2 √(2/π) and 0.044715 times as much.
        let cubic = Lanes.fma(size * size, Lanes(repeating: -0.071354814), Lanes(repeating: -1.5957691))
        let t = expNonPositive(size * cubic)
        return relu(x) - size * (t / (t + 1))
    }

    /// `max(x, 0)`, exactly.
    @inline(__always)
    package static func relu(_ x: Lanes) -> Lanes { .maximum(.zero, x) }

    /// `eˣ` for x ≤ 0; below −87 the result stays at e⁻⁸⁷ = 1.6e-38.
    ///
    /// `x = n · ln 2 + r` with |r| ≤ ½ ln 2; the subtraction uses ln 2 in two parts (Cody and Waite, "Software Manual
    /// for the Elementary Functions"), `eʳ` is a minimax polynomial of degree 6. Largest relative error in float32:
    /// 1e-7. Adding and subtracting 1.5 · 2²³ rounds to the nearest integer.
    @inline(__always)
    package static func expNonPositive(_ x: Lanes) -> Lanes {
        let c = Lanes.maximum(Lanes(repeating: -87), x)
        let magic = Lanes(repeating: 12_582_912)
        let n = Lanes.fma(c, Lanes(repeating: 1.442695), magic) - magic
        var r = Lanes.fma(n, Lanes(repeating: -0.693359375), c)
        r = .fma(n, Lanes(repeating: 2.1219444e-04), r)
        var p = Lanes(repeating: 1.3814613e-03)
        p = .fma(p, r, Lanes(repeating: 8.36871e-03))
        p = .fma(p, r, Lanes(repeating: 4.166839e-02))
        p = .fma(p, r, Lanes(repeating: 1.6666521e-01))
        p = .fma(p, r, Lanes(repeating: 0.49999994))
        p = .fma(p, r, Lanes(repeating: 1))
        p = .fma(p, r, Lanes(repeating: 1))
        return p * Lanes.exp2Integer(n)
    }

    /// `2ˣ` for x ≤ 0; below −126 the result stays at 2⁻¹²⁶ = 1.2e-38.
    ///
    /// `x = n + r` with |r| ≤ ½, `2ʳ` is a minimax polynomial of degree 6, and n is added to its exponent: four instructions fewer
    /// than ``expNonPositive(_:)``, where the caller can scale its argument by log₂ e on the way. Largest relative error in
    /// float32: 1.5e-7.
    @inline(__always)
    package static func exp2NonPositive(_ x: Lanes) -> Lanes {
        let c = Lanes.maximum(Lanes(repeating: -126), x)
        // Adding 1.5 · 2²³ rounds to the nearest integer, which then stands in the low bits.
        let magic = Lanes(repeating: 12_582_912)
        let shifted = c + magic
        let r = c - (shifted - magic)
        var p = Lanes(repeating: 1.5345812e-04)
        p = .fma(p, r, Lanes(repeating: 1.3399931e-03))
        p = .fma(p, r, Lanes(repeating: 9.618489e-03))
        p = .fma(p, r, Lanes(repeating: 5.5503286e-02))
        p = .fma(p, r, Lanes(repeating: 2.4022646e-01))
        p = .fma(p, r, Lanes(repeating: 6.931472e-01))
        p = .fma(p, r, Lanes(repeating: 1))
        return p.addingToExponent(lowBitsOf: shifted)
    }
}
