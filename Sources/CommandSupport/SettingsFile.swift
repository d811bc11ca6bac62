import SystemPackage

/// A file of settings that lies in the working directory without having been named by the user.
enum SettingsFile {
    /// Whether there is such a file; throws if there is one that cannot be read.
    ///
    /// One that is out of sight, in a folder that this user may not enter or that is gone, is none. A pipe is not read: it
    /// may never end.
    static func isReadable(_ path: FilePath) throws -> Bool {
        guard let status = try? Stat(path) else { return false }
        switch status.type {
        case .regular: break
        case .directory: throw Errno.isDirectory
        default: throw Errno.invalidArgument
        }
        try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]).close()
        return true
    }
}
