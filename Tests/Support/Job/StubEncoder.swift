public import SentenceEncoding
public import Tokenization

/// A text encoder whose vector is a plain function of the text, with marker words that make it fail.
///
/// Token ids are the bytes of the text, so nothing is lost on the way to ``encode(_:)`` and a test can say for every row
/// which vector belongs to it.
public struct StubEncoder: TextEncoder {
    /// Runs before each batch, with the texts that are about to be encoded.
    public typealias Hook = @Sendable ([String]) async throws -> Void

    /// The number of components.
    public let dimension: Int
    /// Vectors have length 1.
    public let normalizes = true
    /// `stub`.
    public let deviceDescription = "stub"
    /// What a run must find before it writes.
    public let canaries: [Canary]
    private let seed: UInt32
    private let beforeEncoding: Hook

    /// Makes an encoder; ``Marker`` words work without a hook.
    ///
    /// - Parameter seed: Encoders with different ones are different models.
    public init(
        dimension: Int = 4, seed: UInt32 = 0, canaries: [Canary] = [], beforeEncoding: @escaping Hook = { _ in }
    ) {
        self.dimension = dimension
        self.seed = seed
        self.canaries = canaries
        self.beforeEncoding = beforeEncoding
    }

    /// Words in a text that make the encoder misbehave.
    public enum Marker: String, CaseIterable, Sendable {
        /// The batch that holds the text throws.
        case throwing = "MARKER-THROW"
        /// The vector has a NaN.
        case notANumber = "MARKER-NAN"
        /// The vector has an infinite component.
        case infinite = "MARKER-INF"
        /// The vector is zero.
        case zero = "MARKER-ZERO"
        /// The vector is one component short.
        case short = "MARKER-SHORT"
        /// The vector has length 2.
        case long = "MARKER-NORM"
    }

    /// What ``Marker/throwing`` throws.
    public struct Failure: Error {
        /// The one failure.
        public init() {}
    }

    /// The bytes of the text between two special ids; those after the thousandth are said to be lost.
    public func tokenize(_ text: String) -> TokenizedText {
        TokenizedText(
            ids: [101] + text.utf8.map { Int32($0) } + [102], truncatedTokenCount: max(0, text.utf8.count - 1000))
    }

    /// Calls the hook, then computes.
    public func encode(_ texts: [TokenizedText]) async throws -> [[Float]] {
        let texts = texts.map { String(decoding: $0.ids.dropFirst().dropLast().map { UInt8($0) }, as: UTF8.self) }
        try await beforeEncoding(texts)
        if texts.contains(where: { $0.contains(Marker.throwing.rawValue) }) { throw Failure() }
        return texts.map(spoiledVector)
    }

    /// The vector that belongs to a text: FNV-1a of the text and the component's number, scaled to length 1.
    public func vector(of text: String) -> [Float] {
        let values = (0..<dimension).map { component in
            let start = UInt32(2_166_136_261) &+ seed &+ UInt32(component)
            let hash = text.utf8.reduce(start) { ($0 ^ UInt32($1)) &* 16_777_619 }
            return Float(hash >> 8) / Float(1 << 24) - 0.5
        }
        let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return values.map { $0 / norm }
    }

    private func spoiledVector(_ text: String) -> [Float] {
        var vector = vector(of: text)
        switch Marker.allCases.first(where: { text.contains($0.rawValue) }) {
        case nil, .throwing: break
        case .notANumber: vector[0] = .nan
        case .infinite: vector[0] = .infinity
        case .zero: vector = vector.map { _ in 0 }
        case .short: vector.removeLast()
        case .long: vector = vector.map { $0 * 2 }
        }
        return vector
    }
}
