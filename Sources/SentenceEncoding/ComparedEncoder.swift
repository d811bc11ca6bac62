public import Tokenization

public import Compute

/// An encoder on a device of its own, whose first vectors are compared with the processor's.
///
/// Every batch is encoded twice and handed out only if both agree, until enough texts have been compared: a driver, a card
/// or a library that computes something else must be found out before anything is stored.
public struct ComparedEncoder: TextEncoder {
    /// How many texts are compared at least, if there are as many.
    public static let leastTexts = 100

    private let device: any TextEncoder
    private let comparison: Comparison

    /// Takes the encoder on the device, and what loads the same model onto the processor.
    ///
    /// - Parameters:
    ///   - device: What is to be used.
    ///   - processor: Loads the model that it is compared with, when the first text comes.
    ///   - agreed: Told, once enough texts were compared, how many, and the largest difference of any component.
    public init(
        _ device: any TextEncoder, processor: @escaping @Sendable () throws -> any TextEncoder,
        agreed: @escaping @Sendable (_ texts: Int, _ difference: Float) -> Void
    ) {
        self.device = device
        comparison = Comparison(tolerance: device.precision.tolerance, processor: processor, agreed: agreed)
    }

    /// The device's.
    public var dimension: Int { device.dimension }
    /// The device's.
    public var normalizes: Bool { device.normalizes }
    /// The device's.
    public var deviceDescription: String { device.deviceDescription }
    /// The device's.
    public var precision: Precision { device.precision }
    /// The device's.
    public var canaries: [Canary] { device.canaries }
    /// As the device's encoder does.
    public func tokenize(_ text: String) -> TokenizedText { device.tokenize(text) }
    /// As the device's encoder does.
    public func tokenizeQuery(_ text: String) -> TokenizedText { device.tokenizeQuery(text) }
    /// As the device's encoder does.
    public func tokenize(_ canary: Canary) -> TokenizedText { device.tokenize(canary) }

    /// The device's vectors; throws ``SentenceEncodingError/deviceFailed(_:)`` if they are not the processor's.
    public func encode(_ texts: [TokenizedText]) async throws -> [[Float]] {
        guard let processor = try await comparison.processorIfNeeded() else { return try await device.encode(texts) }
        async let expected = processor.encode(texts)
        let vectors = try await device.encode(texts)
        try await comparison.add(vectors, expected: try await expected)
        return vectors
    }

    /// What was compared so far.
    private actor Comparison {
        private let tolerance: Float
        private let makeProcessor: @Sendable () throws -> any TextEncoder
        private let agreed: @Sendable (Int, Float) -> Void
        private var processor: (any TextEncoder)?
        private var isDone = false
        private var (texts, largest) = (0, Float(0))

        init(
            tolerance: Float, processor: @escaping @Sendable () throws -> any TextEncoder,
            agreed: @escaping @Sendable (Int, Float) -> Void
        ) {
            self.tolerance = tolerance
            makeProcessor = processor
            self.agreed = agreed
        }

        /// The encoder to compare with, loaded when it is first needed; nil once enough texts were compared.
        func processorIfNeeded() throws -> (any TextEncoder)? {
            guard !isDone else { return nil }
            let loaded = try processor ?? makeProcessor()
            processor = loaded
            return loaded
        }

        func add(_ vectors: [[Float]], expected: [[Float]]) throws(SentenceEncodingError) {
            for (vector, expected) in zip(vectors, expected) {
                let difference = zip(vector, expected).reduce(Float(0)) { Self.larger($0, abs($1.0 - $1.1)) }
                guard difference <= tolerance(expected) else {
                    throw .deviceFailed(
                        """
                        the device gives a text another vector than the processor, off by \(difference) where \
                        \(tolerance(expected)) is allowed, so its vectors are not used; try --device cpu, and another driver or GPU
                        """)
                }
                largest = max(largest, difference)
            }
            texts += vectors.count
            guard texts >= ComparedEncoder.leastTexts, !isDone else { return }
            (isDone, processor) = (true, nil)
            agreed(texts, largest)
        }

        /// The precision's for a vector of length 1 with 384 components: longer ones, and those with fewer, have larger
        /// components, and so larger rounding.
        private func tolerance(_ vector: [Float]) -> Float {
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return tolerance * max(1, length) * max(1, 384 / Float(vector.count)).squareRoot()
        }

        /// What is not a number is larger than any.
        private static func larger(_ one: Float, _ other: Float) -> Float {
            one >= other ? one : other.isNaN ? .infinity : other
        }
    }
}
