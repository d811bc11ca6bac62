import ComputeTestSupport
import Foundation
import Testing

/// A copy of a model's folder that a test may change.
struct ModelFolderCopy {
    let path: String

    func file(_ name: String) -> String { path + "/" + name }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: file(name))
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
    }

    func data(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: file(name)))
    }

    /// Changes keys of a JSON object; a value of nil removes the key.
    func set(_ values: [String: Any?], in name: String) throws {
        var object = try #require(try JSONSerialization.jsonObject(with: data(name)) as? [String: Any])
        for (key, value) in values { object[key] = value }
        try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: file(name)))
    }

    /// Writes a `modules.json` of modules with these class names.
    func setModules(_ types: String...) throws {
        let folders = ["", "1_Pooling", "2_Normalize", "3_Dense"]
        let modules = types.enumerated().map { index, type in
            ["idx": index, "name": "\(index)", "path": folders[index], "type": type] as [String: Any]
        }
        try JSONSerialization.data(withJSONObject: modules).write(to: URL(filePath: file("modules.json")))
    }

    /// Replaces a name in the header of the checkpoint by one of the same length.
    func renameTensor(_ name: String, to other: String) throws {
        precondition(name.utf8.count == other.utf8.count)
        var checkpoint = try data("model.safetensors")
        let range = try #require(checkpoint.range(of: Data("\"\(name)\"".utf8)))
        checkpoint.replaceSubrange(range, with: Data("\"\(other)\"".utf8))
        try checkpoint.write(to: URL(filePath: file("model.safetensors")))
    }
}

/// Copies the toy model's folder, hands the copy to the body and removes it.
func withToyModel<Result>(_ body: (ModelFolderCopy) async throws -> Result) async throws -> Result {
    try await withModel(Fixtures.toyModel, body)
}

/// Copies a model's folder, hands the copy to the body and removes it.
func withModel<Result>(_ path: String, _ body: (ModelFolderCopy) async throws -> Result) async throws -> Result {
    try await withTemporaryFolder { folder in
        let copy = ModelFolderCopy(path: folder.path + "/model")
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        return try await body(copy)
    }
}
