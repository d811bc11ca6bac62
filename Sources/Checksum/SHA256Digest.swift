/// A SHA-256 digest: 32 bytes that stand for a text or a file.
public struct SHA256Digest: Sendable, Hashable {
    /// The size of every digest.
    public static let byteCount = 32

    /// The digest, 32 bytes.
    public let bytes: [UInt8]

    /// Takes the result of the hash function.
    init(bytes: [UInt8]) {
        precondition(bytes.count == Self.byteCount, "A SHA-256 digest has 32 bytes, not \(bytes.count).")
        self.bytes = bytes
    }

    /// Decodes 64 hexadecimal digits in either case; `nil` for anything else.
    public init?(hexadecimal: some StringProtocol) {
        let digits = hexadecimal.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 2 * Self.byteCount, hexadecimal.utf8.count == digits.count else { return nil }
        bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// The digest as 64 hexadecimal digits in lower case, as `sha256sum` prints it.
    public var hexadecimal: String { bytes.hexadecimal }
}

extension Sequence<UInt8> {
    /// Two hexadecimal digits a byte, in lower case.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

extension SHA256Digest: CustomStringConvertible {
    /// The same as ``hexadecimal``.
    public var description: String {
        hexadecimal
    }
}
