public import Checksum
import Compute
import Tokenization

/// The identity of everything that decides a vector: two models with equal fingerprints give equal vectors.
///
/// It is the SHA-256 of a few lines of text, made of file contents and settings, never of names or paths.
public struct ModelFingerprint: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes that are stored.
    public let digest: SHA256Digest

    /// Raised only when a change of this code moves vectors beyond the tolerance of 1e-5.
    package static let numerics = 1

    /// Combines a model with the template that makes its input from the columns of a row.
    public init(of model: ModelFolder, template: String) throws(SentenceEncodingError) {
        let lines = [
            "embedding-job fingerprint 1",
            "weights=\(model.weightsDigest.hexadecimal)",
            "vocabulary=\(model.vocabularyDigest.hexadecimal)",
            "lowercase=\(model.tokenizerOptions.lowercase)",
            "pooling=\(model.pooling.rawValue)",
            "max_length=\(model.maxTokens)",
            "normalise=\(model.normalizes)",
            "template=\(template)",
            "numerics=\(Self.numerics)",
        ]
        do throws(ChecksumError) {
            digest = try SHA256Hasher.digest(of: lines.map { $0 + "\n" }.joined())
        } catch {
            throw .checksum(error)
        }
    }

    /// The 32 bytes.
    public var bytes: [UInt8] { digest.bytes }

    /// All 64 hexadecimal digits.
    public var hexadecimal: String { digest.hexadecimal }

    /// The first twelve hexadecimal digits, for logs and reports.
    public var description: String { String(digest.hexadecimal.prefix(12)) }
}
