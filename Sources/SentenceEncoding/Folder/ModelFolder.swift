public import Checksum
public import Compute
import FoundationEssentials
public import Tokenization

/// A sentence-transformers model folder, read and checked, weights not yet loaded.
///
/// Everything that decides a vector comes from the folder's own files, read as the reference implementation reads them
/// (sentence-transformers 6, transformers 5):
///
/// | file | gives |
/// |---|---|
/// | `modules.json` | the folder of the transformer; which modules follow it: pooling, normalization |
/// | `config_sentence_transformers.json`, optional | prompts; how many components of a vector are kept |
/// | `1_Pooling/config.json` | the pooling strategy, in the old form (`pooling_mode_mean_tokens`) or the new (`pooling_mode`) |
/// | `config.json` | ``TransformerConfiguration`` |
/// | `sentence_bert_config.json`, optional | the length limit in tokens, perhaps lower-casing |
/// | `tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`, `vocab.txt` | how text becomes tokens |
/// | `model.safetensors`, or `model.safetensors.index.json` and the files that it names | weights |
/// | `canary.json`, optional | texts with their vectors, for models that this program does not know |
/// | `search.json`, optional | what its similarities are worth in a search, for models that this program does not know |
/// | `SHA256SUMS`, optional | what all of these must hash to |
///
/// Those from `config.json` to the weights lie in the transformer's folder, which mostly is the model's.
///
/// The length limit is `max_seq_length` of `sentence_bert_config.json`, because that is what the reference obeys:
/// `tokenizer.json` and `tokenizer_config.json` name other numbers that give other vectors. Only where it names none, the
/// limit is `model_max_length` of `tokenizer_config.json`, or the number of positions if that is less.
///
/// A key that is not known, or asks for something that is not computed, is refused by name.
public struct ModelFolder: Sendable {
    /// Where the folder is.
    public let path: String
    /// What reports call the model: the folder's own name, or the repository's if the folder is of a cache of the Hugging Face
    /// hub.
    public let name: String
    /// The encoder's hyperparameters.
    public let configuration: TransformerConfiguration
    /// How token vectors become one.
    public let pooling: PoolingStrategy
    /// Whether the pooled vector is scaled to length 1.
    public let scalesToUnitLength: Bool
    /// How many components of the vector are kept, if not all.
    public let truncateDim: Int?
    /// The most tokens of a text, special tokens included.
    public let maxTokens: Int
    /// What stands before texts: as the folder says, or as the caller does.
    public let prompts: Prompts
    /// The tokens of the model.
    public let vocabulary: Vocabulary
    /// How text becomes tokens.
    public let tokenizerOptions: WordPieceTokenizer.Options
    /// What fills up batches, which is not done here; looked for in text.
    public let paddingToken: String
    /// What hides a token in training; looked for in text.
    public let maskToken: String?

    /// What the weights hash to: the one file, or a line `HASH  NAME` for each of several.
    public let weightsDigest: SHA256Digest
    /// What the tokens hash to: `vocab.txt`, where there is one and it says the same; else what it would be.
    public let vocabularyDigest: SHA256Digest
    /// Texts with the vectors that the reference implementation gives them with this model, without a prompt.
    public private(set) var canaries: [Canary] = []
    /// What similarities are worth in a search; `nil` if nobody has measured it.
    public private(set) var searchCalibration: SearchCalibration?

    /// Where the weights are.
    let weights: WeightFiles
    /// The paths of all files that count, which nothing may be written over.
    public let files: [String]

    /// The number of components of a vector.
    public var dimension: Int { min(truncateDim ?? configuration.hiddenSize, configuration.hiddenSize) }

    /// Whether vectors have length 1.
    public var normalizes: Bool { scalesToUnitLength && dimension == configuration.hiddenSize }

