/// What one batch size achieved.
public struct BatchSizeResult: Codable, Equatable, Sendable {
    /// Texts in a batch.
    public let batchSize: Int
    /// Texts a second, text to vector.
    public let rowsPerSecond: Spread
    /// Tokens a second.
    public let tokensPerSecond: Spread
    /// Useful arithmetic over time, as a share of what `sgemm` alone did just before: 1 would be a model without any cost
    /// but its matrix products.
    ///
    /// Nil on a device other than the processor.
    public let gemmShare: Spread?
    /// Processor time of one pass over the texts, all threads.
    public let processorSeconds: Spread
    /// What the core did between the turns; nil in a report that did not say.
    public let core: CoreRates?
    /// The most memory resident, in bytes; nil where the kernel does not tell.
    public let peakMemory: Int?
    /// The largest difference of any component to the vector of the text on its own.
    public let largestDifference: Float

    package init(
        batchSize: Int, rowsPerSecond: Spread, tokensPerSecond: Spread, gemmShare: Spread?, processorSeconds: Spread,
        core: CoreRates?, peakMemory: Int?, largestDifference: Float
    ) {
        self.batchSize = batchSize
        self.rowsPerSecond = rowsPerSecond
        self.tokensPerSecond = tokensPerSecond
        self.gemmShare = gemmShare
        self.processorSeconds = processorSeconds
        self.core = core
        self.peakMemory = peakMemory
        self.largestDifference = largestDifference
    }
}
