import Dispatch
public import FoundationEssentials
import Glibc
public import SystemPackage

/// What reading and writing whole files needs beyond `SystemPackage`.
public enum FileSystem {
    /// Reads to the end of a file or a pipe; Foundation refuses everything but regular files.
    public static func contents(of descriptor: FileDescriptor) async throws -> Data {
        var contents = Data()
        while true {
            let chunk = try await nextChunk(of: descriptor)
            guard !chunk.isEmpty else { return contents }
            contents.append(chunk)
        }
    }

    private static func nextChunk(of descriptor: FileDescriptor) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            DispatchIO.read(
                fromFileDescriptor: descriptor.rawValue, maxLength: 1 << 20, runningHandlerOn: .global()
            ) { data, error in
                if error == 0 {
                    continuation.resume(returning: Data(data))
                } else {
                    continuation.resume(throwing: Errno(rawValue: error))
                }
            }
        }
    }

    /// Whether there is a folder of this name.
    public static func isFolder(_ path: FilePath) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path.string, isDirectory: &isFolder) && isFolder
    }

    /// Moves a file over another, so that the name stands for a complete file at every moment.
    ///
    /// `FileManager.moveItem` does not replace.
    public static func move(_ source: FilePath, to destination: FilePath) throws {
        guard unsafe rename(source.string, destination.string) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Removes a file if it is there.
    public static func remove(_ path: FilePath) {
        try? FileManager.default.removeItem(atPath: path.string)
    }
}
