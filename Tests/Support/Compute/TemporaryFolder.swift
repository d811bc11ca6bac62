internal import Foundation

/// A folder of one test, made by ``withTemporaryFolder(_:)``.
public struct TemporaryFolder: Sendable {
    /// The absolute path, without a slash at its end.
    public let path: String

    /// Writes a text file, and the folders above it.
    public func write(_ text: String, to name: String) throws {
        let file = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}

/// Makes an empty folder, hands it to the body and removes it, whether or not the body throws.
public func withTemporaryFolder<Result>(
    _ body: (TemporaryFolder) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "embedding-job-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(TemporaryFolder(path: folder.path))
}
