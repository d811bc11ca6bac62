/// The chain of modules of `modules.json`: a transformer, a pooling, perhaps a normalization.
struct ModuleList {
    /// The transformer's folder in the model's folder, with a slash behind it; empty for the model's folder itself.
    let transformer: String
    /// The pooling's folder, likewise.
    let pooling: String
    /// Whether vectors are scaled to length 1.
    let normalizes: Bool

    private struct Module {
        let kind, folder: String
    }

    init(_ reader: FolderReader) throws(SentenceEncodingError) {
        let file = "modules.json"
        guard let elements = try reader.json(file).elements else {
            throw reader.malformed(file, "its content is not an array")
        }
        var modules: [Module] = []
        var names: Set<String> = []
        for (index, element) in elements.enumerated() {
            let settings = try Settings(element, file: file, reader: reader, prefix: "\(index).")
            let module = try Self.module(settings)
            guard let name = try settings.string("name") else { throw settings.malformed("name", "a text") }
            // The reference keeps modules by name: a second one of the name takes the place of the first.
            try settings.require(names.insert(name).inserted, "name", name, "a name that no other module has")
            if module.kind == "Normalize" { try Self.checkNormalize(reader, module.folder) }
            // It does something in training only.
            if module.kind != "Dropout" || modules.count < 2 { modules.append(module) }
        }
        let kinds = modules.map(\.kind)
        guard kinds == ["Transformer", "Pooling"] || kinds == ["Transformer", "Pooling", "Normalize"] else {
            throw .unsupported(
                file: reader.path(file), key: "type", value: kinds.joined(separator: ", "),
                supported: "Transformer, Pooling and optionally Normalize")
        }
        transformer = modules[0].folder
        pooling = modules[1].folder
        normalizes = kinds.count == 3
    }

    private static func module(_ settings: Settings) throws(SentenceEncodingError) -> Module {
        try settings.allowOnly(["idx", "name", "path", "type", "kwargs"])
        guard let type = try settings.string("type"), let path = try settings.string("path") else {
            throw settings.malformed(settings.has("type") ? "path" : "type", "a text")
        }
        try settings.refuse("kwargs")
        // The reference has moved its classes between packages; the last component of the name has stayed. A class of another
        // package is code that comes with the model.
        let components = type.split(separator: ".")
        try settings.require(
            components.first == "sentence_transformers", "type", type, "a module of sentence_transformers")
        let parts = path.split(separator: "/")
        try settings.require(
            !path.hasPrefix("/") && !path.contains("\\") && !parts.contains(".."), "path", path,
            "a path inside the folder")
        let folder = parts.filter { $0 != "." }.map { $0 + "/" }.joined()
        return Module(kind: components.last.map(String.init) ?? type, folder: folder)
    }

    /// A normalization works on the pooled vector, unless its configuration says otherwise.
    private static func checkNormalize(_ reader: FolderReader, _ folder: String) throws(SentenceEncodingError) {
        let settings = try reader.optionalSettings(folder + "config.json")
        for key in ["module_input_name", "module_output_name"] {
            let name = try settings.string(key) ?? "sentence_embedding"
            try settings.require(name == "sentence_embedding", key, name, "sentence_embedding")
        }
    }
}
