/// The items of a JSON array as they were sent, so that each can be decoded by itself and a bad one costs only itself.
///
/// One pass over the bytes finds where values begin and end. What stands within an item is left to its decoder, apart
/// from strings and brackets, without which no end can be found.
package struct JSONItems {
    /// The bytes of every item, without blanks around them.
    package private(set) var items: [ArraySlice<UInt8>] = []
    /// The bytes of the other members, if the array is a member of an object.
    package private(set) var members: [String: ArraySlice<UInt8>] = [:]

    /// Splits a body that is an array, or an object one of whose members is the array.
    ///
    /// - Parameters:
    ///   - body: The body; a byte order mark before it is allowed.
    ///   - member: The name of that member; `nil` if the array must be the body itself.
    package init(_ body: [UInt8], member: String? = nil) throws(SourceBodyError) {
        var scanner = JSONScanner(body)
        if let array = try scanner.arrayOfBody() {
            items = array
            return
        }
        members = try JSONScanner.members(of: body)
        if let refusal = SourceBodyError(refusing: members) { throw refusal }
        guard let member, let value = members.removeValue(forKey: member) else {
            throw .unexpectedShape
        }
        var memberScanner = JSONScanner(value)
        guard let array = try memberScanner.arrayOfBody() else { throw .unexpectedShape }
        items = array
    }
}

/// Finds the ends of JSON values.
struct JSONScanner {
    private let bytes: ArraySlice<UInt8>
    private var offset: Int

    /// Reads a body, behind its byte order mark if it has one.
    init(_ body: [UInt8]) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        self.init(body.starts(with: mark) ? body.dropFirst(mark.count) : body[...])
    }

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        offset = bytes.startIndex
    }

    // MARK: - Bodies

    /// The items of a body that is an array and nothing else; `nil` if it is another value.
    mutating func arrayOfBody() throws(SourceBodyError) -> [ArraySlice<UInt8>]? {
        skipWhitespace()
        guard current == .openingBracket else { return nil }
        var items: [ArraySlice<UInt8>] = []
        try readElements(until: .closingBracket) { scanner throws(SourceBodyError) in
            items.append(try scanner.readValue())
        }
        return items
    }

    /// The members of a body that is an object and nothing else; the last of two with one name counts.
    static func members(of body: [UInt8]) throws(SourceBodyError) -> [String: ArraySlice<UInt8>] {
        var scanner = JSONScanner(body)
        scanner.skipWhitespace()
        guard scanner.current == .openingBrace else { throw .notJSON }
        var members: [String: ArraySlice<UInt8>] = [:]
        try scanner.readElements(until: .closingBrace) { scanner throws(SourceBodyError) in
            guard scanner.current == .quote else { throw .notJSON }
            // A name with escapes is none of those that are looked for.
            let start = scanner.offset
            try scanner.skipString()
            let name = String(decoding: scanner.bytes[(start + 1)..<(scanner.offset - 1)], as: UTF8.self)
            scanner.skipWhitespace()
            guard scanner.current == UInt8(ascii: ":") else { throw .notJSON }
            scanner.offset += 1
            scanner.skipWhitespace()
            members[name] = try scanner.readValue()
        }
        return members
    }

    /// Reads from an opening bracket to the closing one, which must be the last of the bytes.
    private mutating func readElements(
        until end: UInt8, _ element: (inout JSONScanner) throws(SourceBodyError) -> Void
    ) throws(SourceBodyError) {
        offset += 1
        skipWhitespace()
        if current == end {
            offset += 1
        } else {
            var isComplete = false
            while !isComplete {
                try element(&self)
                guard current == .comma || current == end else { throw .notJSON }
                isComplete = current == end
                offset += 1
                skipWhitespace()
            }
        }
        skipWhitespace()
        guard offset == bytes.endIndex else { throw .notJSON }
    }

    // MARK: - Values

    /// Reads up to the comma or bracket that follows a value, and gives the value without blanks behind it.
    private mutating func readValue() throws(SourceBodyError) -> ArraySlice<UInt8> {
        let start = offset
        var end = offset
        var openings: [UInt8] = []
        while let byte = current {
            switch byte {
            case .quote:
                try skipString()
                end = offset
                continue
            case .openingBracket, .openingBrace:
                openings.append(byte)
            case .comma where openings.isEmpty:
                return try value(start..<end)
            case .closingBracket, .closingBrace:
                guard let opening = openings.popLast() else { return try value(start..<end) }
                // In ASCII a closing bracket comes two behind its opening one.
                guard byte == opening + 2 else { throw .notJSON }
            default: break
            }
            offset += 1
            end = Self.isWhitespace(byte) ? end : offset
        }
        throw .notJSON
    }

    private func value(_ range: Range<Int>) throws(SourceBodyError) -> ArraySlice<UInt8> {
        guard !range.isEmpty else { throw .notJSON }
        return bytes[range]
    }

    /// Skips a string from its first quote to behind its last one.
    private mutating func skipString() throws(SourceBodyError) {
        offset += 1
        while let byte = current {
            offset += byte == .backslash ? 2 : 1
            if byte == .quote { return }
        }
        throw .notJSON
    }

    // MARK: - Bytes

    private var current: UInt8? {
        offset < bytes.endIndex ? bytes[offset] : nil
    }

    private mutating func skipWhitespace() {
        while let byte = current, Self.isWhitespace(byte) {
            offset += 1
        }
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        TextCleaning.isWhitespace(byte)
    }
}

extension UInt8 {
    static let backslash = UInt8(ascii: "\\")
    static let quote = UInt8(ascii: "\"")
    fileprivate static let comma = UInt8(ascii: ",")
    fileprivate static let openingBracket = UInt8(ascii: "[")
    fileprivate static let closingBracket = UInt8(ascii: "]")
    fileprivate static let openingBrace = UInt8(ascii: "{")
    fileprivate static let closingBrace = UInt8(ascii: "}")
}
