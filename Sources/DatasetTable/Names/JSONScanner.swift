/// Reads JSON (RFC 8259) from the bytes of one line.
///
/// A reader of its own, because Foundation's takes the first of several members with one name, refuses halves of surrogate
/// pairs, which Python and JavaScript write when they cut a text, and has no number beyond 64 bits.
struct JSONScanner {
    /// A string.
    struct Text: Equatable {
        /// What it says, with U+FFFD for each half of a surrogate pair.
        var text: String
        /// How it is written, with its quotes.
        let source: String
        var replacedHalves: Int
    }

    /// A value; of what is not needed only its type is kept.
    enum Value: Equatable {
        case string(Text)
        /// The digits as they are written.
        case wholeNumber(String)
        case null
        case other
    }

    private static let maxDepth = 512
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// Takes the bytes of a line, which may begin with a byte order mark.
    init(_ bytes: ArraySlice<UInt8>) throws(TextRecordError) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        self.bytes = bytes
        position = bytes.startIndex + (bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
    }

    /// Reads the one object of the line, whose members the closure takes one by one.
    mutating func object(
        _ member: (inout JSONScanner, String) throws(TextRecordError) -> Void
    ) throws(TextRecordError) {
        skipBlanks()
        guard peek == UInt8(ascii: "{") else {
            _ = try skip()
            try end()
            throw .notObject
        }
        try members(member)
        try end()
    }

    private mutating func members(
        _ member: (inout JSONScanner, String) throws(TextRecordError) -> Void
    ) throws(TextRecordError) {
        try expect("{")
        skipBlanks()
        if take("}") { return }
        repeat {
            skipBlanks()
            let name = try string().text
            skipBlanks()
            try expect(":")
            try member(&self, name)
            skipBlanks()
        } while take(",")
        try expect("}")
    }

    private mutating func end() throws(TextRecordError) {
        skipBlanks()
        guard position == bytes.endIndex else { throw .notJSON }
    }

    /// Reads the value of a member.
    mutating func value() throws(TextRecordError) -> Value {
        try value(depth: 0)
    }

    /// Reads over the value of a member.
    mutating func skip() throws(TextRecordError) -> Value? {
        _ = try value(depth: 0)
        return nil
    }

    private mutating func value(depth: Int) throws(TextRecordError) -> Value {
        guard depth < Self.maxDepth else { throw .tooDeep }
        skipBlanks()
        switch peek {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"):
            try members { scanner, _ throws(TextRecordError) in _ = try scanner.value(depth: depth + 1) }
            return .other
        case UInt8(ascii: "["):
            try elements(depth: depth)
            return .other
        case UInt8(ascii: "t"):
            try expect("true")
            return .other
        case UInt8(ascii: "f"):
            try expect("false")
            return .other
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default: return try number()
        }
    }

    private mutating func elements(depth: Int) throws(TextRecordError) {
        try expect("[")
        skipBlanks()
        if take("]") { return }
        repeat {
            _ = try value(depth: depth + 1)
            skipBlanks()
        } while take(",")
        try expect("]")
    }

    private mutating func number() throws(TextRecordError) -> Value {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        var isWhole = true
        if take(".") {
            isWhole = false
            try digits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        return isWhole ? .wholeNumber(String(decoding: bytes[start..<position], as: UTF8.self)) : .other
    }

    private mutating func digits() throws(TextRecordError) {
        let start = position
        while let byte = peek, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw .notJSON }
    }

    private var peek: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ text: String) throws(TextRecordError) {
        guard bytes[position...].starts(with: text.utf8) else { throw .notJSON }
        position += text.utf8.count
    }
}

// MARK: - Strings

extension JSONScanner {
    private mutating func string() throws(TextRecordError) -> Text {
        let start = position
        try expect("\"")
        var decoded: [UInt8] = []
        var replacedHalves = 0
        var plainStart = position
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw .notJSON }
            guard byte == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            decoded += bytes[plainStart..<position]
            position += 1
            let scalar = try escape()
            if scalar == nil { replacedHalves += 1 }
            decoded += Array(String(scalar ?? "\u{FFFD}").utf8)
            plainStart = position
        }
        decoded += bytes[plainStart..<position]
        try expect("\"")
        return Text(
            text: String(decoding: decoded, as: UTF8.self),
            source: String(decoding: bytes[start..<position], as: UTF8.self), replacedHalves: replacedHalves)
    }

    /// The character that is written after a backslash; nil for half of a surrogate pair.
    private mutating func escape() throws(TextRecordError) -> Unicode.Scalar? {
        guard let byte = peek else { throw .notJSON }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw .notJSON
        }
        let unit = try codeUnit()
        guard UTF16.isLeadSurrogate(unit), bytes[position...].starts(with: "\\u".utf8) else {
            return Unicode.Scalar(unit)
        }
        let next = position
        position += 2
        let trail = try codeUnit()
        guard UTF16.isTrailSurrogate(trail) else {
            position = next
            return nil
        }
        return Unicode.Scalar(0x10000 + ((UInt32(unit) & 0x3FF) << 10) + (UInt32(trail) & 0x3FF))
    }

    private mutating func codeUnit() throws(TextRecordError) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .notJSON }
        position += 4
        return unit
    }
}
