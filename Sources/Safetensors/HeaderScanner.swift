/// Reads the few JSON constructs that a safetensors header consists of, and refuses everything else.
///
/// A general JSON decoder is the wrong tool here: Foundation's keeps one of two equal keys and takes `1.0` for an
/// integer, so two readers could see two different checkpoints in one file. This one has no recursion, hence no depth
/// to attack: the caller asks for the construct it expects. The bytes must be valid UTF-8.
struct HeaderScanner {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    // MARK: - Structure

    /// Reads an object and calls `member` at each value; a key may occur once.
    ///
    /// Keys are compared as Swift compares strings, so two spellings of one accented name are also duplicates.
    mutating func readObject(
        _ member: (inout HeaderScanner, String) throws(SafetensorsDefect) -> Void
    ) throws(SafetensorsDefect) {
        try require("{")
        guard !accept("}") else { return }
        var keys: Set<String> = []
        repeat {
            skipWhitespace()
            let start = offset
            let key = try readString()
            guard keys.insert(key).inserted else {
                throw .duplicateKey(key, offset: start)
            }
            try require(":")
            try member(&self, key)
        } while accept(",")
        try require("}", or: "','")
    }

    /// Reads an array of integers.
    mutating func readIntegers() throws(SafetensorsDefect) -> [Int] {
        try require("[")
        guard !accept("]") else { return [] }
        var integers: [Int] = []
        repeat {
            integers.append(try readInteger())
        } while accept(",")
        try require("]", or: "','")
        return integers
    }

    /// Refuses anything but padding up to the end.
    mutating func requireEnd() throws(SafetensorsDefect) {
        skipWhitespace()
        guard offset == bytes.count else { throw malformed("the end of the header or a space") }
    }

    // MARK: - Values

    /// Reads an integer from 0 to `Int.max`, in plain digits without sign, fraction, exponent or leading zeros.
    private mutating func readInteger() throws(SafetensorsDefect) -> Int {
        skipWhitespace()
        let start = offset
        while let byte = current, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
            offset += 1
        }
        let digits = bytes[start..<offset]
        let isCanonical = digits.count == 1 || digits.first != UInt8(ascii: "0")
        guard isCanonical, let integer = Int(String(decoding: digits, as: UTF8.self)) else {
            offset = start
            throw malformed("a whole number from 0 to \(Int.max)")
        }
        return integer
    }

    /// Reads a string with JSON's escapes.
    mutating func readString() throws(SafetensorsDefect) -> String {
        try require("\"", or: "a string")
        var content: [UInt8] = []
        while let byte = current, byte >= 0x20 {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                content.append(contentsOf: Character(try readEscape()).utf8)
            default:
                content.append(byte)
            }
        }
        throw malformed("the end of a string")
    }

    /// Reads what follows a backslash.
    private mutating func readEscape() throws(SafetensorsDefect) -> Unicode.Scalar {
        let escape = current.map { Unicode.Scalar($0) }
        offset += 1
        switch escape {
        case "\"", "\\", "/": return escape ?? "/"
        case "b": return "\u{08}"
        case "f": return "\u{0C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": return try readUnicodeEscape()
        default:
            offset -= 1
            throw malformed("an escape character")
        }
    }

    /// Reads the digits of `\uXXXX`; a character beyond the basic plane is two such escapes, a surrogate pair.
    private mutating func readUnicodeEscape() throws(SafetensorsDefect) -> Unicode.Scalar {
        let first = try readHexadecimalUnit()
        if let scalar = Unicode.Scalar(first) {
            return scalar
        }
        guard UTF16.isLeadSurrogate(first), accept("\\", skippingWhitespace: false),
            accept("u", skippingWhitespace: false)
        else { throw malformed("a surrogate pair") }
        let second = try readHexadecimalUnit()
        guard UTF16.isTrailSurrogate(second) else { throw malformed("a surrogate pair") }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    /// Reads exactly four hexadecimal digits.
    private mutating func readHexadecimalUnit() throws(SafetensorsDefect) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = current.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw malformed("a hexadecimal digit")
            }
            unit = unit << 4 | UInt16(digit)
            offset += 1
        }
        return unit
    }

    // MARK: - Bytes

    private var current: UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func skipWhitespace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            offset += 1
        }
    }

    private mutating func accept(_ character: Unicode.Scalar, skippingWhitespace: Bool = true) -> Bool {
        if skippingWhitespace { skipWhitespace() }
        guard current == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func require(
        _ character: Unicode.Scalar, or alternative: String? = nil
    ) throws(SafetensorsDefect) {
        guard !accept(character) else { return }
        throw malformed(alternative.map { "\($0) or '\(character)'" } ?? "'\(character)'")
    }

    private func malformed(_ expected: String) -> SafetensorsDefect {
        .headerMalformed(offset: offset, expected: expected)
    }
}
