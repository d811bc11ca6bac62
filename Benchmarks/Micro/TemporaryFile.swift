import FoundationEssentials

/// A file that is removed with the last reference to it.
final class TemporaryFile {
    private let url: URL

    /// Writes a file of a new name.
    init(_ contents: Data) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "microbenchmarks-\(UUID().uuidString)")
        try contents.write(to: url)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Where it is.
    var path: String { url.path }
}
