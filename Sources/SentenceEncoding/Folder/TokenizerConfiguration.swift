import Tokenization

/// The tokenizer that a folder's files describe together, which is the one that the reference implementation makes of them.
///
/// | file | gives |
/// |---|---|
/// | `tokenizer_config.json` | the class of the tokenizer; normalization, special tokens, limit and side of truncation |
/// | `tokenizer.json` | vocabulary; registered tokens; with a general class all of it, but for length and padding |
/// | `special_tokens_map.json`, `added_tokens.json` | tokens, unless `tokenizer_config.json` has `added_tokens_decoder` |
/// | `vocab.txt` | the vocabulary, where there is no `tokenizer.json` |
///
/// `BertTokenizer` and `MPNetTokenizer` build their normalizer, and what they put around a text, from `tokenizer_config.json`,
/// whatever `tokenizer.json` says of these. Source: `tokenization_utils_base.py` and `tokenization_utils_tokenizers.py` of
/// transformers 5.
struct TokenizerConfiguration {
    /// The tokens of the model.
    let vocabulary: Vocabulary
    /// How text becomes tokens.
    let options: WordPieceTokenizer.Options
    /// What fills up batches, and what hides a token in training, where there is one.
    let paddingToken, maskToken: String?
    /// The length limit in tokens, which counts only where `sentence_bert_config.json` has none.
    let modelMaxLength: Int?
    /// The files that were read, relative to the folder.
    let files: [String]

    /// Reads the files in a folder of the model's folder.
    init(
        _ reader: FolderReader, folder: String, modelType: String, configuredClass: String?, lowercasesFirst: Bool
    ) throws(SentenceEncodingError) {
        let settings = try reader.optionalSettings(folder + "tokenizer_config.json")
        try Self.checkKeys(settings)
        let kind = try TokenizerKind(settings, configured: configuredClass, modelType: modelType)
        let name = folder + "tokenizer.json"
        let file = reader.has(name) ? try TokenizerFile(reader.settings(name)) : nil
        if let file {
            vocabulary = file.vocabulary
        } else {
            vocabulary = try Self.vocabulary(reader, folder, kind, settings)
        }
        files = [
            "tokenizer_config.json", "tokenizer.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
        ]
        .map { folder + $0 }.filter(reader.has)

        let tokens = try RegisteredTokens(settings, reader: reader, folder: folder, kind: kind, file: file)
        var options = WordPieceTokenizer.Options()
        if kind == .general {
            try file?.apply(to: &options)
            options.setCase(
                lowercases: options.lowercase, stripsAccents: options.stripAccents, lowercasesFirst: lowercasesFirst)
            paddingToken = tokens.named("pad_token") ?? file?.paddingToken
        } else {
            options.setCase(
                lowercases: try Self.bool(settings, "do_lower_case", true),
                stripsAccents: try settings.bool("strip_accents"), lowercasesFirst: lowercasesFirst)
            options.handleChineseCharacters = try Self.bool(settings, "tokenize_chinese_chars", true)
            options.unknownToken = try tokens.require("unk_token", settings)
            options.leadingTokens = [try Self.templateToken("cls_token", tokens, kind, settings)]
            options.trailingTokens = [try Self.templateToken("sep_token", tokens, kind, settings)]
            paddingToken = tokens.named("pad_token")
        }
        // The reference pads whatever it encodes, and fails without the token.
        try settings.require(paddingToken != nil, "pad_token", "null", "a token")
        maskToken = tokens.named("mask_token")
        options.addedTokens = tokens.all.map(\.token)
        options.splitsSpecialTokens = try Self.bool(settings, "split_special_tokens", false)
        options.truncationSide = try Self.truncationSide(settings) ?? file?.truncationSide ?? .right
        let padding = try settings.string("padding_side") ?? file?.paddingSide ?? "right"
        try settings.require(padding == "right", "padding_side", padding, "right")
        self.options = options
        // A tokenizer without a limit has one of 10³⁰.
        let limit = try settings.number(settings.has("model_max_length") ? "model_max_length" : "max_len")
        modelMaxLength = limit.map { Int(min(max($0, 0), 1e9)) }
    }

