public import SentenceEncoding

/// How much arithmetic a text costs, counted as its author would: multiplications and additions of the matrix products.
///
/// Padding, packing and the element-wise passes are no useful work, so that two implementations can be compared.
public struct EncodingWork: Sendable {
    private let layers: Double
    private let hidden: Double
    private let intermediate: Double

    /// Counts for a model.
    public init(of model: TransformerConfiguration) {
        layers = Double(model.numHiddenLayers)
        hidden = Double(model.hiddenSize)
        intermediate = Double(model.intermediateSize)
    }

    /// Floating-point operations for a text of `tokens` tokens: the four linear layers, scores and weighted sums.
    public func operations(tokens: Int) -> Double {
        let tokens = Double(tokens)
        let linear = 2 * tokens * (4 * hidden * hidden + 2 * hidden * intermediate)
        let attention = 4 * tokens * tokens * hidden
        return layers * (linear + attention)
    }
}
