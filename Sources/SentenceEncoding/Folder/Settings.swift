/// An object of a folder's JSON file, whose keys are asked for one by one; every failure names file and key.
struct Settings {
    /// The file, relative to the folder.
    let file: String
    let reader: FolderReader
    /// The keys that lead to the object, with a full stop behind them.
    private let prefix: String
    private let value: JSONValue

    init(_ value: JSONValue, file: String, reader: FolderReader, prefix: String = "") throws(SentenceEncodingError) {
        guard case .object = value else {
            let name = prefix.isEmpty ? "its content" : String(prefix.dropLast())
            throw reader.malformed(file, "\(name) is not an object")
        }
        (self.value, self.file, self.reader, self.prefix) = (value, file, reader, prefix)
    }

    /// The keys, each once.
    var keys: [String] { (value.members ?? []).map(\.key) }

    /// Keys and values, each key once.
    var members: [JSONValue.Member] { value.members ?? [] }

    func has(_ key: String) -> Bool { value[key] != nil }

    /// A value as it is.
    subscript(key: String) -> JSONValue? { value[key] }

    /// A value that is there and not null.
    private func present(_ key: String) -> JSONValue? {
        value[key].flatMap { $0 == .null ? nil : $0 }
    }

    /// A text; absent if the key is, or is null.
    func string(_ key: String) throws(SentenceEncodingError) -> String? {
        guard let value = present(key) else { return nil }
        guard case .string(let string) = value else { throw malformed(key, "a text") }
        return string
    }

    /// A truth value; absent if the key is, or is null.
    func bool(_ key: String) throws(SentenceEncodingError) -> Bool? {
        guard let value = present(key) else { return nil }
        guard case .bool(let bool) = value else { throw malformed(key, "true or false") }
        return bool
    }

    /// A whole number; absent if the key is, or is null.
    func integer(_ key: String) throws(SentenceEncodingError) -> Int? {
        guard let value = present(key) else { return nil }
        guard case .integer(let integer) = value else { throw malformed(key, "a whole number") }
        return integer
    }

    /// A number; absent if the key is, or is null.
    func number(_ key: String) throws(SentenceEncodingError) -> Double? {
        try text(ofNumber: key).flatMap(Double.init)
    }

    /// A number in single precision, rounded once.
    func float(_ key: String) throws(SentenceEncodingError) -> Float? {
        try text(ofNumber: key).flatMap(Float.init)
    }

    private func text(ofNumber key: String) throws(SentenceEncodingError) -> String? {
        switch present(key) {
        case nil: nil
        case .integer(let integer): String(integer)
        case .real(let text): text
        default: throw malformed(key, "a number")
        }
    }

    /// An object; absent if the key is, or is null.
    func object(_ key: String) throws(SentenceEncodingError) -> Settings? {
        guard let value = present(key) else { return nil }
        return try Settings(value, file: file, reader: reader, prefix: prefix + key + ".")
    }

    /// An array; absent if the key is, or is null.
    func array(_ key: String) throws(SentenceEncodingError) -> [JSONValue]? {
        guard let value = present(key) else { return nil }
        guard let elements = value.elements else { throw malformed(key, "an array") }
        return elements
    }

    func malformed(_ key: String, _ expected: String) -> SentenceEncodingError {
        reader.malformed(file, "\(prefix)\(key) is not \(expected)")
    }

    /// The refusal of a value that is understood and not computed.
    func unsupported(_ key: String, _ value: String, _ supported: String) -> SentenceEncodingError {
        .unsupported(file: reader.path(file), key: prefix + key, value: value, supported: supported)
    }

    /// Refuses a value unless a condition holds.
    func require(
        _ holds: Bool, _ key: String, _ value: @autoclosure () -> String, _ supported: String
    ) throws(SentenceEncodingError) {
        guard holds else { throw unsupported(key, value(), supported) }
    }

    /// Refuses keys beyond those that are known, for a key that nobody knows may change vectors.
    func allowOnly(_ known: Set<String>) throws(SentenceEncodingError) {
        guard let key = keys.first(where: { !known.contains($0) }) else { return }
        throw .unknownKey(file: reader.path(file), key: prefix + key)
    }

    /// Refuses a key that is set to something that asks for more than is computed.
    func refuse(_ keys: String..., unless isHarmless: (JSONValue) -> Bool = { !$0.isTruthy })
        throws(SentenceEncodingError)
    {
        for key in keys {
            guard let value = value[key], !isHarmless(value) else { continue }
            throw unsupported(key, value.excerpt, "null or absent")
        }
    }
}
