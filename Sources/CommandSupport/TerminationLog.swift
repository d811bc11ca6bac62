import SystemPackage

/// The file from which Kubernetes reads why a container ended, at most 4,096 bytes.
public enum TerminationLog {
    private static let path: FilePath = "/dev/termination-log"

    /// Writes the report where the file exists; whatever goes wrong is ignored.
    ///
    /// Only a file is written to: a link is not followed, and a pipe that nobody reads is not waited for.
    public static func write(_ line: String) {
        guard
            let file = try? FileDescriptor.open(path, .writeOnly, options: [.noFollow, .nonBlocking, .closeOnExec])
        else { return }
        _ = try? file.closeAfter {
            guard try Stat(file).type == .regular else { return }
            try file.resize(to: 0)
            try file.writeAll((line + "\n").utf8.prefix(4095))
        }
    }
}
