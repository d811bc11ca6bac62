public import Foundation
public import Testing

internal import Glibc

/// A file system in memory that is small enough to run full; made by ``withSmallDisk(megabytes:_:)``.
public struct SmallDisk: Sendable {
    /// Where it is mounted.
    public let folder: URL

    private var filler: URL { folder.appending(path: "filler") }

    fileprivate init(megabytes: Int) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "embedding-job-disk-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        guard unsafe mount("tmpfs", folder.path, "tmpfs", 0, "size=\(megabytes)m,mode=0755") == 0 else {
            let code = errno
            try FileManager.default.removeItem(at: folder)
            throw Failure(systemCall: "mount", code: code)
        }
    }

    fileprivate func unmount() throws {
        // Even if a server that would not end still has files open there.
        guard unsafe umount2(folder.path, Int32(MNT_DETACH)) == 0 else {
            throw Failure(systemCall: "umount2", code: errno)
        }
        try FileManager.default.removeItem(at: folder)
    }

    /// Leaves no byte free.
    public func fill() throws {
        try Data().write(to: filler)
        let file = try FileHandle(forWritingTo: filler)
        let chunk = Data(count: 1 << 16)
        while (try? file.write(contentsOf: chunk)) != nil {}
        try file.close()
    }

    /// Undoes ``fill()``.
    public func free() throws {
        try FileManager.default.removeItem(at: filler)
    }

    /// Whether this process may mount file systems, found out by doing it.
    static let isPossible: Bool = {
        guard let disk = try? SmallDisk(megabytes: 1) else { return false }
        return (try? disk.unmount()) != nil
    }()

    /// The system refused.
    struct Failure: Error {
        let systemCall: String
        let code: Int32
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, visibly, where no file system can be mounted.
    public static var requiresMounting: Self {
        .enabled(if: SmallDisk.isPossible, "only root may mount the small disk that is to run full")
    }
}

/// Mounts an empty disk, hands it to the body and removes it, whether or not the body throws.
public func withSmallDisk(megabytes: Int, _ body: (SmallDisk) async throws -> Void) async throws {
    let disk = try SmallDisk(megabytes: megabytes)
    do {
        try await body(disk)
    } catch {
        try disk.unmount()
        throw error
    }
    try disk.unmount()
}