    /// Reads the configuration files, hashes weights and vocabulary, and verifies `SHA256SUMS` where there is one.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - documentPrompt: What stands before each text that is stored, whatever the folder says; absent for what the folder
    ///     says.
    public init(path: String, documentPrompt: String? = nil) throws(SentenceEncodingError) {
        let reader = FolderReader(path: path)
        try reader.requireFolder()
        self.path = path
        name = Self.name(of: path)

        let modules = try ModuleList(reader)
        let folder = modules.transformer
        try Self.refuseFiles(reader, folder)
        let configurationFile = try reader.settings(folder + "config.json")
        configuration = try TransformerConfiguration(configurationFile)
        let pooling = try PoolingConfiguration(
            reader.settings(modules.pooling + "config.json"), hidden: configuration.hiddenSize)
        self.pooling = pooling.strategy
        scalesToUnitLength = modules.normalizes

        let library = try LibraryConfiguration(reader.optionalSettings(Self.libraryFile))
        if documentPrompt == nil { try library.requireDecision() }
        prompts = Prompts(document: documentPrompt ?? library.prompts.document, query: library.prompts.query)
        for prompt in [prompts.document, prompts.query] { try pooling.requireIncluded(prompt: prompt) }
        truncateDim = library.truncateDim

        let sentenceFile = try SentenceConfiguration.file(reader, in: folder)
        let sentences = try SentenceConfiguration(reader.optionalSettings(sentenceFile))
        let tokenizer = try TokenizerConfiguration(
            reader, folder: folder, modelType: configuration.modelType,
            configuredClass: try configurationFile.string("tokenizer_class"), lowercasesFirst: sentences.lowercases)
        (vocabulary, tokenizerOptions) = (tokenizer.vocabulary, tokenizer.options)
        (paddingToken, maskToken) = (tokenizer.paddingToken ?? "", tokenizer.maskToken)
        maxTokens = try sentences.lengthLimit(
            positions: configuration.positionCount, tokenizerLimit: tokenizer.modelMaxLength,
            minimum: tokenizerOptions.leadingTokens.count + tokenizerOptions.trailingTokens.count + 1)

        weights = try WeightFiles(reader, folder: folder)
        weightsDigest = weights.digest
        vocabularyDigest = try Self.digest(of: vocabulary, reader, folder + "vocab.txt")
        let others =
            [
                folder + "config.json", "modules.json", modules.pooling + "config.json", Self.libraryFile, sentenceFile,
                Self.canaryFile, Self.searchFile, folder + WeightFiles.index,
            ].filter(reader.has) + tokenizer.files
        files = (weights.digests.keys + others + ["SHA256SUMS", folder + "vocab.txt"]).map(reader.path)
        try reader.verifyChecksums(
            known: weights.digests,
            // Their absence means something, so they must be there if they are listed.
            others: others + [folder + "sentence_bert_config.json", folder + "tokenizer_config.json"])
        let fingerprint = try ModelFingerprint(of: self, template: nil).hexadecimal
        canaries = try Canary.all(reader, file: Self.canaryFile, dimension: dimension)
        canaries += Canary.builtIn[fingerprint] ?? []
        searchCalibration =
            try SearchCalibration.read(reader, file: Self.searchFile)
            ?? SearchCalibration.builtIn[fingerprint]
    }

    private static let libraryFile = "config_sentence_transformers.json"
    private static let canaryFile = "canary.json"
    private static let searchFile = "search.json"

    /// Files for which the reference would compute something else: adapters, and processors that are no tokenizers.
    private static func refuseFiles(_ reader: FolderReader, _ folder: String) throws(SentenceEncodingError) {
        for (file, reason) in [
            ("adapter_config.json", "an adapter changes the weights of another model"),
            ("processor_config.json", "texts would not go to a tokenizer alone"),
            ("preprocessor_config.json", "texts would not go to a tokenizer alone"),
            ("video_preprocessor_config.json", "texts would not go to a tokenizer alone"),
        ] where reader.has(folder + file) {
            throw .unsupportedFile(reader.path(folder + file), reason: reason)
        }
    }

    /// The hash of the tokens, each with a line feed behind it.
    ///
    /// A `vocab.txt` of the same tokens that is written in another way, say with carriage returns, counts as it is, so that the
    /// fingerprints of earlier versions stay.
    private static func digest(
        of vocabulary: Vocabulary, _ reader: FolderReader, _ file: String
    ) throws(SentenceEncodingError) -> SHA256Digest {
        let lines = vocabulary.lines
        do throws(ChecksumError) {
            let usual = try SHA256Hasher.digest(of: lines)
            guard reader.has(file), let bytes = try? reader.bytes(file) else { return usual }
            let written = try? Vocabulary(bytes: bytes, path: file)
            let hasBlankEnd = bytes.suffix(2) == [0x0A, 0x0A] || bytes.suffix(3) == [0x0A, 0x0D, 0x0A]
            guard let written, !hasBlankEnd, written.lines == lines else { return usual }
            return try SHA256Hasher.digest(of: bytes)
        } catch {
            throw .checksum(error)
        }
    }

    /// The name of the model in a folder.
    ///
    /// A cache of the Hugging Face hub keeps a model of the name `owner/model` in `models--owner--model/snapshots/REVISION`.
    static func name(of path: String) -> String {
        var parts: [Substring] = []
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        for part in absolute.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let (own, above, cache) = (parts.last, parts.dropLast().last, parts.dropLast(2).last)
        if above == "snapshots", let cache, cache.hasPrefix("models--") {
            return cache.dropFirst("models--".count).split(separator: "--", maxSplits: 1).joined(separator: "/")
        }
        return own.map(String.init) ?? path
    }
}
