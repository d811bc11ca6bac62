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
        try makeFolder(of: name)
        try Data(text.utf8).write(to: URL(filePath: file(name)))
    }

    /// Copies a file of somewhere else in the place of one.
    func copy(_ path: String, to name: String) throws {
        try makeFolder(of: name)
        try Data(contentsOf: URL(filePath: path)).write(to: URL(filePath: file(name)))
    }

    private func makeFolder(of name: String) throws {
        try FileManager.default.createDirectory(
            at: URL(filePath: file(name)).deletingLastPathComponent(), withIntermediateDirectories: true)
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

    /// Writes a `modules.json` of modules with these class names, those of the library without its own name.
    func setModules(_ types: String...) throws {
        let folders = ["", "1_Pooling", "2_Normalize", "3_Dense"]
        let modules = types.enumerated().map { index, type in
            let name = type.contains(".") ? type : "sentence_transformers.models.\(type)"
            return ["idx": index, "name": "\(index)", "path": folders[index], "type": name] as [String: Any]
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

extension ModelFolderCopy {
    /// The header of the checkpoint, and the bytes after it.
    private func checkpoint() throws -> (header: [String: Any], content: Data) {
        let data = try data("model.safetensors")
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(length))
        return (try #require(header as? [String: Any]), data.dropFirst(8 + length))
    }

    /// The names of all tensors.
    func tensorNames() throws -> [String] {
        try checkpoint().header.keys.filter { $0 != "__metadata__" }.sorted()
    }

    /// Adds a tensor with the shape and the values of another one.
    func addTensor(_ name: String, like other: String) throws {
        var (header, content) = try checkpoint()
        var tensor = try #require(header[other] as? [String: Any])
        let offsets = try #require(tensor["data_offsets"] as? [Int])
        let values = content.dropFirst(offsets[0]).prefix(offsets[1] - offsets[0])
        tensor["data_offsets"] = [content.count, content.count + values.count]
        header[name] = tensor
        content.append(values)
        let json = try JSONSerialization.data(withJSONObject: header)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) }
        try (Data(length) + json + content).write(to: URL(filePath: file("model.safetensors")))
    }
}

/// A registered token of `tokenizer.json`.
struct AddedTokenEntry {
    let content: String
    let normalized: Bool
}

extension ModelFolderCopy {
    /// Writes a `tokenizer.json` with these tokens.
    func writeTokenizer(_ tokens: [String], added: [AddedTokenEntry]) throws {
        let ids = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) })
        let entries: [[String: Any]] = added.map { token in
            [
                "id": ids[token.content] ?? 0, "content": token.content, "normalized": token.normalized,
                "special": true,
                "lstrip": false, "rstrip": false, "single_word": false,
            ]
        }
        let document: [String: Any] = ["model": ["type": "WordPiece", "vocab": ids], "added_tokens": entries]
        try JSONSerialization.data(withJSONObject: document).write(to: URL(filePath: file("tokenizer.json")))
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
