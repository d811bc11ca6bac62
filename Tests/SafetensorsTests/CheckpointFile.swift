import Foundation
import Safetensors

/// A file made of given bytes for one test, removed at the end of it.
struct CheckpointFile: ~Copyable {
    let path: String

    init(_ bytes: some Sequence<UInt8>) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).safetensors").path
        try Data(bytes).write(to: URL(filePath: path))
    }

    /// Puts the length of a header before it and the data after it.
    init(header: String, data: [UInt8] = []) throws {
        try self.init(checkpointBytes(header: Array(header.utf8), data: data))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func open() throws(SafetensorsError) -> SafetensorsFile {
        try SafetensorsFile(contentsOf: path)
    }

    /// Opens the file, which is expected to fail, and gives what is wrong with it.
    func defect() -> SafetensorsDefect? {
        do throws(SafetensorsError) {
            _ = try open()
            return nil
        } catch .invalidFile(path, let defect) {
            return defect
        } catch {
            return nil
        }
    }
}

/// Lays out a checkpoint; `length` is what it claims to be the length of its header.
func checkpointBytes(header: [UInt8], length: UInt64? = nil, data: [UInt8] = []) -> [UInt8] {
    littleEndianBytes([length ?? UInt64(header.count)]) + header + data
}

func littleEndianBytes(_ integers: some Sequence<some FixedWidthInteger>) -> [UInt8] {
    integers.flatMap { integer in
        stride(from: 0, to: type(of: integer).bitWidth, by: 8).map { UInt8(truncatingIfNeeded: integer >> $0) }
    }
}

/// Opens a checkpoint of one header, which is expected to fail, and gives what is wrong with it.
func defect(header: String, data: [UInt8] = []) throws -> SafetensorsDefect? {
    try CheckpointFile(header: header, data: data).defect()
}
