import FoundationEssentials
import SystemPackage

/// The file from which Kubernetes reads why a container ended, at most 4,096 bytes.
enum TerminationLog {
    private static let path: FilePath = "/dev/termination-log"

    /// Writes the report where the file exists; whatever goes wrong is ignored.
    static func write(_ line: String) {
        guard FileManager.default.fileExists(atPath: path.string) else { return }
        guard let file = try? FileDescriptor.open(path, .writeOnly, options: [.truncate]) else { return }
        _ = try? file.closeAfter { try file.writeAll((line + "\n").utf8.prefix(4095)) }
    }
}
