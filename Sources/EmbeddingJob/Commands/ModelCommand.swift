import ArgumentParser
import CommandSupport
import Compute
import DatasetTable
import FoundationEssentials
import ModelLoading
import SentenceEncoding
import Tokenization

/// `embedding-job model`: what a model folder says.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Print what a model folder says: architecture, sizes, settings, fingerprint.",
        discussion: """
            A folder that is not supported is refused as in run, with exit status 78. The lines after the fingerprint are \
            what it is the SHA-256 of, each ended by a line feed. The weights are hashed, not loaded.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions

    @Flag(help: "Print one line of JSON instead of a table.")
    var json = false

    func run() async throws {
        try await Self.reportingFailures {
            let description = try ModelDescription(of: try model.folder(try await Settings()))
            try StandardOutput.print(json ? description.json : description.table)
        }
    }
}

/// What `embedding-job model` prints.
private struct ModelDescription: Encodable {
    let model, path, architecture: String
    let layers, dimension, heads, intermediateSize, vocabularySize: Int
    let activation: String
    let layerNormEps: Float
    let pooling: String
    let normalizes: Bool
    let maxTokens: Int
    let lowercase, stripAccents, tokenizeChineseChars: Bool
    let specialTokens, addedTokens: [String]
    let truncationSide, prompt: String
    let weightsSHA256, vocabularySHA256: String
    let canaries: Int
    let fingerprint, modelFingerprint: String
    let fingerprintLines: [String]

    init(of folder: ModelFolder) throws {
        let (configuration, options) = (folder.configuration, folder.tokenizerOptions)
        let fingerprint = try ModelFingerprint(of: folder, template: InputTemplate.definition)
        (model, path, architecture) = (folder.name, folder.path, configuration.modelType)
        (layers, dimension) = (configuration.numHiddenLayers, folder.dimension)
        (heads, intermediateSize) = (configuration.numAttentionHeads, configuration.intermediateSize)
        (vocabularySize, activation) = (configuration.vocabSize, configuration.hiddenAct.rawValue)
        layerNormEps = configuration.layerNormEps
        (pooling, normalizes, maxTokens) = (folder.pooling.rawValue, folder.normalizes, folder.maxTokens)
        (lowercase, stripAccents) = (options.lowercase, options.stripAccents ?? options.lowercase)
        tokenizeChineseChars = options.handleChineseCharacters
        let specialTokens =
            options.leadingTokens + options.trailingTokens + [options.unknownToken, folder.paddingToken]
            + (folder.maskToken.map { [$0] } ?? [])
        self.specialTokens = specialTokens
        addedTokens = options.addedTokens.map(\.content).filter { !specialTokens.contains($0) }
        (truncationSide, prompt) = (options.truncationSide.rawValue, folder.prompts.document)
        weightsSHA256 = "\(folder.weightsDigest)"
        vocabularySHA256 = "\(folder.vocabularyDigest)"
        canaries = folder.canaries.count
        self.fingerprint = fingerprint.hexadecimal
        modelFingerprint = try ModelFingerprint(of: folder, template: nil).hexadecimal
        fingerprintLines = fingerprint.lines
    }

    private enum CodingKeys: String, CodingKey {
        case model, path, architecture, layers, dimension, heads, activation, pooling, normalizes, lowercase, canaries
        case fingerprint, prompt
        case intermediateSize = "intermediate_size"
        case vocabularySize = "vocabulary_size"
        case layerNormEps = "layer_norm_eps"
        case maxTokens = "max_tokens"
        case stripAccents = "strip_accents"
        case tokenizeChineseChars = "tokenize_chinese_chars"
        case specialTokens = "special_tokens"
        case addedTokens = "added_tokens"
        case truncationSide = "truncation_side"
        case weightsSHA256 = "weights_sha256"
        case vocabularySHA256 = "vocabulary_sha256"
        case modelFingerprint = "model_fingerprint"
        case fingerprintLines = "fingerprint_lines"
    }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    var table: String {
        let rows: [(name: String, value: String)] = [
            ("model", model), ("path", path), ("architecture", architecture), ("layers", String(layers)),
            ("dimension", String(dimension)), ("heads", String(heads)), ("intermediate size", String(intermediateSize)),
            ("vocabulary size", String(vocabularySize)), ("activation", activation),
            ("layer norm epsilon", String(layerNormEps)), ("pooling", pooling), ("normalizes", String(normalizes)),
            ("max tokens", String(maxTokens)), ("lowercase", String(lowercase)),
            ("strip accents", String(stripAccents)),
            ("Chinese characters alone", String(tokenizeChineseChars)),
            ("special tokens", specialTokens.joined(separator: " ")),
            ("added tokens", addedTokens.isEmpty ? "none" : addedTokens.joined(separator: " ")),
            ("truncated at the", truncationSide), ("prompt", prompt.isEmpty ? "none" : "\"\(prompt)\""),
            ("weights SHA-256", weightsSHA256),
            ("vocabulary SHA-256", vocabularySHA256), ("canaries", String(canaries)), ("fingerprint", fingerprint),
        ]
        return ([rows.table] + fingerprintLines.map { "    " + $0 }).joined(separator: "\n")
    }
}
