/// Checks what datasets are called before it becomes part of an address.
enum DatasetReference {
    /// The most Unicode scalars of a reference.
    static let maximumLength = 200

    /// Whether it can be the id of a dataset of Hugging Face: `name` or `owner/name`.
    static func isHuggingFace(_ reference: String) -> Bool {
        let parts = reference.split(separator: "/", omittingEmptySubsequences: false)
        return hasSafeParts(reference, parts) && parts.count <= 2
            && reference.unicodeScalars.allSatisfy { !isInvisible($0) }
    }

    /// Whether it can be the reference of a dataset of Kaggle: `owner/slug`, of ASCII letters, digits, `-`, `_`, `.`.
    static func isKaggle(_ reference: String) -> Bool {
        let parts = reference.split(separator: "/", omittingEmptySubsequences: false)
        return hasSafeParts(reference, parts) && parts.count == 2
            && reference.utf8.allSatisfy { isUnreserved($0) && $0 != UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }
    }

    /// The reference as part of an address: UTF-8 with all but letters, digits, `-._~` and `/` percent-encoded.
    static func percentEncoded(_ reference: String) -> String {
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in reference.utf8 {
            if isUnreserved(byte) || byte == UInt8(ascii: "/") {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    // MARK: - Characters

    /// Whether no part is empty or a step between folders, and the whole is not too long.
    private static func hasSafeParts(_ reference: String, _ parts: [Substring]) -> Bool {
        reference.unicodeScalars.count <= maximumLength && parts.allSatisfy { !$0.isEmpty && $0 != "." }
            && !reference.utf8.indices.contains { reference.utf8[$0...].starts(with: "..".utf8) }
    }

    /// Whether a scalar is a blank, a control or a format character.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: true
        default: false
        }
    }

    /// Whether a byte is a letter, a digit or one of `-._~`, which mean themselves wherever they stand in an address.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
