/// What a server says, made fit for a log: one line of bounded length, without control characters, without passwords.
///
/// A server can say anything: megabytes, escape sequences for the reader's terminal, the password that it was given.
struct ServerText: Sendable {
    /// The most characters of a message; the longest that PostgreSQL itself writes are a third of it.
    static let maxLength = 1000
    /// The most bytes of a message that are looked at.
    private static let maxByteCount = 1 << 16
    /// Shorter passwords are not looked for: they would be found within ordinary words.
    private static let shortestSecret = 4

    private let secrets: [[UInt8]]

    /// Hides these texts wherever they occur in a message.
    init(hiding secrets: [String]) {
        // The longest first, or one that is part of another would leave the rest of it.
        self.secrets = secrets.map { Array($0.utf8) }.filter { $0.count >= Self.shortestSecret }
            .sorted { $0.count > $1.count }
    }

    /// The message for a log.
    func callAsFunction(_ message: some StringProtocol) -> String {
        let bytes = Array(message.utf8.prefix(Self.maxByteCount))
        // Byte by byte, for a mark put after a password would make another character of its last one.
        let hidden = secrets.reduce(bytes) { $0.replacing($1, with: "…".utf8) }
        let text = String(decoding: hidden, as: UTF8.self).unicodeScalars
        let isWhole = bytes.count == message.utf8.count && text.count <= Self.maxLength
        return String(text.prefix(Self.maxLength)).printable + (isWhole ? "" : "…")
    }

    /// The message at an address, however long it is.
    func callAsFunction(_ message: UnsafePointer<CChar>) -> String {
        var bytes: [UInt8] = []
        var next = unsafe message
        while bytes.count <= Self.maxByteCount, unsafe next.pointee != 0 {
            unsafe bytes.append(UInt8(bitPattern: next.pointee))
            unsafe next += 1
        }
        return self(String(decoding: bytes, as: UTF8.self))
    }
}

extension String {
    /// The text with an escape such as `\u001b` for every character that steers a terminal instead of being shown.
    ///
    /// These are control characters, among them line feeds, and the marks that break lines or turn their direction.
    fileprivate var printable: String {
        guard unicodeScalars.contains(where: \.steersTerminals) else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            guard scalar.steersTerminals else {
                result.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            result.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
        }
        return String(result)
    }
}

extension Unicode.Scalar {
    /// All of these have four hexadecimal digits at most.
    fileprivate var steersTerminals: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        // Of the format characters, those for directions; others, such as joiners, belong to words and emoji.
        case .format: properties.isBidiControl
        default: false
        }
    }
}
