import CommandSupport
import SystemPackage

/// Writes vectors as they come, to NumPy's `.npy` or to JSON lines, chosen by the extension of the path.
///
/// A file is written beside its final place and moved there at the end: a file that exists is complete.
struct VectorFile {
    private enum Format { case npy, jsonLines }

    private let path: String
    private let temporaryPath: FilePath?
    private let descriptor: FileDescriptor
    private let format: Format
    private let dimension: Int
    private var rows = 0

    /// Opens the output; `-` is standard output.
    init(path: String, dimension: Int) throws(InputError) {
        self.path = path
        self.dimension = dimension
        if path == "-" {
            (format, temporaryPath, descriptor) = (.jsonLines, nil, .standardOutput)
            return
        }
        switch FilePath(path).extension {
        case "npy": format = .npy
        case "jsonl": format = .jsonLines
        default: throw .unknownFormat(path)
        }
        guard !FileSystem.isFolder(FilePath(path)) else { throw .unwritable(path, reason: "it is a folder") }
        let temporary = FilePath(path + ".partial")
        do {
            descriptor = try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            if format == .npy { try descriptor.writeAll(Self.npyHeader(rows: 0, dimension: dimension)) }
        } catch {
            throw .unwritable(path, reason: "\(error)")
        }
        temporaryPath = temporary
    }

    /// Appends vectors with their ids.
    mutating func append(_ vectors: [[Float]], ids: [String]) throws(InputError) {
        rows += vectors.count
        do {
            switch format {
            case .npy: try descriptor.writeAll(Self.littleEndian(vectors))
            case .jsonLines: try descriptor.writeAll(zip(ids, vectors).map(Self.line).joined().utf8)
            }
        } catch {
            throw .unwritable(path, reason: "\(error)")
        }
    }

    /// Completes the file and moves it into place.
    consuming func finish() throws(InputError) {
        guard let temporaryPath else { return }
        do {
            if format == .npy {
                try descriptor.seek(offset: 0, from: .start)
                try descriptor.writeAll(Self.npyHeader(rows: rows, dimension: dimension))
            }
            try descriptor.close()
            try FileSystem.move(temporaryPath, to: FilePath(path))
        } catch {
            throw .unwritable(path, reason: "\(error)")
        }
    }

    /// Removes what was written so far.
    consuming func discard() {
        guard let temporaryPath else { return }
        try? descriptor.close()
        FileSystem.remove(temporaryPath)
    }

    private static func line(id: String, vector: [Float]) -> String {
        "{\"id\":\(id),\"embedding\":[\(vector.map(\.description).joined(separator: ","))]}\n"
    }

    private static func littleEndian(_ vectors: [[Float]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vectors.count * (vectors.first?.count ?? 0) * 4)
        for value in vectors.joined() {
            let bits = value.bitPattern
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
        }
        return bytes
    }

    /// Version 1.0 of the format (numpy.lib.format): magic, version, header length, a Python dictionary padded with spaces
    /// and ended by a line feed, 128 bytes in all, so that the number of rows can be filled in at the end.
    private static func npyHeader(rows: Int, dimension: Int) -> [UInt8] {
        let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(dimension)), }"
        let padding = String(repeating: " ", count: 117 - dictionary.utf8.count)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array((dictionary + padding + "\n").utf8)
    }
}
