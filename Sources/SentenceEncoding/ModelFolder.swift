public import Checksum
public import Compute
import FoundationEssentials
public import Tokenization

/// A sentence-transformers model folder, read and checked, weights not yet loaded.
///
/// Everything that decides a vector comes from the folder's own files:
///
/// | file | gives |
/// |---|---|
/// | `config.json` | ``TransformerConfiguration`` |
/// | `modules.json` | which modules follow the transformer: pooling, normalisation |
/// | `1_Pooling/config.json` | the pooling strategy, in the old form (`pooling_mode_mean_tokens`) or the new (`pooling_mode`) |
/// | `sentence_bert_config.json` | the length limit in tokens, perhaps lower-casing |
/// | `tokenizer_config.json` | lower-casing, accents, special tokens |
/// | `config_sentence_transformers.json`, optional | whether texts need a prompt, which is refused |
/// | `vocab.txt`, `model.safetensors` | vocabulary and weights |
/// | `canary.json`, optional | texts with their vectors, for models that this program does not know |
/// | `SHA256SUMS`, optional | what all of these must hash to |
///
/// The length limit is `max_seq_length` of `sentence_bert_config.json`, because that is what the reference obeys:
/// `tokenizer.json` and `tokenizer_config.json` name other numbers that give other vectors. Only where it names none, the
/// limit is `model_max_length` of `tokenizer_config.json`, or the number of positions if that is less.
public struct ModelFolder: Sendable {
    /// Where the folder is.
    public let path: String
    /// The folder's own name, used in reports.
    public let name: String
    /// The encoder's hyperparameters.
    public let configuration: TransformerConfiguration
    /// How token vectors become one.
    public let pooling: PoolingStrategy
    /// Whether vectors are scaled to length 1.
    public let normalizes: Bool
    /// The most tokens of a text, special tokens included.
    public let maxTokens: Int
    /// How text becomes tokens.
    public let tokenizerOptions: WordPieceTokenizer.Options

    /// What `model.safetensors` hashes to.
    public let weightsDigest: SHA256Digest
    /// What `vocab.txt` hashes to.
    public let vocabularyDigest: SHA256Digest
    /// Texts with the vectors that the reference implementation gives them with this model.
    public private(set) var canaries: [Canary] = []

    /// Reads the configuration files, hashes weights and vocabulary, and verifies `SHA256SUMS` where there is one.
    public init(path: String) throws(SentenceEncodingError) {
        let reader = FolderReader(path: path)
        try reader.requireFolder()
        self.path = path
        name = path.split(separator: "/").last.map(String.init) ?? path

        configuration = try TransformerConfiguration(reader, file: "config.json")
        let modules = try ModuleList(reader)
        pooling = try PoolingStrategy(
            reader, file: modules.poolingPath + "/config.json", hidden: configuration.hiddenSize)
        normalizes = modules.normalizes
        let sentences = try SentenceConfiguration(reader, file: "sentence_bert_config.json")
        let tokenizer = try TokenizerConfiguration(
            reader, file: "tokenizer_config.json", modelType: configuration.modelType,
            lowercases: sentences.lowercases)
        tokenizerOptions = tokenizer.options
        maxTokens = try sentences.lengthLimit(
            reader, positions: configuration.positionCount, modelMaxLength: tokenizer.modelMaxLength)
        try Self.refusePrompt(reader, file: Self.promptFile)

        weightsDigest = try reader.digest("model.safetensors")
        vocabularyDigest = try reader.digest("vocab.txt")
        try reader.verifyChecksums(
            known: ["model.safetensors": weightsDigest, "vocab.txt": vocabularyDigest],
            others: [
                "config.json", "modules.json", modules.poolingPath + "/config.json", "sentence_bert_config.json",
                "tokenizer_config.json",
            ] + [Self.promptFile, Self.canaryFile].filter(reader.has))
        let fingerprint = try ModelFingerprint(of: self, template: nil).hexadecimal
        canaries = try Canary.all(reader, file: Self.canaryFile, dimension: configuration.hiddenSize)
        canaries += Canary.builtIn[fingerprint] ?? []
    }

    private static let promptFile = "config_sentence_transformers.json"
    private static let canaryFile = "canary.json"

