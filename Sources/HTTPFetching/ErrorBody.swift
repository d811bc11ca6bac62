internal import FoundationEssentials

/// An object of JSON that says that something went wrong, in one of the shapes that sources use:
/// `{"code": 429, "message": …}`, `{"error": {"code": …, "message": …, "status": …}}`, `{"error": text or list}` and
/// `{"errors": [{"message": …}]}`.
package struct ErrorBody: Sendable, Equatable {
    /// The status that the object names, `nil` if it names none.
    package let status: Int?
    /// A code in words, such as `RESOURCE_EXHAUSTED`, or the number.
    package let code: String?
    /// What it says, in lower case, to look for words in; never to be shown, since it may repeat what was sent.
    package let message: String

    /// Reads a body; `nil` if it is no such object.
    package init?(_ body: [UInt8]) {
        guard body.first(where: { !isJSONBlank($0) }) == UInt8(ascii: "{"),
            let fields = try? JSONDecoder().decode(Fields.self, from: Data(body)),
            let detail = fields.detail
        else { return nil }
        let number = detail.number
        status = number ?? detail.words.flatMap { Self.statuses[$0] }
        code = detail.words ?? number.map(String.init)
        message = detail.message.lowercased()
    }

    static let statuses = [
        "INVALID_ARGUMENT": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "NOT_FOUND": 404,
        "DEADLINE_EXCEEDED": 504, "RESOURCE_EXHAUSTED": 429, "INTERNAL": 500, "UNAVAILABLE": 503,
    ]

    /// A code of few letters, digits, dots, underscores and hyphens; `nil` for anything else a server may write.
    package static func code(_ text: String?) -> String? {
        guard let text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ isLetterOrDigit($0) || "._-".utf8.contains($0) })
        else { return nil }
        return text
    }
}

/// What is common to all shapes once they are read.
private struct Detail {
    var number: Int?
    var words: String?
    var message: String
}

private struct Fields: Decodable {
    let detail: Detail?

    private enum Key: String, CodingKey { case code, message, status, error, errors }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        if let inner = try? fields.decode(Inner.self, forKey: .error), inner.isError {
            detail = Detail(number: inner.number, words: inner.words, message: inner.message)
        } else if let text = try? fields.decode(String.self, forKey: .error), !text.isEmpty {
            detail = Detail(number: fields.number(.code), message: text)
        } else if let texts = try? fields.decode([String].self, forKey: .error), !texts.isEmpty {
            detail = Detail(number: fields.number(.code), message: texts.joined(separator: " "))
        } else if let errors = try? fields.decode([Inner].self, forKey: .errors), let first = errors.first {
            let message = errors.map(\.message).joined(separator: " ")
            detail = Detail(number: first.number, words: first.words, message: message)
        } else if let number = fields.number(.code), number >= 400 {
            detail = Detail(number: number, message: (try? fields.decode(String.self, forKey: .message)) ?? "")
        } else {
            detail = nil
        }
    }

    private struct Inner: Decodable {
        let number: Int?
        let words: String?
        let message: String

        /// Whether it says anything at all.
        var isError: Bool { number != nil || words != nil || !message.isEmpty }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            number = fields.number(.code)
            let word = (try? fields.decode(String.self, forKey: .code)).flatMap { Int($0) == nil ? $0 : nil }
            words = ErrorBody.code((try? fields.decode(String.self, forKey: .status)) ?? word)
            message = (try? fields.decode(String.self, forKey: .message)) ?? ""
        }
    }
}

extension KeyedDecodingContainer {
    /// A status of HTTP that is an error, written as a number or as text.
    fileprivate func number(_ key: Key) -> Int? {
        let number = (try? decode(Int.self, forKey: key)) ?? (try? decode(String.self, forKey: key)).flatMap { Int($0) }
        return number.flatMap { (400...599).contains($0) ? $0 : nil }
    }
}

/// Whether JSON allows the byte between its parts.
func isJSONBlank(_ byte: UInt8) -> Bool {
    [0x20, 0x09, 0x0A, 0x0D].contains(byte)
}
