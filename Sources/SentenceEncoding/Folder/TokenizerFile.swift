import Tokenization

/// `tokenizer.json`: the tokenizer as Hugging Face tokenizers saves it, checked and taken apart.
///
/// How much of it counts is decided by the class of the tokenizer: see ``TokenizerConfiguration``.
struct TokenizerFile {
    /// The tokens of the model.
    let vocabulary: Vocabulary
    /// Registered tokens with their ids, in the order of the file.
    let addedTokens: [(token: TokenProperties, id: Int)]
    /// Which end of a text is cut off, where the file says so.
    let truncationSide: WordPieceTokenizer.TruncationSide?
    /// The end at which texts are padded, and the token, where the file says so.
    let paddingSide, paddingToken: String?
    private let settings: Settings

    init(_ settings: Settings) throws(SentenceEncodingError) {
        try settings.allowOnly([
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
            "decoder", "model",
        ])
        self.settings = settings
        vocabulary = try Self.vocabulary(settings)
        var addedTokens: [(token: TokenProperties, id: Int)] = []
        for (index, element) in (try settings.array("added_tokens") ?? []).enumerated() {
            let token = try Settings(
                element, file: settings.file, reader: settings.reader, prefix: "added_tokens.\(index).")
            guard let id = try token.integer("id") else { throw token.malformed("id", "an id") }
            addedTokens.append((try TokenProperties(token, hasID: true), id))
        }
        self.addedTokens = addedTokens

        // The length and the strategy of truncation, and all but the direction of padding, are set anew for each call.
        let truncation = try settings.object("truncation")
        try truncation?.allowOnly(["max_length", "strategy", "stride", "direction"])
        truncationSide = try truncation.flatMap { (truncation) throws(SentenceEncodingError) in
            try Self.side(truncation).flatMap { WordPieceTokenizer.TruncationSide(rawValue: $0) }
        }
        let padding = try settings.object("padding")
        try padding?.allowOnly(["strategy", "direction", "pad_to_multiple_of", "pad_id", "pad_type_id", "pad_token"])
        paddingSide = try padding.flatMap(Self.side)
        paddingToken = try padding?.string("pad_token")
    }

    private static func side(_ settings: Settings) throws(SentenceEncodingError) -> String? {
        guard let direction = try settings.string("direction") else { return nil }
        try settings.require(["Left", "Right"].contains(direction), "direction", direction, "Left or Right")
        return direction.lowercased()
    }

    /// The vocabulary of the WordPiece model.
    private static func vocabulary(_ settings: Settings) throws(SentenceEncodingError) -> Vocabulary {
        guard let model = try settings.object("model") else { throw settings.malformed("model", "an object") }
        try model.allowOnly([
            "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab",
        ])
        let type = try model.string("type") ?? "WordPiece"
        try model.require(type == "WordPiece", "type", type, "WordPiece")
        guard case .object(let members) = model["vocab"] else { throw model.malformed("vocab", "an object") }
        var tokens = [String?](repeating: nil, count: members.count)
        for member in members {
            guard case .integer(let id) = member.value, tokens.indices.contains(id), tokens[id] == nil else {
                throw settings.reader.malformed(
                    settings.file,
                    "the id of \(member.key.jsonLiteral) in model.vocab is \(member.value.excerpt), and ids must be 0 to "
                        + "\(members.count - 1), each once")
            }
            tokens[id] = member.key
        }
        do throws(TokenizationError) {
            return try Vocabulary(tokens: tokens.map { $0 ?? "" }, path: settings.reader.path(settings.file))
        } catch {
            throw .vocabulary(error)
        }
    }
}

// MARK: - The tokenizer as it stands in the file

extension TokenizerFile {
    /// Sets what the file says about normalization, model and the tokens around a text.
    func apply(to options: inout WordPieceTokenizer.Options) throws(SentenceEncodingError) {
        guard let model = try settings.object("model") else { throw settings.malformed("model", "an object") }
        options.unknownToken = try model.string("unk_token") ?? options.unknownToken
        options.continuingSubwordPrefix =
            try model.string("continuing_subword_prefix") ?? options.continuingSubwordPrefix
        options.maxWordLength = try model.integer("max_input_chars_per_word") ?? options.maxWordLength
        try applyNormalizer(to: &options)
        let preTokenizer = try settings.object("pre_tokenizer")
        let type = try preTokenizer?.string("type") ?? "null"
        try settings.require(type == "BertPreTokenizer", "pre_tokenizer.type", type, "BertPreTokenizer")
        try applyPostProcessor(to: &options)
    }

