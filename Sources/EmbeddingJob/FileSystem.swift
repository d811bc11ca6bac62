import FoundationEssentials
import SystemPackage

/// The two operations on whole files that the output needs.
enum FileSystem {
    /// Moves a file, replacing what is there.
    static func move(_ source: FilePath, to destination: FilePath) throws {
        remove(destination)
        try FileManager.default.moveItem(atPath: source.string, toPath: destination.string)
    }

    /// Removes a file if it is there.
    static func remove(_ path: FilePath) {
        try? FileManager.default.removeItem(atPath: path.string)
    }
}
