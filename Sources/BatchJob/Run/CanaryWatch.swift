import Compute
import DatasetTable
import Logging
import SentenceEncoding
import Tokenization

/// Texts whose vectors are known: they tell whether model and machine still compute what they should.
///
/// The canaries of the model come with the vectors of the reference implementation, and are compared before anything is
/// written. One more text has the vector of the start, and is encoded again whenever a row fails.
struct CanaryWatch: Sendable {
    private static let text = "The canary in the coal mine: a sentence that encodes the same way all day long."
    /// Far above the rounding of any processor, far below what another model, or a broken one, is off by.
    private static func tolerance(_ precision: Precision) -> Float {
        switch precision {
        case .exact: 1e-4
        case .fast: 1e-3
        }
    }
    private let vector: [Float]

    /// Encodes all of them, in one batch, and throws unless the model's canaries get their vectors.
    init(_ encoder: any TextEncoder, log: Logger) async throws {
        let canaries = encoder.canaries
        let texts = [encoder.tokenize(Self.text)] + canaries.map { encoder.tokenize($0) }
        let vectors = try await Self.encode(texts, encoder)
        vector = vectors[0]
        if canaries.isEmpty {
            log.info("no canary is known for this model: put a canary.json into its folder to check what it computes")
        }
        let tolerance = Self.tolerance(encoder.precision)
        for (canary, vector) in zip(canaries, vectors.dropFirst()) {
            let isKnown =
                canary.vector.count == vector.count
                && zip(canary.vector, vector).allSatisfy { abs($0 - $1) <= tolerance }
            guard isKnown else {
                throw RunFailure(
                    .canary,
                    """
                    a known text gets another vector than it should, so nothing was written; compare the model folder with \
                    its SHA256SUMS, and its canary.json, if it has one, with the model; then try --gemm openblas, or another \
                    machine
                    """)
            }
        }
    }

    /// Throws unless the remembered text still encodes to within 1e-3 of its first vector.
    func require(_ encoder: any TextEncoder) async throws {
        let now = try await Self.encode([encoder.tokenize(Self.text)], encoder)[0]
        guard zip(vector, now).allSatisfy({ abs($0 - $1) <= 1e-3 }) else {
            throw RunFailure(.canary, "a known text no longer encodes as it did at the start; no row is blamed for it")
        }
    }

    private static func encode(_ texts: [TokenizedText], _ encoder: any TextEncoder) async throws -> [[Float]] {
        let vectors: [[Float]]
        do {
            vectors = try await encoder.encode(texts)
        } catch is CancellationError {
            throw CancellationError()
        } catch SentenceEncodingError.deviceFailed(let reason) {
            throw SentenceEncodingError.deviceFailed(reason)
        } catch {
            throw RunFailure(.canary, "the model cannot encode a known text: \(error)")
        }
        guard vectors.count == texts.count, vectors.allSatisfy({ encoder.defect(of: $0) == nil }) else {
            throw RunFailure(.canary, "the model gives no valid vector for a known text")
        }
        return vectors
    }
}