    private func applyNormalizer(to options: inout WordPieceTokenizer.Options) throws(SentenceEncodingError) {
        guard var normalizer = try settings.object("normalizer") else {
            throw settings.unsupported("normalizer", "null", "BertNormalizer")
        }
        var lowercasesFirst = false
        if try normalizer.string("type") == "Sequence", let parts = try normalizer.array("normalizers"), !parts.isEmpty
        {
            for (index, part) in parts.enumerated() {
                let prefix = "normalizer.normalizers.\(index)."
                normalizer = try Settings(part, file: settings.file, reader: settings.reader, prefix: prefix)
                guard index < parts.count - 1 else { break }
                let type = try normalizer.string("type") ?? "null"
                try normalizer.require(type == "Lowercase", "type", type, "Lowercase before BertNormalizer")
                lowercasesFirst = true
            }
        }
        let type = try normalizer.string("type") ?? "null"
        try normalizer.require(type == "BertNormalizer", "type", type, "BertNormalizer")
        try normalizer.allowOnly(["type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"])
        try normalizer.require(try normalizer.bool("clean_text") ?? true, "clean_text", "false", "true")
        let lowercases = try normalizer.bool("lowercase") ?? true
        options.setCase(
            lowercases: lowercases, stripsAccents: try normalizer.bool("strip_accents"),
            lowercasesFirst: lowercasesFirst)
        options.handleChineseCharacters = try normalizer.bool("handle_chinese_chars") ?? true
    }

    private func applyPostProcessor(to options: inout WordPieceTokenizer.Options) throws(SentenceEncodingError) {
        // Without one, nothing would be left of a text without words, and the encoder needs a token.
        guard let processor = try settings.object("post_processor") else {
            throw settings.unsupported("post_processor", "null", "one that puts a token around each text")
        }
        let type = try processor.string("type") ?? "null"
        switch type {
        case "BertProcessing", "RobertaProcessing":
            options.leadingTokens = [try pairedToken(processor, "cls")]
            options.trailingTokens = [try pairedToken(processor, "sep")]
        case "TemplateProcessing":
            try applyTemplate(processor, to: &options)
        default:
            throw processor.unsupported(
                "type", type, "one of TemplateProcessing, BertProcessing, RobertaProcessing")
        }
    }

    /// A token that is written with its id, which must be the one that it has.
    private func pairedToken(_ processor: Settings, _ key: String) throws(SentenceEncodingError) -> String {
        guard let pair = try processor.array(key), pair.count == 2, case .string(let token) = pair[0] else {
            throw processor.malformed(key, "a token with its id")
        }
        try requireID(of: token, pair[1], processor, key)
        return token
    }

    private func requireID(
        of token: String, _ id: JSONValue, _ processor: Settings, _ key: String
    ) throws(SentenceEncodingError) {
        let known = vocabulary.id(of: token).map { JSONValue.integer(Int($0)) }
        try processor.require(known == id, key, id.excerpt, "the id of \(token.jsonLiteral) in model.vocab")
    }

    /// The part of a template that is for one text.
    private func applyTemplate(
        _ processor: Settings, to options: inout WordPieceTokenizer.Options
    ) throws(SentenceEncodingError) {
        var sides: [[String]] = [[]]
        for (index, element) in (try processor.array("single") ?? []).enumerated() {
            let prefix = "post_processor.single.\(index)."
            let piece = try Settings(element, file: settings.file, reader: settings.reader, prefix: prefix)
            try piece.allowOnly(["SpecialToken", "Sequence"])
            let (special, sequence) = (try piece.object("SpecialToken"), try piece.object("Sequence"))
            guard let part = special ?? sequence else { throw piece.malformed("SpecialToken", "an object") }
            let segment = try part.integer("type_id") ?? 0
            try part.require(segment == 0, "type_id", String(segment), "0")
            if piece.has("Sequence") {
                sides.append([])
            } else {
                sides[sides.count - 1] += try templateTokens(try part.string("id") ?? "", processor)
            }
        }
        guard sides.count == 2, sides != [[], []] else {
            throw processor.unsupported(
                "single", processor["single"]?.excerpt ?? "absent", "a template of one text and at least one token")
        }
        (options.leadingTokens, options.trailingTokens) = (sides[0], sides[1])
    }

    /// What a name in a template stands for.
    private func templateTokens(_ name: String, _ processor: Settings) throws(SentenceEncodingError) -> [String] {
        guard let special = try processor.object("special_tokens")?.object(name),
            let tokens = try special.array("tokens"), let ids = try special.array("ids"), tokens.count == ids.count
        else { throw processor.malformed("special_tokens.\(name)", "a list of tokens with their ids") }
        var result: [String] = []
        for (token, id) in zip(tokens, ids) {
            guard case .string(let token) = token else { throw malformedToken(processor, name) }
            try requireID(of: token, id, processor, "special_tokens.\(name).ids")
            result.append(token)
        }
        return result
    }

    private func malformedToken(_ processor: Settings, _ name: String) -> SentenceEncodingError {
        processor.malformed("special_tokens.\(name)", "a list of tokens with their ids")
    }
}

extension WordPieceTokenizer.Options {
    /// Sets how letters are changed, `lowercasesFirst` telling that they become lower case before all else.
    ///
    /// Lower case in front leaves accents to what the normalizer itself says.
    mutating func setCase(lowercases: Bool, stripsAccents: Bool?, lowercasesFirst: Bool) {
        lowercase = lowercases || lowercasesFirst
        stripAccents = stripsAccents ?? (lowercase == lowercases ? nil : false)
    }
}
