import Checksum

/// A SHA-256 as the side tables store it: of a model with its settings, or of the text that a row gives the model.
public struct Fingerprint: Sendable, Hashable {
    /// The digest, 32 bytes; what a table holds may have been put there by somebody else, so the length is not checked.
    public let bytes: [UInt8]

    /// Takes the bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// All digits, hexadecimal.
    public var hexadecimal: String { bytes.hexadecimal }

    /// The first twelve hexadecimal digits, for logs and for names made of it.
    public var abbreviation: String { bytes.prefix(6).hexadecimal }
}

extension Fingerprint: CustomStringConvertible {
    /// The same as ``abbreviation``.
    public var description: String { abbreviation }
}

/// The key of a row in the server's binary form, opaque here: the type is whatever the table uses.
package struct RowKey: Sendable, Hashable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}
