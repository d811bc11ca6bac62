public import Checksum
import Compute
import Tokenization

/// The identity of everything that decides a vector: two models with equal fingerprints give equal vectors.
///
/// It is the SHA-256 of a few lines of text, made of file contents and settings, never of names or paths. What the weights
/// determine, as all sizes, is not repeated; see <doc:0003-fingerprint-lines>.
public struct ModelFingerprint: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes that are stored.
    public let digest: SHA256Digest
    /// What is hashed, each line with a line feed behind it.
    public let lines: [String]

    /// Raised only when a change of this code moves vectors beyond the tolerance of 1e-5.
    package static let numerics = 1

    /// Combines a model with the template that makes its input from the columns of a row; without one, it is that of the
    /// model alone.
    public init(of model: ModelFolder, template: String?) throws(SentenceEncodingError) {
        let basis = [
            "embedding-job fingerprint 1",
            "weights=\(model.weightsDigest.hexadecimal)",
            "vocabulary=\(model.vocabularyDigest.hexadecimal)",
            "lowercase=\(model.tokenizerOptions.lowercase)",
            "pooling=\(model.pooling.rawValue)",
            "max_length=\(model.maxTokens)",
            "normalise=\(model.normalizes)",
        ]
        lines =
            basis + (template.map { ["template=\($0)"] } ?? []) + ["numerics=\(Self.numerics)"] + Self.unusual(model)
        do throws(ChecksumError) {
            digest = try SHA256Hasher.digest(of: lines.map { $0 + "\n" }.joined())
        } catch {
            throw .checksum(error)
        }
    }

    /// A line for each setting that is not the default of BERT.
    private static func unusual(_ model: ModelFolder) -> [String] {
        let (configuration, options) = (model.configuration, model.tokenizerOptions)
        let plain = WordPieceTokenizer.Options()
        let settings = [
            ("model_type", configuration.modelType, "bert"),
            ("hidden_act", configuration.hiddenAct.rawValue, Activation.gelu.rawValue),
            ("num_attention_heads", String(configuration.numAttentionHeads), "12"),
            ("layer_norm_eps", String(configuration.layerNormEps), "1e-12"),
            ("strip_accents", String(options.stripAccents ?? options.lowercase), String(options.lowercase)),
            ("tokenize_chinese_chars", String(options.handleChineseCharacters), "true"),
            ("cls_token", options.classificationToken, plain.classificationToken),
            ("sep_token", options.separatorToken, plain.separatorToken),
            ("unk_token", options.unknownToken, plain.unknownToken),
            ("pad_token", options.paddingToken, plain.paddingToken),
            ("mask_token", options.maskToken, plain.maskToken),
        ]
        return settings.filter { $0.1 != $0.2 }.map { "\($0.0)=\($0.1)" }
    }

    /// The 32 bytes.
    public var bytes: [UInt8] { digest.bytes }

    /// All 64 hexadecimal digits.
    public var hexadecimal: String { digest.hexadecimal }

    /// The first twelve hexadecimal digits, for logs and reports.
    public var description: String { String(digest.hexadecimal.prefix(12)) }
}
