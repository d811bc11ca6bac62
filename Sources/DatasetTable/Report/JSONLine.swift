import FoundationEssentials

/// One line of JSON for programs: keys in a fixed order, `null` for what is not known, no line feed.
package enum JSONLine {
    /// An object of values that are JSON already.
    package static func object(_ fields: [(key: String, value: String)]) -> String {
        "{" + fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    /// A number.
    package static func number<Value: Numeric & CustomStringConvertible>(_ value: Value?) -> String {
        value?.description ?? "null"
    }

    /// A string, quoted.
    package static func text(_ value: String?) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let value, let data = try? encoder.encode(value) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }
}
