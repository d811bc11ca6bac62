internal import FoundationEssentials

/// One text of a file of JSON lines: `{"text":…}` or `{"title":…,"description":…}`, with or without an `id`.
package struct TextRecord: Decodable, Sendable {
    /// The `id` as JSON, a whole number or a string, given back as it came.
    package let id: String?
    /// The text, or what ``InputTemplate`` makes of title and description, which may be empty; nil if the record has none
    /// of the three.
    package let text: String?

    /// Reads a record.
    package init(from decoder: any Decoder) throws {
        let fields = try Fields(from: decoder)
        id = fields.id?.json
        guard fields.text != nil || fields.title != nil || fields.description != nil else {
            text = nil
            return
        }
        text = fields.text ?? InputTemplate.text(title: fields.title, description: fields.description) ?? ""
    }

    private struct Fields: Decodable {
        let id: Identifier?
        let text: String?
        let title: String?
        let description: String?
    }
}

private enum Identifier: Decodable {
    case number(Int64)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    var json: String {
        switch self {
        case .number(let number): String(number)
        case .text(let text): String(decoding: (try? JSONEncoder().encode(text)) ?? Data("null".utf8), as: UTF8.self)
        }
    }
}
