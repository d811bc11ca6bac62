/// The expected digests of the files of a folder, in the format of `sha256sum`.
///
/// Each line is 64 hexadecimal digits, a space, a second space (text mode) or an asterisk (binary mode, the same on
/// Linux), and a path relative to the folder. Lines end with a line feed; after the last one it may be missing.
///
/// The list decides which files are read, so it is read strictly: no comments, no empty lines, no control characters
/// and no backslashes in paths (`sha256sum` escapes those), no absolute paths, no `..`, and no file twice.
public struct ChecksumList: Sendable, Equatable {
    /// One line of the list.
    public struct Entry: Sendable, Equatable {
        /// The digest that the file must have.
        public let digest: SHA256Digest
        /// The file, relative to the folder, as the line spells it.
        public let path: String
    }

    /// What messages call the list: its path, if it was read from a file.
    public let name: String
    /// The lines, in order; never empty.
    public let entries: [Entry]

    /// Parses the text of a list.
    public init(parsing text: String, name: String) throws(ChecksumError) {
        // Bytes, because Swift takes a carriage return and a line feed for one character, which is no line feed.
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else { throw .emptyList(list: name) }

        var entries: [Entry] = []
        var paths: Set<String> = []
        for (number, bytes) in zip(1..., lines) {
            guard let entry = Entry(line: Substring(bytes)) else { throw .malformedLine(list: name, line: number) }
            guard !entry.leavesFolder else {
                throw .pathOutsideFolder(list: name, line: number, path: entry.path)
            }
            guard paths.insert(entry.path).inserted else {
                throw .duplicatePath(list: name, line: number, path: entry.path)
            }
            entries.append(entry)
        }
        self.name = name
        self.entries = entries
    }

    /// Reads a list from a file, usually `SHA256SUMS` beside the files it names.
    public init(contentsOf path: String) throws(ChecksumError) {
        var bytes: [UInt8] = []
        try readFile(at: path) { piece in
            bytes.append(contentsOf: piece.indices.map { piece[$0] })
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .listNotUTF8(list: path) }
        try self.init(parsing: text, name: path)
    }

    /// Finds the digest that a file of the folder must have.
    public func digest(of path: String) -> SHA256Digest? {
        entries.first { $0.path == path }?.digest
    }

    /// Compares files of a folder with the list and throws at the first that is missing or different.
    ///
    /// Symbolic links are followed: model caches consist of them.
    ///
    /// - Parameters:
    ///   - folder: the folder that the list's paths start from.
    ///   - files: which files, as the list spells them; `nil` for all. A file that is not in the list is refused.
    public func verify(folder: String, files: [String]? = nil) throws(ChecksumError) {
        for file in files ?? entries.map(\.path) {
            guard let expected = digest(of: file) else { throw .notListed(list: name, path: file) }
            let path = "\(folder)/\(file)"
            let got = try SHA256Hasher.digest(ofFileAt: path)
            guard got == expected else { throw .mismatch(path: path, expected: expected, got: got) }
        }
    }
}

extension ChecksumList.Entry {
    /// Parses one line without its line feed; `nil`, if it is not in the format.
    fileprivate init?(line: Substring) {
        let digits = line.prefix(2 * SHA256Digest.byteCount)
        let rest = line.dropFirst(digits.count)
        guard let digest = SHA256Digest(hexadecimal: digits), rest.hasPrefix("  ") || rest.hasPrefix(" *") else {
            return nil
        }
        let path = String(rest.dropFirst(2))
        let isPlain = path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }
        guard !path.isEmpty, isPlain else { return nil }
        self.init(digest: digest, path: path)
    }

    fileprivate var leavesFolder: Bool {
        path.utf8.first == UInt8(ascii: "/") || path.split(separator: "/").contains("..")
    }
}
