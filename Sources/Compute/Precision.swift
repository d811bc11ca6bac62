/// How exactly a device multiplies the weights of linear layers; everything else is single precision.
public enum Precision: String, Sendable, CaseIterable {
    /// Single precision: each component of a vector within 1e-5 of the reference's.
    case exact
    /// Faster, with each component within 5e-4. On the processor these are integers of 16 bits, with a cosine of at least
    /// 0.999999, on a GPU it is float16, with 0.99999.
    ///
    /// Vectors of both are of the same model and may stand in one column.
    case fast

    /// How far a component of a vector of length 1 may be from the reference's.
    public var tolerance: Float {
        switch self {
        case .exact: 1e-5
        case .fast: 5e-4
        }
    }
}
