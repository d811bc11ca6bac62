import Glibc
import Logging
import SystemPackage

/// A file to be written, which under its name is complete or not there at all.
///
/// It is written under a temporary name in the same folder, created for this process alone, and takes its name at the end:
/// whoever reads an earlier file of this name keeps it whole, and of two processes that write the same file each writes its
/// own. An earlier file gives its owner and its mode to the new one. A link at the end of the path stays, and what it leads
/// to is replaced. Pipes and character devices are written to as they are.
public final class OutputFile {
    private let name: String
    private let descriptor: FileDescriptor
    private let place: Place?
    private var isClosed = false

    /// Where a file is written, and where it goes.
    private struct Place {
        let temporary: FilePath
        let final: FilePath
        let earlier: Stat?
    }

    /// Opens a file for writing.
    ///
    /// - Parameters:
    ///   - path: Where the file is to be.
    ///   - inputs: Files that must not be overwritten.
    public init(_ path: String, unlike inputs: Set<FileIdentity> = []) throws(OutputError) {
        name = path.isEmpty ? "\"\"" : path
        // A path of the system's has no slash at its end.
        guard !path.isEmpty, path.last != "/" else { throw .unwritable(name, reason: "it names no file") }
        do {
            (descriptor, place) = try Self.open(FilePath(path), inputs)
        } catch let error as OutputError {
            throw error
        } catch {
            throw .unwritable(path, reason: "\(error)")
        }
    }

    deinit {
        guard !isClosed else { return }
        try? descriptor.close()
        if let place { TemporaryFiles.remove(place.temporary) }
    }

    private static func open(
        _ path: FilePath, _ inputs: Set<FileIdentity>
    ) throws -> (FileDescriptor, Place?) {
        let inputs = inputs.union([FileIdentity(at: SettingsFile.path.string)].compactMap(\.self))
        let earlier = try FileSystem.status(of: path)
        if let earlier, earlier.type != .characterSpecial, inputs.contains(FileIdentity(earlier)) {
            throw OutputError.isInput(path.string)
        }
        switch earlier?.type {
        case nil, .regular: break
        case .fifo, .characterSpecial: return (try openAsIs(path), nil)
        case .directory: throw OutputError.unwritable(path.string, reason: "it is a folder")
        default: throw OutputError.unwritable(path.string, reason: "it is neither a file nor a pipe")
        }

        let final = try FileSystem.resolvingLinks(path)
        if let earlier {
            // The links of /proc/self/fd lead to files that may have another name by now, or none.
            guard try FileSystem.status(of: final).map(FileIdentity.init) == FileIdentity(earlier) else {
                return (try openAsIs(path), nil)
            }
            guard FileSystem.isWritable(final) else { throw Errno.permissionDenied }
        }
        let permissions: FilePermissions = earlier == nil ? [.ownerReadWrite, .groupRead, .otherRead] : .ownerReadWrite
        let (temporary, descriptor) = try TemporaryFiles.create(beside: final, permissions: permissions)
        return (descriptor, Place(temporary: temporary, final: final, earlier: earlier))
    }

    private static func openAsIs(_ path: FilePath) throws -> FileDescriptor {
        try FileDescriptor.open(path, .writeOnly, options: [.truncate, .closeOnExec])
    }

    /// Whether bytes that were written can be written anew, as in a file.
    public var isRewritable: Bool { place != nil }

    /// Appends bytes.
    public func write(_ bytes: [UInt8]) throws(OutputError) {
        try attempt { try FileSystem.write(bytes, to: descriptor) }
    }

    /// Writes over the beginning of a file that is rewritable.
    public func rewriteBeginning(_ bytes: [UInt8]) throws(OutputError) {
        try attempt {
            try descriptor.seek(offset: 0, from: .start)
            try FileSystem.write(bytes, to: descriptor)
        }
    }

    /// Completes the file and gives it its name; nothing can be written afterwards.
    public func finish() throws(OutputError) {
        guard let place else {
            isClosed = true
            return try attempt { try descriptor.close() }
        }
        try attempt {
            if let earlier = place.earlier { try keepOwnerAndMode(of: earlier) }
            try FileSystem.synchronize(descriptor)
        }
        isClosed = true
        do {
            try descriptor.close()
        } catch {
            TemporaryFiles.remove(place.temporary)
            throw .unwritable(name, reason: "\(error)")
        }
        do {
            try TemporaryFiles.move(place.temporary, to: place.final)
        } catch {
            TemporaryFiles.keep(place.temporary)
            throw .notRenamed(name, partial: place.temporary.string, reason: "\(error)")
        }
        synchronizeFolder(of: place.final)
    }

    /// The new name, too, is to outlive a power cut; some file systems do not take such a request.
    private func synchronizeFolder(of path: FilePath) {
        let folder = path.removingLastComponent()
        let descriptor = try? FileDescriptor.open(
            folder.isEmpty ? "." : folder, .readOnly, options: [.directory, .closeOnExec])
        _ = try? descriptor?.closeAfter { if let descriptor { try FileSystem.synchronize(descriptor) } }
    }

    private func keepOwnerAndMode(of earlier: Stat) throws {
        let own = try Stat(descriptor)
        var permissions = earlier.permissions.intersection([
            .ownerReadWriteExecute, .groupReadWriteExecute, .otherReadWriteExecute,
        ])
        var isKept = own.userID == earlier.userID && own.groupID == earlier.groupID
        if !isKept { isKept = fchown(descriptor.rawValue, earlier.userID.rawValue, earlier.groupID.rawValue) == 0 }
        if !isKept {
            // What the earlier group was allowed is not for another one.
            if fchown(descriptor.rawValue, .max, earlier.groupID.rawValue) != 0 {
                permissions.subtract(.groupReadWriteExecute)
            }
            Logger.standardError().warning(
                "the earlier file belonged to somebody else, the new one does not", metadata: ["file": "\(name)"])
        }
        guard fchmod(descriptor.rawValue, permissions.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }

    private func attempt(_ body: () throws -> Void) throws(OutputError) {
        do {
            try body()
        } catch {
            throw .unwritable(name, reason: "\(error)")
        }
    }
}
