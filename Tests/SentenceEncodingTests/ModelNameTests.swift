import ComputeTestSupport
import Foundation
import SentenceEncoding
import Testing

@Suite("The name of a model")
struct ModelNameTests {
    /// The name of a copy of the base in this place of a temporary folder, opened by this path.
    private func name(_ place: String, _ path: String? = nil) async throws -> String {
        try await withTemporaryFolder { folder in
            let target = folder.path + "/" + place
            try FileManager.default.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: FolderVariant.base, toPath: target)
            return try ModelFolder(path: folder.path + "/" + (path ?? place)).name
        }
    }

    @Test("is its folder's own, however the path is written", arguments: ["", "/", "/.", "/1_Pooling/..", "/./"])
    func folder(end: String) async throws {
        #expect(try await name("weights/small", "weights/small" + end) == "small")
    }

    @Test(
        "is the repository's in a cache of the Hugging Face hub",
        arguments: [
            ("models--sentence-transformers--all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"),
            ("models--bert", "bert"), ("models--a--b--c", "a/b--c"),
        ])
    func hub(cache: String, expected: String) async throws {
        #expect(try await name("hub/\(cache)/snapshots/c9745ed1d9f2") == expected)
        #expect(try await name("hub/\(cache)/other/c9745ed1d9f2") == "c9745ed1d9f2")
    }
}
