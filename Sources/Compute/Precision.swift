/// How exactly a device multiplies the weights of linear layers; everything else is single precision.
public enum Precision: String, Sendable, CaseIterable {
    /// Single precision: each component of a vector within 1e-5 of the reference's.
    case exact
    /// Faster, with each component within 5e-4 and a cosine of at least 0.999999. On the processor these are integers of 16 bits.
    ///
    /// Vectors of both are of the same model and may stand in one column.
    case fast
}