    /// A prompt that the reference puts before every text is not put there here.
    private static func refusePrompt(_ reader: FolderReader, file: String) throws(SentenceEncodingError) {
        struct Configuration: Decodable { let defaultPromptName: String? }
        guard reader.has(file), let name = try reader.decode(Configuration.self, from: file).defaultPromptName else {
            return
        }
        throw .unsupported(file: reader.path(file), key: "default_prompt_name", value: name, supported: "null")
    }
}

/// `sentence_bert_config.json`: what the sentence encoder does with the tokenizer.
private struct SentenceConfiguration {
    let lowercases: Bool
    private let file: String
    private let maxSeqLength: Int?

    init(_ reader: FolderReader, file: String) throws(SentenceEncodingError) {
        struct File: Decodable {
            let maxSeqLength: Int?
            let doLowerCase: Bool?
            let transformerTask: String?
        }
        let values = try reader.decode(File.self, from: file)
        let task = values.transformerTask ?? "feature-extraction"
        guard task == "feature-extraction" else {
            throw .unsupported(
                file: reader.path(file), key: "transformer_task", value: task, supported: "feature-extraction")
        }
        self.file = file
        maxSeqLength = values.maxSeqLength
        lowercases = values.doLowerCase ?? false
    }

    func lengthLimit(
        _ reader: FolderReader, positions: Int, modelMaxLength: Int?
    ) throws(SentenceEncodingError) -> Int {
        let limit = maxSeqLength ?? min(positions, modelMaxLength ?? positions)
        guard limit >= 3, limit <= positions else {
            throw .unsupported(
                file: reader.path(file), key: "max_seq_length", value: String(limit), supported: "3 to \(positions)")
        }
        return limit
    }
}

/// The chain of modules of `modules.json`: a transformer, a pooling, perhaps a normalisation.
private struct ModuleList {
    let poolingPath: String
    let normalizes: Bool

    init(_ reader: FolderReader) throws(SentenceEncodingError) {
        struct Module: Decodable { let path, type: String }
        let modules = try reader.decode([Module].self, from: "modules.json")
        // The reference has moved its classes between packages; the last component of the name has stayed.
        let kinds = modules.map { $0.type.split(separator: ".").last.map(String.init) ?? $0.type }
        guard kinds == ["Transformer", "Pooling"] || kinds == ["Transformer", "Pooling", "Normalize"] else {
            throw .unsupported(
                file: reader.path("modules.json"), key: "type", value: kinds.joined(separator: ", "),
                supported: "Transformer, Pooling and optionally Normalize")
        }
        poolingPath = modules[1].path
        normalizes = kinds.count == 3
    }
}

extension PoolingStrategy {
    /// Reads `1_Pooling/config.json` in either form.
    ///
    /// A combination of several strategies is refused.
    fileprivate init(_ reader: FolderReader, file: String, hidden: Int) throws(SentenceEncodingError) {
        struct Configuration: Decodable {
            let wordEmbeddingDimension: Int?
            let embeddingDimension: Int?
            let poolingMode: String?
            let poolingModeClsToken: Bool?
            let poolingModeMeanTokens: Bool?
            let poolingModeMaxTokens: Bool?
            let poolingModeMeanSqrtLenTokens: Bool?
            let poolingModeWeightedmeanTokens: Bool?
            let poolingModeLasttoken: Bool?
        }
        let values = try reader.decode(Configuration.self, from: file)
        let width = values.wordEmbeddingDimension ?? values.embeddingDimension ?? hidden
        guard width == hidden else {
            throw .unsupported(
                file: reader.path(file), key: "word_embedding_dimension", value: String(width),
                supported: "\(hidden), the hidden_size of config.json")
        }
        let flags = [
            ("cls", values.poolingModeClsToken), ("mean", values.poolingModeMeanTokens),
            ("max", values.poolingModeMaxTokens), ("mean_sqrt_len_tokens", values.poolingModeMeanSqrtLenTokens),
            ("weightedmean", values.poolingModeWeightedmeanTokens), ("lasttoken", values.poolingModeLasttoken),
        ]
        let mode = values.poolingMode ?? flags.filter { $0.1 == true }.map(\.0).joined(separator: "+")
        switch mode {
        case "cls": self = .cls
        case "max": self = .max
        case "mean": self = .mean
        case "mean_sqrt_len_tokens": self = .meanSqrtLength
        default:
            throw .unsupported(
                file: reader.path(file), key: "pooling_mode", value: mode,
                supported: "one of cls, max, mean, mean_sqrt_len_tokens")
        }
    }
}
