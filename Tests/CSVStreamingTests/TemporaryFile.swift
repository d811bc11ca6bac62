import Foundation
import Glibc
import Testing

/// A file for one test, removed at the end of it.
struct TemporaryFile: ~Copyable {
    let path: String

    init(_ bytes: some Sequence<UInt8>) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).csv").path
        // Foundation's `write(to:)` waits for the disk, which thousands of small files have no time for.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(descriptor >= 0)
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data(bytes))
    }

    init(_ text: String) throws {
        try self.init(text.utf8)
    }

    /// The last component of the path.
    var name: String { URL(filePath: path).lastPathComponent }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
