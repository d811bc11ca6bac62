/// How well a stored vector is the one of its text.
enum Agreement: Sendable, Equatable {
    /// Within 1e-5 in every component: processors and kernels differ by 1e-6.
    case exact
    /// Within 5e-4: one of the two comes of the fast precision.
    case close
    /// Of another text or model.
    case different

    /// Compares a vector as it is stored with the one that the model gives.
    ///
    /// The bounds are for vectors of length 1, and grow with the length of a longer one. A `halfvec` keeps 11 significant bits, or
    /// steps of 2⁻²⁴ below 2⁻¹⁴: a component may be off by half a step more.
    init(of stored: [Float], with vector: [Float], isHalf: Bool) {
        let length = max(1, vector.reduce(0) { $0 + $1 * $1 }.squareRoot())
        func isWithin(_ bound: Float) -> Bool {
            zip(stored, vector).allSatisfy { stored, component in
                abs(stored - component) <= bound * length + (isHalf ? max(abs(component) * 0x1p-11, 0x1p-25) : 0)
            }
        }
        if stored.count != vector.count {
            self = .different
        } else {
            self = isWithin(1e-5) ? .exact : isWithin(5e-4) ? .close : .different
        }
    }
}
