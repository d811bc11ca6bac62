/// The first stage: clean-up, spaces around Chinese characters, removal of accents, lower case, in this order.
///
/// It takes one code point at a time, so that reading can stop behind any word.
struct BERTNormalizer: Sendable {
    let lowercases: Bool
    let stripsAccents: Bool
    let handlesChineseCharacters: Bool

    /// What becomes of an ASCII character.
    enum ASCIICharacter {
        case control, whitespace, punctuation, letterOrDigit
    }

    /// Classifies an ASCII character; `letterOrDigit` may still need `lowercase`.
    @inline(__always)
    static func classify(ascii byte: UInt8) -> ASCIICharacter {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            .letterOrDigit
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): .whitespace
        case 0..<0x20, 0x7F: .control
        default: .punctuation
        }
    }

    /// The lower-case form of an ASCII letter or digit.
    @inline(__always)
    func lowercase(ascii byte: UInt8) -> UInt8 {
        lowercases && byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// Puts what becomes of a code point beyond ASCII at the end of `scalars`.
    func normalize(_ codePoint: UInt32, into scalars: inout NormalizedScalars) {
        let category = UnicodeProperties.category(of: codePoint)
        if category == .control { return }
        if category == .whitespace {
            return scalars.append(starter: Self.space)
        }
        let standsAlone = handlesChineseCharacters && Self.isChinese(codePoint)
        if standsAlone {
            scalars.append(starter: Self.space)
        }
        if stripsAccents {
            UnicodeProperties.decompose(codePoint) { part in
                stripAccent(part, into: &scalars)
            }
        } else {
            convertCase(codePoint, combiningClass: 0, into: &scalars)
        }
        if standsAlone {
            scalars.append(starter: Self.space)
        }
    }
}

// MARK: - Whole texts

extension BERTNormalizer {
    /// What becomes of a code point of any kind, at the end of `scalars`.
    func normalize(any codePoint: UInt32, into scalars: inout NormalizedScalars) {
        guard let byte = UInt8(exactly: codePoint), byte < 0x80 else {
            return normalize(codePoint, into: &scalars)
        }
        switch Self.classify(ascii: byte) {
        case .control: break
        case .whitespace: scalars.append(starter: Self.space)
        case .punctuation, .letterOrDigit: scalars.append(starter: UInt32(lowercase(ascii: byte)))
        }
    }

    /// The code points of a normalized text.
    func normalize(_ text: String) -> [UInt32] {
        var scalars = NormalizedScalars(maxWordLength: text.unicodeScalars.count * 4)
        for scalar in text.unicodeScalars { normalize(any: scalar.value, into: &scalars) }
        scalars.endSequence()
        return (0..<scalars.readyCount).map(scalars.ready(at:))
    }
}

// MARK: - Stages

extension BERTNormalizer {
    private static let space = UInt32(UInt8(ascii: " "))

    /// Whether BERT takes a character for a word of its own.
    ///
    /// The reference's ranges, which leave out U+2B820...U+2B91F of extension E and all later extensions.
    private static func isChinese(_ codePoint: UInt32) -> Bool {
        switch codePoint {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
            0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default:
            false
        }
    }

    /// Drops nonspacing marks.
    ///
    /// One that has combining class 0 still keeps the marks around it from trading places.
    private func stripAccent(_ codePoint: UInt32, into scalars: inout NormalizedScalars) {
        let combiningClass = UnicodeProperties.combiningClass(of: codePoint)
        guard UnicodeProperties.category(of: codePoint) == .nonspacingMark else {
            return convertCase(codePoint, combiningClass: combiningClass, into: &scalars)
        }
        if combiningClass == 0 {
            scalars.endSequence()
        }
    }

    private func convertCase(_ codePoint: UInt32, combiningClass: UInt8, into scalars: inout NormalizedScalars) {
        guard lowercases else {
            return scalars.append(codePoint, combiningClass: combiningClass)
        }
        UnicodeProperties.lowercase(codePoint) { scalars.append($0, combiningClass: combiningClass) }
    }
}
