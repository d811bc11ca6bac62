import Checksum
import DatasetTable

/// The keys that a server knows, by their hashes.
///
/// A line of the file is `name:right:sha256`: who has the key, what it opens, and the SHA-256 of the key in hexadecimal. Several are
/// valid at once, so that one can take the place of another; an empty line or one that begins with `#` says nothing.
struct AccessKeys: Sendable {
    /// What a key opens.
    enum Right: String, Sendable, CaseIterable {
        case search
        /// Everything: who may have the table embedded may search it.
        case tasks

        func covers(_ other: Right) -> Bool { self == .tasks || self == other }
    }

    private struct Entry: Sendable {
        let name: String
        let right: Right
        let hash: SHA256Digest
    }

    private let entries: [Entry]

    /// Reads a file of keys, or says which line is none.
    init(_ text: String, path: String) throws {
        entries = try text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
            index, line in
            let line = line.trimmingPrefix { $0.isWhitespace }
            guard !line.allSatisfy(\.isWhitespace), !line.hasPrefix("#") else { return nil }
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, !fields[0].isEmpty, let right = Right(rawValue: String(fields[1])),
                let hash = SHA256Digest(hexadecimal: fields[2].filter { !$0.isWhitespace }.lowercased())
            else {
                throw RunFailure(
                    .configuration,
                    "line \(index + 1) of \(path) is no key; write name:search:SHA256 or name:tasks:SHA256, as catalog-server new-key prints it"
                )
            }
            return Entry(name: String(fields[0]), right: right, hash: hash)
        }
        guard !entries.isEmpty else {
            throw RunFailure(.configuration, "\(path) holds no key; make one with catalog-server new-key")
        }
    }

    /// Whose key it is, if it is one that has the right.
    ///
    /// All entries are compared, and every byte of each, so that the time says nothing.
    func owner(of key: String, right: Right) throws -> String? {
        let hash = try SHA256Hasher.digest(of: key)
        var owner: String?
        for entry in entries where Self.areEqual(entry.hash, hash) && entry.right.covers(right) { owner = entry.name }
        return owner
    }

    private static func areEqual(_ one: SHA256Digest, _ other: SHA256Digest) -> Bool {
        zip(one.bytes, other.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
