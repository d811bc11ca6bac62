import Tokenization

/// The tokens that are looked for in text, gathered from all files of a folder in the reference's order.
struct RegisteredTokens {
    /// All, in the order in which they are registered.
    private(set) var all: [TokenProperties] = []
    /// The special tokens by their role; null where a file says that there is none.
    private var roles: [(key: String, token: TokenProperties?)] = []

    private static let roleKeys = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// The keys that hold tokens in `tokenizer_config.json`, besides those for which `isTokenKey(_:)` holds.
    static let keys: Set<String> = ["added_tokens_decoder", "additional_special_tokens", "extra_special_tokens"]

    /// Whether a key names a special token, of the seven usual ones or of the model's own.
    static func isTokenKey(_ key: String) -> Bool { key.hasSuffix("_token") }

    /// Gathers the tokens.
    init(
        _ settings: Settings, reader: FolderReader, folder: String, kind: TokenizerKind, file: TokenizerFile?
    ) throws(SentenceEncodingError) {
        for member in settings.members where Self.isTokenKey(member.key) && !Self.isSwitch(member) {
            try set(member, settings, isSpecial: nil)
        }
        // Absent if tokenizer_config.json does not mention any.
        var further: [TokenProperties]?
        if case .object = settings["extra_special_tokens"], let named = try settings.object("extra_special_tokens") {
            for member in named.members { try set(member, named, isSpecial: nil) }
        } else {
            further = try Self.further(settings)
        }
        var mapped: [TokenProperties]?
        var decoder: [(id: Int, token: TokenProperties)] = []
        if let registered = try settings.object("added_tokens_decoder") {
            for member in registered.members {
                guard let id = Int(member.key) else { throw registered.malformed(member.key, "an id") }
                guard let token = try registered.object(member.key) else {
                    throw registered.malformed(member.key, "an object")
                }
                Self.insert(try TokenProperties(token), id, into: &decoder)
            }
        } else {
            mapped = try readMap(reader, folder + "special_tokens_map.json", &further)
            try readAdded(reader, folder + "added_tokens.json", further ?? [], &decoder)
            for (token, id) in file?.addedTokens ?? [] { Self.insert(token, id, into: &decoder) }
        }
        for (key, content) in kind.specialTokens where !roles.contains(where: { $0.key == key }) {
            roles.append((key, TokenProperties(content, isSpecial: true)))
        }
        try register(decoder.sorted { $0.id < $1.id }.map(\.token), further ?? mapped ?? [], kind, file, settings)
    }

    /// The spelling of a role's token.
    func named(_ key: String) -> String? {
        roles.first { $0.key == key }.flatMap { $0.token?.content }
    }

    /// The spelling of a role's token, which must be there.
    func require(_ key: String, _ settings: Settings) throws(SentenceEncodingError) -> String {
        guard let token = named(key) else { throw settings.unsupported(key, "null", "a token") }
        return token
    }

    // MARK: - Reading

    /// `add_bos_token` and its kind are switches, not tokens.
    private static func isSwitch(_ member: JSONValue.Member) -> Bool {
        if case .bool = member.value { return true }
        return false
    }

    private mutating func set(
        _ member: JSONValue.Member, _ settings: Settings, isSpecial: Bool?
    ) throws(SentenceEncodingError) {
        var token: TokenProperties?
        switch member.value {
        case .null: break
        case .string(let content): token = TokenProperties(content, isSpecial: true)
        default:
            guard let object = try settings.object(member.key) else { break }
            // The reference passes over an object in a place of the model's own that does not say that it is a token.
            try object.require(
                isSpecial == true || Self.roleKeys.contains(member.key) || object.has("__type"), "__type", "absent",
                "AddedToken")
            token = try TokenProperties(object, isSpecial: isSpecial)
        }
        if let index = roles.firstIndex(where: { $0.key == member.key }) {
            roles[index].token = token
        } else {
            roles.append((member.key, token))
        }
    }

    /// The further tokens that `tokenizer_config.json` lists.
    private static func further(_ settings: Settings) throws(SentenceEncodingError) -> [TokenProperties]? {
        let key =
            settings["extra_special_tokens"]?.isTruthy == true || settings["additional_special_tokens"] == nil
            ? "extra_special_tokens" : "additional_special_tokens"
        guard let value = settings[key] else { return nil }
        return value == .null ? [] : try list(value, settings, key, isSpecial: nil)
    }

