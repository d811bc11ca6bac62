import FoundationEssentials
import Glibc
public import SystemPackage

/// What reading and writing files needs beyond `SystemPackage`.
public enum FileSystem {
    /// Reads once, at most so many bytes; none at the end.
    ///
    /// A descriptor that somebody has made non-blocking is waited for; its flags, which it may share with other processes,
    /// stay as they are.
    public static func read(from descriptor: FileDescriptor, atMost count: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try whenReady(descriptor, Int16(POLLIN)) {
                try unsafe descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }

    /// Writes all bytes, and waits where a non-blocking descriptor takes no more.
    public static func write(_ bytes: [UInt8], to descriptor: FileDescriptor) throws {
        try unsafe bytes.withUnsafeBytes { bytes in
            var rest = unsafe bytes[...]
            while unsafe !rest.isEmpty {
                let piece = unsafe UnsafeRawBufferPointer(rebasing: rest)
                let count = try whenReady(descriptor, Int16(POLLOUT)) { try unsafe descriptor.write(piece) }
                unsafe rest = rest.dropFirst(count)
            }
        }
    }

    /// The text of a file, `nil` if there is none; throws if there is one that cannot be read as UTF-8.
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
            while case let chunk = try read(from: descriptor, atMost: 1 << 16), !chunk.isEmpty {
                bytes += chunk
            }
            return bytes
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Errno.illegalByteSequence }
        return text
    }

    private static func whenReady(
        _ descriptor: FileDescriptor, _ event: Int16, _ operation: () throws -> Int
    ) throws -> Int {
        while true {
            do {
                return try operation()
            } catch Errno.wouldBlock {
                var request = pollfd(fd: descriptor.rawValue, events: event, revents: 0)
                guard unsafe poll(&request, 1, -1) >= 0 || errno == EINTR else { throw Errno(rawValue: errno) }
            }
        }
    }

    /// What is at the end of a path, its links followed; nil if nothing is.
    static func status(of path: FilePath) throws(Errno) -> Stat? {
        do {
            return try Stat(path)
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// The path after the links at its end, which need not lead to anything; those of its folders stay.
    static func resolvingLinks(_ path: FilePath) throws(Errno) -> FilePath {
        var path = path
        // As many as the kernel follows.
        for _ in 0...40 {
            guard let status = try? Stat(path, followTargetSymlink: false), status.type == .symbolicLink else {
                return path
            }
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path.string) else {
                throw .noSuchFileOrDirectory
            }
            path = path.removingLastComponent().pushing(FilePath(target))
        }
        throw .tooManySymbolicLinkLevels
    }

    /// Whether this process may write to a file that exists.
    static func isWritable(_ path: FilePath) -> Bool {
        unsafe access(path.string, W_OK) == 0
    }

    /// Moves a file over another, so that the name stands for a complete file at every moment.
    ///
    /// `FileManager.moveItem` does not replace.
    static func move(_ source: FilePath, to destination: FilePath) throws(Errno) {
        guard unsafe rename(source.string, destination.string) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Removes a name; what lies behind a link stays.
    static func remove(_ path: FilePath) {
        _ = unsafe unlink(path.string)
    }

    /// Waits until the contents are on the disk, where the file system knows such a thing.
    ///
    /// A disk that is full or broken is often noticed no sooner.
    static func synchronize(_ descriptor: FileDescriptor) throws(Errno) {
        guard fsync(descriptor.rawValue) != 0, errno != EINVAL, errno != ENOTSUP else { return }
        throw Errno(rawValue: errno)
    }
}

/// Which file something is, whatever its names are.
public struct FileIdentity: Hashable, Sendable {
    private let device: DeviceID
    private let inode: Inode

    /// Takes what the kernel says of a file.
    public init(_ status: Stat) {
        device = status.deviceID
        inode = status.inode
    }

    /// The file at the end of a path, its links followed; nil if there is none in sight.
    public init?(at path: String) {
        guard let status = try? Stat(FilePath(path)) else { return nil }
        self.init(status)
    }
}
