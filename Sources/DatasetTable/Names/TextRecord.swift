/// One text of a file of JSON lines: `{"text":…}` or `{"title":…,"description":…}`, with or without an `id`.
///
/// Of several members with one name the last counts, as for Python's `json` and PostgreSQL's `jsonb`.
package struct TextRecord: Equatable, Sendable {
    /// The `id` as JSON, a string or a whole number of any size, exactly as it came.
    package let id: String?
    /// The text, or what ``InputTemplate`` makes of title and description, which may be empty; nil if the record has none
    /// of the three.
    package let text: String?
    /// How many halves of surrogate pairs stood in these texts; each became U+FFFD.
    package let replacedHalves: Int

    /// Reads a record.
    package init(json: ArraySlice<UInt8>) throws(TextRecordError) {
        var scanner = try JSONScanner(json)
        var members: [String: JSONScanner.Value] = [:]
        try scanner.object { scanner, name throws(TextRecordError) in
            // What means nothing here is read over, not kept.
            members[name] =
                switch name {
                case "id", "text", "title", "description": try scanner.value()
                default: try scanner.skip()
                }
        }
        id = try Self.identifier(members["id"])
        let text = try Self.text(members, "text")
        let title = try Self.text(members, "title")
        let description = try Self.text(members, "description")
        if let text {
            (self.text, replacedHalves) = (text.text, text.replacedHalves)
        } else {
            replacedHalves = (title?.replacedHalves ?? 0) + (description?.replacedHalves ?? 0)
            self.text =
                title == nil && description == nil
                ? nil : InputTemplate.text(title: title?.text, description: description?.text) ?? ""
        }
    }

    private static func identifier(_ value: JSONScanner.Value?) throws(TextRecordError) -> String? {
        switch value {
        case nil, .null: nil
        case .string(let string): string.source
        case .wholeNumber(let digits): digits
        default: throw .wrongType(member: "id", expected: "a string or a whole number")
        }
    }

    private static func text(
        _ members: [String: JSONScanner.Value], _ name: String
    ) throws(TextRecordError) -> JSONScanner.Text? {
        switch members[name] {
        case nil, .null: nil
        case .string(let string): string
        default: throw .wrongType(member: name, expected: "a string")
        }
    }
}

/// What is wrong with a line that should be a record.
package enum TextRecordError: Error, Equatable, CustomStringConvertible {
    /// The bytes are not UTF-8.
    case notUTF8
    /// The text is not JSON.
    case notJSON
    /// It is JSON, but no object.
    case notObject
    /// Arrays and objects in each other beyond any use.
    case tooDeep
    /// A member has a value of the wrong type.
    case wrongType(member: String, expected: String)

    /// The fault in words.
    package var description: String {
        switch self {
        case .notUTF8: "it is not valid JSON: its bytes are not UTF-8"
        case .notJSON: "it is not valid JSON"
        case .notObject: "it is not a JSON object"
        case .tooDeep: "it is not valid JSON of a sensible depth"
        case .wrongType(let member, let expected): "\(member) is not \(expected)"
        }
    }
}