    private static func list(
        _ value: JSONValue, _ settings: Settings, _ key: String, isSpecial: Bool?
    ) throws(SentenceEncodingError) -> [TokenProperties] {
        guard let elements = value.elements else { throw settings.malformed(key, "an array") }
        var tokens: [TokenProperties] = []
        for (index, element) in elements.enumerated() {
            tokens.append(try token(element, settings, "\(key).\(index)", isSpecial: isSpecial))
        }
        return tokens
    }

    private static func token(
        _ value: JSONValue, _ settings: Settings, _ key: String, isSpecial: Bool?
    ) throws(SentenceEncodingError) -> TokenProperties {
        if case .string(let content) = value { return TokenProperties(content, isSpecial: true) }
        let object = try Settings(value, file: settings.file, reader: settings.reader, prefix: key + ".")
        try object.require(
            isSpecial == true ? !object.has("special") : object.has("__type"), isSpecial == true ? "special" : "__type",
            object[isSpecial == true ? "special" : "__type"]?.excerpt ?? "absent",
            "a text, or a token as its file has it")
        return try TokenProperties(object, isSpecial: isSpecial)
    }

    /// `special_tokens_map.json`, which wins over `tokenizer_config.json`; gives tokens that count where nothing else lists any.
    private mutating func readMap(
        _ reader: FolderReader, _ file: String, _ further: inout [TokenProperties]?
    ) throws(SentenceEncodingError) -> [TokenProperties]? {
        guard reader.has(file) else { return nil }
        let settings = try reader.settings(file)
        var additional: [TokenProperties]?
        for member in settings.members {
            switch member.key {
            case "extra_special_tokens":
                var tokens = further ?? []
                for token in try Self.list(member.value, settings, member.key, isSpecial: true)
                where !tokens.contains(where: { $0.spells(token.content) }) {
                    tokens.append(token)
                }
                further = tokens
            case "additional_special_tokens":
                additional = try Self.list(member.value, settings, member.key, isSpecial: nil)
            case _ where Self.isTokenKey(member.key): try set(member, settings, isSpecial: true)
            default: throw .unknownKey(file: reader.path(file), key: member.key)
            }
        }
        return additional
    }

    /// `added_tokens.json`, spellings with their ids.
    private func readAdded(
        _ reader: FolderReader, _ file: String, _ further: [TokenProperties],
        _ decoder: inout [(id: Int, token: TokenProperties)]
    ) throws(SentenceEncodingError) {
        guard reader.has(file) else { return }
        let settings = try reader.settings(file)
        for member in settings.members {
            guard case .integer(let id) = member.value else { throw settings.malformed(member.key, "an id") }
            let isSpecial =
                roles.contains { $0.token?.spells(member.key) == true } || further.contains { $0.spells(member.key) }
            Self.insert(TokenProperties(member.key, isSpecial: isSpecial), id, into: &decoder)
        }
    }

    /// Puts a token in the place of another of the same id.
    private static func insert(
        _ token: TokenProperties, _ id: Int, into decoder: inout [(id: Int, token: TokenProperties)]
    ) {
        decoder.removeAll { $0.id == id }
        decoder.append((id, token))
    }

    // MARK: - Registering

    /// First what has an id, then the roles in their order, then the rest; each spelling once.
    private mutating func register(
        _ decoder: [TokenProperties], _ further: [TokenProperties], _ kind: TokenizerKind, _ file: TokenizerFile?,
        _ settings: Settings
    ) throws(SentenceEncodingError) {
        // A general tokenizer comes with the tokens of its file, and keeps their ways.
        if kind == .general { all = file?.addedTokens.map(\.token) ?? [] }
        for token in decoder {
            let isKept = all.contains { $0.spells(token.content) }
            let isSame = all.contains {
                $0.spells(token.content) && $0.token.isNormalized == token.token.isNormalized
                    && $0.isSingleWord == token.isSingleWord
            }
            try settings.require(
                !isKept || isSame, "added_tokens_decoder", token.content.jsonLiteral,
                "a token once, with the flags that it has in tokenizer.json")
            if !isKept { all.append(token) }
        }
        let ordered =
            Self.roleKeys.compactMap { key in roles.first { $0.key == key } }
            + roles.filter { !Self.roleKeys.contains($0.key) }
        for token in ordered.compactMap(\.token) + further where !all.contains(where: { $0.spells(token.content) }) {
            all.append(token)
        }
        for index in all.indices
        where ordered.contains(where: { $0.token?.spells(all[index].content) == true }) {
            all[index].isSpecial = true
        }
    }
}
