import SystemPackage

/// A file of settings that lies in the working directory without having been named by the user.
enum SettingsFile {
    /// Where it lies.
    static let path: FilePath = ".env"

    /// The text of the file, `nil` if there is none; throws if there is one that cannot be read as UTF-8.
    ///
    /// One that is out of sight, in a folder that this user may not enter or that is gone, is none. A pipe is not read: it
    /// may never end.
    static func text(of path: FilePath) throws -> String? {
        guard let status = try? Stat(path) else { return nil }
        switch status.type {
        case .regular: break
        case .directory: throw Errno.isDirectory
        default: throw Errno.invalidArgument
        }
        let descriptor = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
        let bytes = try descriptor.closeAfter {
            var bytes: [UInt8] = []
            while case let chunk = try FileSystem.read(from: descriptor, atMost: 1 << 16), !chunk.isEmpty {
                bytes += chunk
            }
            return bytes
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Errno.illegalByteSequence }
        return text
    }
}
