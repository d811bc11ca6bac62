import SystemPackage

/// The command line as the process got it.
public enum CommandLineText {
    /// Whether all of it is UTF-8; what is not was replaced by U+FFFD before anybody could read it.
    public static var isUTF8: Bool {
        guard let file = try? FileDescriptor.open(FilePath("/proc/self/cmdline"), .readOnly) else { return true }
        defer { try? file.close() }
        var bytes: [UInt8] = []
        while let more = try? FileSystem.read(from: file, atMost: 1 << 16), !more.isEmpty { bytes += more }
        return String(validating: bytes, as: UTF8.self) != nil
    }
}
