internal import CPUCompute
public import SentenceEncoding
internal import Tokenization

/// Encodes the same texts at several batch sizes and says what each achieves.
///
/// As in a drain, two batches are under way at a time, so that a small one does not leave processors idle, and the time
/// includes tokenization. The sizes take turns, and before each turn the rate of `sgemm` alone is measured: on a machine
/// whose speed varies, only such ratios mean anything.
public struct EncodingBenchmark: Sendable {
    /// How much is measured.
    public struct Options: Sendable {
        /// The batch sizes, each once.
        public var batchSizes = [1, 8, 16, 32, 64, 100, 128, 256]
        /// How often each is measured.
        public var repetitions = 3

        /// The defaults.
        public init() {}
    }

    /// For how long `sgemm` is measured before each turn.
    private static let gemmTime = Duration.milliseconds(300)

    /// How many tokens the texts have after truncation.
    public let tokenCount: Int
    /// The useful arithmetic of one pass over the texts.
    private let operations: Double
    private let texts: [String]
    private let encoder: any TextEncoder
    private let gemm: GEMMRate?
    private let options: Options

    /// Prepares to encode texts.
    ///
    /// - Parameters:
    ///   - texts: At least one.
    ///   - encoder: What is measured.
    ///   - model: Its sizes, from which the arithmetic is counted.
    ///   - processorCount: How many workers the encoder has on processors, nil if it is on another device.
    ///   - options: How much is measured.
    public init(
        texts: [String], encoder: any TextEncoder, model: TransformerConfiguration, processorCount: Int?,
        options: Options
    ) {
        precondition(!texts.isEmpty && !options.batchSizes.isEmpty && options.repetitions > 0)
        self.texts = texts
        self.encoder = encoder
        self.options = options
        let tokens = texts.map { encoder.tokenize($0).ids.count }
        let work = EncodingWork(of: model)
        tokenCount = tokens.reduce(0, +)
        operations = tokens.reduce(0) { $0 + work.operations(tokens: $1) }
        gemm = processorCount.map {
            GEMMRate(workerCount: $0, hiddenSize: model.hiddenSize, intermediateSize: model.intermediateSize)
        }
    }

    /// How many passes over the texts are measured.
    public var turnCount: Int { options.repetitions * options.batchSizes.count }

    /// Measures; `progress` is told after each turn how many are done.
    ///
    /// Throws ``EncodingBenchmarkError`` if a vector is not finite.
    public func run(progress: (Int) -> Void) async throws -> [BatchSizeResult] {
        // The warm-up also gives what every batch size is compared with: each text on its own.
        let alone = try await encode(batchSize: 1).vectors
        try Self.checkFinite(alone)
        var turns = [Int: [Turn]]()
        for repetition in 0..<options.repetitions {
            for (index, batchSize) in options.batchSizes.enumerated() {
                let rate = await gemm?.measure(for: Self.gemmTime)
                turns[batchSize, default: []].append(try await turn(batchSize, alone, rate.map { operations / $0 }))
                progress(repetition * options.batchSizes.count + index + 1)
            }
        }
        return options.batchSizes.map { result($0, turns[$0] ?? []) }
    }

    private func result(_ batchSize: Int, _ turns: [Turn]) -> BatchSizeResult {
        BatchSizeResult(
            batchSize: batchSize, rowsPerSecond: Spread(turns.map { Double(texts.count) / $0.seconds }),
            tokensPerSecond: Spread(turns.map { Double(tokenCount) / $0.seconds }),
            gemmShare: gemm.map { _ in Spread(turns.compactMap(\.gemmShare)) },
            processorSeconds: Spread(turns.map(\.processorSeconds)),
            core: CoreRates(
                instructions: Spread(turns.map(\.core.instructions)).median,
                multiplyAdds: Spread(turns.map(\.core.multiplyAdds)).median),
            peakMemory: turns.compactMap(\.peakMemory).max(),
            largestDifference: turns.map(\.largestDifference).max() ?? 0)
    }

    /// One pass over all texts.
    private struct Turn: Sendable {
        let seconds: Double
        let processorSeconds: Double
        let gemmShare: Double?
        let core: CoreRates
        let peakMemory: Int?
        let largestDifference: Float
    }

    private func turn(_ batchSize: Int, _ expected: [[Float]], _ gemmSeconds: Double?) async throws -> Turn {
        let coreBefore = CoreRates.measure()
        ProcessUsage.resetPeakMemory()
        let processorStart = ProcessUsage.processorSeconds
        let (vectors, time) = try await encode(batchSize: batchSize)
        try Self.checkFinite(vectors)
        let processorSeconds = ProcessUsage.processorSeconds - processorStart
        let seconds = time / .seconds(1)
        let coreAfter = CoreRates.measure()
        let differences = zip(vectors, expected).lazy.map { pair in
            zip(pair.0, pair.1).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        }
        return Turn(
            seconds: seconds, processorSeconds: processorSeconds, gemmShare: gemmSeconds.map { $0 / seconds },
            core: CoreRates(
                instructions: (coreBefore.instructions + coreAfter.instructions) / 2,
                multiplyAdds: (coreBefore.multiplyAdds + coreAfter.multiplyAdds) / 2),
            peakMemory: ProcessUsage.peakMemory, largestDifference: differences.max() ?? 0)
    }

    /// A comparison with what is not a number finds no difference.
    private static func checkFinite(_ vectors: [[Float]]) throws(EncodingBenchmarkError) {
        if let text = vectors.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) { throw .notFinite(text: text) }
    }

    /// Encodes all texts in batches, two at a time.
    private func encode(batchSize: Int) async throws -> (vectors: [[Float]], time: Duration) {
        let batches = stride(from: 0, to: texts.count, by: batchSize).map {
            $0..<min($0 + batchSize, texts.count)
        }
        let start = ContinuousClock.now
        var vectors = [[Float]](repeating: [], count: texts.count)
        try await withThrowingTaskGroup(of: (Range<Int>, [[Float]]).self) { group in
            for (number, batch) in batches.enumerated() {
                if number >= 2, let (range, encoded) = try await group.next() {
                    vectors.replaceSubrange(range, with: encoded)
                }
                group.addTask { (batch, try await encoder.encode(texts[batch].map(encoder.tokenize))) }
            }
            for try await (range, encoded) in group { vectors.replaceSubrange(range, with: encoded) }
        }
        return (vectors, .now - start)
    }
}

/// Why there is nothing to measure.
public enum EncodingBenchmarkError: Error, Equatable {
    /// The vector of the text at this index has components that are no numbers, or infinite.
    case notFinite(text: Int)
}