    /// A token around texts.
    ///
    /// `BertTokenizer` writes them into a template, in which some characters have a meaning.
    private static func templateToken(
        _ key: String, _ tokens: RegisteredTokens, _ kind: TokenizerKind, _ settings: Settings
    ) throws(SentenceEncodingError) -> String {
        let token = try tokens.require(key, settings)
        let isPlain =
            !token.hasPrefix("$")
            && token.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0 != ":" }
        try settings.require(
            kind != .bert || isPlain, key, token.jsonLiteral,
            "a token without blanks and colons, and no $ at its beginning")
        return token
    }

    /// A truth value that Python does not take null for.
    private static func bool(_ settings: Settings, _ key: String, _ absent: Bool) throws(SentenceEncodingError) -> Bool
    {
        guard settings.has(key) else { return absent }
        guard let value = try settings.bool(key) else { throw settings.malformed(key, "true or false") }
        return value
    }

    private static func truncationSide(
        _ settings: Settings
    ) throws(SentenceEncodingError) -> WordPieceTokenizer.TruncationSide? {
        guard let name = try settings.string("truncation_side") else { return nil }
        guard let side = WordPieceTokenizer.TruncationSide(rawValue: name) else {
            throw settings.unsupported("truncation_side", name, "left or right")
        }
        return side
    }

    private static func vocabulary(
        _ reader: FolderReader, _ folder: String, _ kind: TokenizerKind, _ settings: Settings
    ) throws(SentenceEncodingError) -> Vocabulary {
        // Files of other tokenizers, which the reference prefers where there is no tokenizer.json.
        for file in ["tekken.json", "tokenizer.model", "tiktoken.model"] where reader.has(folder + file) {
            throw .unsupportedFile(
                reader.path(folder + file), reason: "it is the vocabulary of another kind of tokenizer")
        }
        guard kind != .general, reader.has(folder + "vocab.txt") else {
            throw reader.missing(folder + "tokenizer.json")
        }
        let bytes = try reader.bytes(folder + "vocab.txt")
        do throws(TokenizationError) {
            return try Vocabulary(bytes: bytes, path: reader.path(folder + "vocab.txt"))
        } catch {
            throw .vocabulary(error)
        }
    }

    // MARK: - Keys

    private static func checkKeys(_ settings: Settings) throws(SentenceEncodingError) {
        let known = readKeys.union(harmlessKeys).union(RegisteredTokens.keys)
        for key in settings.keys where !known.contains(key) && !RegisteredTokens.isTokenKey(key) {
            throw .unknownKey(file: settings.reader.path(settings.file), key: key)
        }
        try settings.refuse(
            "auto_map", "fast_tokenizer_files", "gguf_file", "init_inputs", "never_split", "processor_class")
        try settings.refuse("do_basic_tokenize", unless: { $0 == .bool(true) || $0 == .null })
        try settings.refuse("wordpieces_prefix", unless: { $0 == .string("##") || $0 == .null })
    }

    private static let readKeys: Set<String> = [
        "tokenizer_class", "do_lower_case", "strip_accents", "tokenize_chinese_chars", "split_special_tokens",
        "truncation_side", "padding_side", "model_max_length", "max_len", "auto_map", "fast_tokenizer_files",
        "gguf_file", "init_inputs", "never_split", "processor_class", "do_basic_tokenize", "wordpieces_prefix",
    ]

    /// What the library sets anew for each call, what is for decoding or conversations, and where the file comes from.
    private static let harmlessKeys: Set<String> = [
        "max_length", "stride", "truncation_strategy", "truncation", "padding", "pad_to_multiple_of",
        "pad_token_type_id", "return_tensors", "model_input_names", "return_token_type_ids",
        "clean_up_tokenization_spaces",
        "clean_text", "chat_template", "response_template", "chat_control_tokens", "add_prefix_space", "trim_offsets",
        "add_bos_token", "add_eos_token", "errors", "verbose", "use_fast", "from_slow", "legacy", "backend", "is_local",
        "local_files_only", "name_or_path", "special_tokens_map_file", "tokenizer_file", "full_tokenizer_file",
        "vocab_file",
        "trust_remote_code",
        "cache_dir", "device_map", "revision", "files_loaded", "fix_mistral_regex", "_commit_hash", "_from_auto",
    ]
}

/// The classes of tokenizers that the reference tells apart.
enum TokenizerKind {
    /// `BertTokenizer`.
    case bert
    /// `MPNetTokenizer`.
    case mpnet
    /// One that is `tokenizer.json` and nothing else.
    case general

    /// Reads the class; it is that of the model's architecture where no file names one.
    init(_ settings: Settings, configured: String?, modelType: String) throws(SentenceEncodingError) {
        let name =
            try settings.string("tokenizer_class") ?? configured
            ?? (modelType == "mpnet" ? "MPNetTokenizer" : "BertTokenizer")
        switch name {
        case "BertTokenizer", "BertTokenizerFast": self = .bert
        case "MPNetTokenizer", "MPNetTokenizerFast": self = .mpnet
        case "PreTrainedTokenizerFast", "PreTrainedTokenizer", "TokenizersBackend": self = .general
        default:
            throw settings.unsupported(
                "tokenizer_class", name, "one of BertTokenizer, MPNetTokenizer, PreTrainedTokenizerFast")
        }
    }

    /// The special tokens of a class, for those that no file names.
    var specialTokens: [(key: String, content: String)] {
        switch self {
        case .bert:
            [
                ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ]
        case .mpnet:
            [
                ("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "[UNK]"), ("sep_token", "</s>"),
                ("pad_token", "<pad>"), ("cls_token", "<s>"), ("mask_token", "<mask>"),
            ]
        case .general: []
        }
    }
}
