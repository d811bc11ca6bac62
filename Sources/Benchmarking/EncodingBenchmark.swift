internal import Compute
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
        /// For how long `sgemm` is measured before each turn.
        public var gemmTime = Duration.milliseconds(300)

        /// The defaults.
        public init() {}
    }

    private let texts: [String]
    private let encoder: any TextEncoder
    private let work: EncodingWork
    private let gemm: GEMMRate
    private let options: Options

    /// Prepares to encode texts, of which there must be one at least.
    public init(
        texts: [String], encoder: any TextEncoder, model: BERTConfiguration, workerCount: Int, options: Options
    ) {
        precondition(!texts.isEmpty && !options.batchSizes.isEmpty && options.repetitions > 0)
        self.texts = texts
        self.encoder = encoder
        self.options = options
        work = EncodingWork(of: model)
        gemm = GEMMRate(
            workerCount: workerCount, hiddenSize: model.hiddenSize, intermediateSize: model.intermediateSize)
    }

    /// Measures; `progress` is told after each turn how many are done, of how many.
    public func run(progress: (Int, Int) -> Void = { _, _ in }) async throws -> [BatchSizeResult] {
        // The warm-up also gives what every batch size is compared with: each text on its own.
        let alone = try await encode(batchSize: 1).vectors
        let tokens = texts.map { encoder.tokenize($0).ids.count }
        let operations = tokens.reduce(0) { $0 + work.operations(tokens: $1) }
        var turns = [Int: [Turn]]()
        for repetition in 0..<options.repetitions {
            for (index, batchSize) in options.batchSizes.enumerated() {
                let rate = await gemm.measure(for: options.gemmTime)
                turns[batchSize, default: []].append(try await turn(batchSize, alone, operations / rate))
                progress(repetition * options.batchSizes.count + index + 1, turnCount)
            }
        }
        return options.batchSizes.map { batchSize in
            BatchSizeResult(
                batchSize: batchSize, texts: texts.count, tokens: tokens.reduce(0, +), turns: turns[batchSize] ?? [])
        }
    }

    private var turnCount: Int { options.repetitions * options.batchSizes.count }

    /// One pass over all texts.
    struct Turn: Sendable {
        let seconds: Double
        let processorSeconds: Double
        let gemmShare: Double
        let peakMemory: Int?
        let largestDifference: Float
    }

    private func turn(_ batchSize: Int, _ expected: [[Float]], _ gemmSeconds: Double) async throws -> Turn {
        ProcessUsage.resetPeakMemory()
        let processorStart = ProcessUsage.processorSeconds
        let (vectors, time) = try await encode(batchSize: batchSize)
        let processorSeconds = ProcessUsage.processorSeconds - processorStart
        let seconds = time / .seconds(1)
        let differences = zip(vectors, expected).lazy.map { pair in
            zip(pair.0, pair.1).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        }
        return Turn(
            seconds: seconds, processorSeconds: processorSeconds, gemmShare: gemmSeconds / seconds,
            peakMemory: ProcessUsage.peakMemory, largestDifference: differences.max() ?? 0)
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
