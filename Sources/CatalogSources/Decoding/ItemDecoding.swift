import FoundationEssentials

/// Decodes single items, whose texts may be damaged.
enum ItemDecoding {
    /// The most bytes of an item.
    static let maximumByteCount = 2 << 20

    /// Decodes an item's bytes as the form of one source; `nil` if they are not of this form, or too many.
    ///
    /// A `LenientObject` in it then leaves out dates later than a day from `now`.
    static func decode<Item: Decodable>(_ type: Item.Type, from bytes: ArraySlice<UInt8>, now: Date) -> Item? {
        guard bytes.count <= maximumByteCount else { return nil }
        // Bytes that are no UTF-8 become U+FFFD: a strange character must not cost an item.
        let text = String(decoding: replacingLoneSurrogates(bytes), as: UTF8.self)
        let decoder = JSONDecoder()
        if let key = CodingUserInfoKey.latestDate { decoder.userInfo[key] = now + 86_400 }
        return try? decoder.decode(type, from: Data(text.utf8))
    }

    /// The bytes with `\ufffd` for each `\u` escape that is half of a surrogate pair.
    ///
    /// Texts cut at 16-bit units have them, JSON allows them, and `JSONDecoder` refuses them.
    static func replacingLoneSurrogates(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var replaced = Array(bytes)
        var offset = 0
        while offset < replaced.count {
            guard replaced[offset] == .backslash else {
                offset += 1
                continue
            }
            guard let unit = escapedUnit(replaced, at: offset) else {
                offset += 2
                continue
            }
            let trail = escapedUnit(replaced, at: offset + 6)
            if UTF16.isLeadSurrogate(unit), let trail, UTF16.isTrailSurrogate(trail) {
                offset += 12
                continue
            }
            if UTF16.isSurrogate(unit) {
                replaced.replaceSubrange((offset + 2)..<(offset + 6), with: "fffd".utf8)
            }
            offset += 6
        }
        return replaced
    }

    /// The unit that `\uXXXX` at an offset means.
    private static func escapedUnit(_ bytes: [UInt8], at offset: Int) -> UInt16? {
        guard offset + 6 <= bytes.count, bytes[offset] == .backslash, bytes[offset + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt16 = 0
        for byte in bytes[(offset + 2)..<(offset + 6)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
