/// A JSON value as Python reads it, which is what the reference implementation does: of equal keys the last one counts.
enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    /// A number that is no `Int`, as it is written.
    case real(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A key with its value, in the order of the file.
    struct Member: Sendable, Equatable {
        let key: String
        let value: JSONValue
    }
}

extension JSONValue {
    /// The value of a key of an object.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    /// The members of an object, each key once, at its first place and with its last value, as in a Python dictionary.
    var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        var places: [[UInt8]: Int] = [:]
        var result: [Member] = []
        result.reserveCapacity(members.count)
        for member in members {
            if let place = places[Array(member.key.utf8)] {
                result[place] = member
            } else {
                places[Array(member.key.utf8)] = result.count
                result.append(member)
            }
        }
        return result
    }

    /// The elements of an array.
    var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The text, if it is one.
    var string: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }

    /// The number, if it is one, rounded once.
    var float: Float? {
        switch self {
        case .integer(let integer): Float(integer)
        case .real(let text): Float(text)
        default: nil
        }
    }

    /// What Python takes for true in a condition.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .real(let text): Double(text) != 0
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// The value for a message, as JSON; long ones are cut.
    var excerpt: String {
        let text = json
        return text.count <= 80 ? text : text.prefix(77) + "..."
    }

    private var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .real(let text): text
        case .string(let text): text.jsonLiteral
        case .array(let elements): "[" + elements.prefix(20).map(\.json).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.prefix(20).map { "\($0.key.jsonLiteral): \($0.value.json)" }.joined(separator: ", ") + "}"
        }
    }
}

extension String {
    /// The text in quotes, with nothing in it that could end a line.
    var jsonLiteral: String {
        var literal = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\t": literal += "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
