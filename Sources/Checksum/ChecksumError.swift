/// Every refusal of the module; `path` is the file as the caller named it, `list` the list of checksums.
public enum ChecksumError: Error, Sendable, Equatable {
    /// libcrypto has no SHA-256.
    case hashUnavailable
    /// There is no file at the path.
    case fileNotFound(path: String)
    /// The path names a directory, a pipe, a device or a socket.
    case notRegularFile(path: String)
    /// A file that is to be read whole is larger than such files are.
    case tooLarge(path: String, byteCount: Int, limit: Int)
    /// The operating system refused a call.
    case systemCallFailed(path: String, call: String, reason: String)
    /// The list is not UTF-8 text.
    case listNotUTF8(list: String)
    /// The list names no file, so that a comparison with it would prove nothing.
    case emptyList(list: String)
    /// A line is not a digest, a space, a space or an asterisk, and a path.
    case malformedLine(list: String, line: Int)
    /// A line's path is absolute or leads upwards, out of the folder that the list is about.
    case pathOutsideFolder(list: String, line: Int, path: String)
    /// A line names a file that an earlier line names.
    case duplicatePath(list: String, line: Int, path: String)
    /// A file is to be verified that the list does not name.
    case notListed(list: String, path: String)
    /// A file has another content than the list says.
    case mismatch(path: String, expected: SHA256Digest, got: SHA256Digest)
}

extension ChecksumError: CustomStringConvertible {
    /// What happened, to which file, and what to do about it.
    public var description: String {
        switch self {
        case .hashUnavailable:
            "libcrypto offers no SHA-256; check openssl.cnf and the variable OPENSSL_CONF for disabled providers"
        case .fileNotFound(let path):
            "there is no file '\(path)'; put it there, or correct the path"
        case .notRegularFile(let path):
            "'\(path)' is not a regular file and has no checksum; correct the path"
        case .tooLarge(let path, let byteCount, let limit):
            "'\(path)' has \(byteCount) bytes, and no more than \(limit) are read; correct the path, or get the file again"
        case .systemCallFailed(let path, let call, let reason):
            "'\(path)' cannot be read: \(call): \(reason)"
        case .listNotUTF8(let list):
            "the list of checksums '\(list)' is not UTF-8 text; write it again with sha256sum"
        case .emptyList(let list):
            "the list of checksums '\(list)' names no file; write it again with sha256sum"
        case .malformedLine(let list, let line):
            "line \(line) of '\(list)' is not a checksum and a file as sha256sum writes them; correct the line"
        case .pathOutsideFolder(let list, let line, let path):
            "line \(line) of '\(list)' names '\(path)', which is outside the folder; use paths inside it, without '..'"
        case .duplicatePath(let list, let line, let path):
            "line \(line) of '\(list)' names '\(path)' a second time; remove one of the lines"
        case .notListed(let list, let path):
            "the list of checksums '\(list)' does not name '\(path)'; add its line with sha256sum"
        case .mismatch(let path, let expected, let got):
            "the SHA-256 of '\(path)' is \(got), and \(expected) is expected; get the file again from where it comes"
        }
    }
}
