/// Reads one JSON document (RFC 8259), with the numbers that Python adds: `NaN`, `Infinity` and `-Infinity`.
///
/// Foundation's decoder keeps the first of two equal keys, where the reference implementation keeps the last; it takes `1.0`
/// for a whole number; and it does not say where a file is malformed.
struct JSONReader {
    /// Where a document is malformed, both counted from 1.
    struct SyntaxError: Error, Equatable {
        let line: Int
        let column: Int
    }

    /// How deep arrays and objects may nest; files of models need less than ten.
    private static let maxDepth = 100

    private let bytes: [UInt8]
    private var offset = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a document that must be the whole of `bytes`.
    static func read(_ bytes: [UInt8]) throws(SyntaxError) -> JSONValue {
        var reader = JSONReader(bytes)
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            reader.offset = error.byteOffsets.lowerBound
            throw reader.syntaxError
        }
        let value = try reader.readValue()
        reader.skipBlanks()
        guard reader.offset == bytes.count else { throw reader.syntaxError }
        return value
    }

    private var syntaxError: SyntaxError {
        let before = bytes[..<min(offset, bytes.count)]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return SyntaxError(line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: before.count - lineStart + 1)
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func require(_ byte: UInt8) throws(SyntaxError) {
        guard accept(byte) else { throw syntaxError }
    }

    // MARK: - Values

    private mutating func readValue() throws(SyntaxError) -> JSONValue {
        skipBlanks()
        switch next {
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "{"): return try nested { (reader) throws(SyntaxError) in try reader.readObject() }
        case UInt8(ascii: "["): return try nested { (reader) throws(SyntaxError) in try reader.readArray() }
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        case UInt8(ascii: "N"): return try readWord("NaN", .real("nan"))
        case UInt8(ascii: "I"): return try readWord("Infinity", .real("inf"))
        default:
            guard let next, next == UInt8(ascii: "-") || Self.isDigit(next) else { throw syntaxError }
            return try readNumber()
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private mutating func nested(
        _ body: (inout JSONReader) throws(SyntaxError) -> JSONValue
    ) throws(SyntaxError) -> JSONValue {
        guard depth < Self.maxDepth else { throw syntaxError }
        depth += 1
        offset += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func readObject() throws(SyntaxError) -> JSONValue {
        var members: [JSONValue.Member] = []
        guard !accept(UInt8(ascii: "}")) else { return .object(members) }
        repeat {
            skipBlanks()
            let key = try readString()
            try require(UInt8(ascii: ":"))
            members.append(JSONValue.Member(key: key, value: try readValue()))
        } while accept(UInt8(ascii: ","))
        try require(UInt8(ascii: "}"))
        return .object(members)
    }

    private mutating func readArray() throws(SyntaxError) -> JSONValue {
        var elements: [JSONValue] = []
        guard !accept(UInt8(ascii: "]")) else { return .array(elements) }
        repeat { elements.append(try readValue()) } while accept(UInt8(ascii: ","))
        try require(UInt8(ascii: "]"))
        return .array(elements)
    }

    private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(SyntaxError) -> JSONValue {
        for byte in "\(word)".utf8 {
            guard next == byte else { throw syntaxError }
            offset += 1
        }
        return value
    }

    // MARK: - Numbers

    private mutating func readNumber() throws(SyntaxError) -> JSONValue {
        let start = offset
        let isNegative = next == UInt8(ascii: "-")
        if isNegative { offset += 1 }
        if isNegative, next == UInt8(ascii: "I") { return try readWord("Infinity", .real("-inf")) }
        let firstDigit = offset
        try skipDigits()
        guard bytes[firstDigit] != UInt8(ascii: "0") || offset == firstDigit + 1 else {
            offset = firstDigit + 1
            throw syntaxError
        }
        let digitsEnd = offset
        if next == UInt8(ascii: ".") {
            offset += 1
            try skipDigits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        return (offset == digitsEnd ? Int(text).map(JSONValue.integer) : nil) ?? .real(text)
    }

    private mutating func skipDigits() throws(SyntaxError) {
        let start = offset
        while let byte = next, Self.isDigit(byte) { offset += 1 }
        guard offset > start else { throw syntaxError }
    }

    // MARK: - Strings

    private mutating func readString() throws(SyntaxError) -> String {
        guard next == UInt8(ascii: "\"") else { throw syntaxError }
        offset += 1
        var start = offset
        var text = ""
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                text += String(decoding: bytes[start..<offset], as: UTF8.self)
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                text += String(decoding: bytes[start..<offset], as: UTF8.self)
                text.unicodeScalars.append(try readEscape())
                start = offset
            case 0..<0x20: throw syntaxError
            default: offset += 1
            }
        }
        throw syntaxError
    }

    private mutating func readEscape() throws(SyntaxError) -> Unicode.Scalar {
        offset += 1
        guard let byte = next else { throw syntaxError }
        let simple: Unicode.Scalar? =
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): Unicode.Scalar(byte)
            case UInt8(ascii: "b"): "\u{8}"
            case UInt8(ascii: "f"): "\u{C}"
            case UInt8(ascii: "n"): "\n"
            case UInt8(ascii: "r"): "\r"
            case UInt8(ascii: "t"): "\t"
            default: nil
            }
        if let simple {
            offset += 1
            return simple
        }
        guard byte == UInt8(ascii: "u") else { throw syntaxError }
        let unit = try readCodeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // Half of a surrogate pair, which needs its other half.
        guard unit < 0xDC00, next == UInt8(ascii: "\\") else { throw syntaxError }
        offset += 1
        guard next == UInt8(ascii: "u") else { throw syntaxError }
        let other = try readCodeUnit()
        guard (0xDC00...0xDFFF).contains(other),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (other - 0xDC00))
        else { throw syntaxError }
        return scalar
    }

    /// Reads `u` and four hexadecimal digits.
    private mutating func readCodeUnit() throws(SyntaxError) -> UInt32 {
        offset += 1
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw syntaxError }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }
}
