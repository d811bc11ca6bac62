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
            "normalise=\(model.scalesToUnitLength)",
        ]
        let prompt = model.prompts.document
        let input = template.map { ["template=\($0)"] } ?? []
        lines =
            basis + input + ["numerics=\(Self.numerics)"] + Self.unusual(model)
            + (template == nil || prompt.isEmpty ? [] : ["prompt=\(prompt.jsonLiteral)"])
        do throws(ChecksumError) {
            digest = try SHA256Hasher.digest(of: lines.map { $0 + "\n" }.joined())
        } catch {
            throw .checksum(error)
        }
    }

    /// A line for each setting that is not the default of BERT.
    private static func unusual(_ model: ModelFolder) -> [String] {
        let (configuration, options) = (model.configuration, model.tokenizerOptions)
        let settings = [
            ("model_type", configuration.modelType, "bert"),
            ("hidden_act", configuration.hiddenAct.rawValue, Activation.gelu.rawValue),
            ("num_attention_heads", String(configuration.numAttentionHeads), "12"),
            ("layer_norm_eps", String(configuration.layerNormEps), "1e-12"),
            ("strip_accents", String(options.stripAccents ?? options.lowercase), String(options.lowercase)),
            ("tokenize_chinese_chars", String(options.handleChineseCharacters), "true"),
            ("cls_token", options.leadingTokens.joined(separator: " "), "[CLS]"),
            ("sep_token", options.trailingTokens.joined(separator: " "), "[SEP]"),
            ("unk_token", options.unknownToken, "[UNK]"),
            ("pad_token", model.paddingToken, "[PAD]"),
            ("mask_token", model.maskToken ?? "", "[MASK]"),
            ("continuing_subword_prefix", options.continuingSubwordPrefix, "##"),
            ("max_input_chars_per_word", String(options.maxWordLength), "100"),
            ("truncation_side", options.truncationSide.rawValue, "right"),
            ("split_special_tokens", String(options.splitsSpecialTokens), "false"),
            ("truncate_dim", String(model.dimension), String(configuration.hiddenSize)),
        ]
        return settings.filter { $0.1 != $0.2 }.map { "\($0.0)=\($0.1)" } + unusualTokens(model)
    }

    /// A line for each token that is looked for in text, but for those that stand in a line of their own above and are looked
    /// for as they usually are.
    ///
    /// MPNet's vocabulary has two unknown tokens, of which the one that no text becomes is registered in some folders of a model
    /// and not in others; it has no line.
    private static func unusualTokens(_ model: ModelFolder) -> [String] {
        let options = model.tokenizerOptions
        let usual =
            options.leadingTokens + options.trailingTokens + [options.unknownToken, model.paddingToken]
            + (model.maskToken.map { [$0] } ?? [])
        return options.addedTokens.filter { token in
            if options.splitsSpecialTokens { return true }
            let isMPNetUnknown = model.configuration.architecture == .mpnet && token.content == "<unk>"
            if isMPNetUnknown && token.isNormalized && !token.isSingleWord { return false }
            return token.isNormalized || token.isSingleWord || !usual.contains(token.content)
        }.map { token in
            let flags = [
                token.isNormalized ? "normalized" : nil, token.isSingleWord ? "single_word" : nil,
                options.splitsSpecialTokens && token.isSpecial ? "special" : nil,
            ]
            return (["added_token=\(token.content.jsonLiteral)"] + flags.compactMap { $0 }).joined(separator: " ")
        }
    }

    /// The 32 bytes.
    public var bytes: [UInt8] { digest.bytes }

    /// All 64 hexadecimal digits.
    public var hexadecimal: String { digest.hexadecimal }

    /// The first twelve hexadecimal digits, for logs and reports.
    public var description: String { String(digest.hexadecimal.prefix(12)) }
}
