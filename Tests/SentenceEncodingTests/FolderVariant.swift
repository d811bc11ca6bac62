import ComputeTestSupport
import Foundation
import Testing

/// A folder of today with some of its files changed, and what the reference implementation makes of texts with it.
///
/// `Scripts/make-folder-goldens.py` writes them.
struct FolderVariant: Decodable, Sendable, CustomTestStringConvertible {
    /// A text and what becomes of it.
    struct Case: Decodable, Sendable {
        let text: String
        let ids: [Int32]
        let vector: [Float]?
    }

    let name: String
    /// What is written over the files of the base; nothing where a file is removed.
    let files: [String: String?]
    /// Which files of weights take whose place.
    let weights: [String: String]
    let cases: [Case]

    var testDescription: String { name }

    /// The folder that all are variants of.
    static let base = Fixtures.path("folders/base")

    /// All of them.
    static func all() throws -> [FolderVariant] {
        try Data(contentsOf: URL(filePath: Fixtures.path("folders/variants.jsonl")))
            .split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(FolderVariant.self, from: $0) }
    }

    /// The one of a name.
    static func named(_ name: String) throws -> FolderVariant {
        try #require(try all().first { $0.name == name })
    }

    /// Makes the variant's folder, hands it to the body and removes it.
    func withFolder<Result>(_ body: (ModelFolderCopy) async throws -> Result) async throws -> Result {
        try await withModel(Self.base) { folder in
            for (file, content) in files {
                if let content { try folder.write(content, to: file) } else { try folder.remove(file) }
            }
            for (file, source) in weights {
                try folder.copy(Fixtures.path("folders/weights/\(source)"), to: file)
            }
            return try await body(folder)
        }
    }
}
