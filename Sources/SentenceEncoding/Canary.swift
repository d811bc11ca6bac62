import FoundationEssentials

/// A text whose vector is known: what the reference implementation computes with this very model.
public struct Canary: Sendable, Equatable, Decodable {
    /// The text.
    public let text: String
    /// Its vector.
    public let vector: [Float]

    /// Makes one.
    public init(text: String, vector: [Float]) {
        self.text = text
        self.vector = vector
    }
}

extension Canary {
    /// The canaries that this program knows, by the fingerprint of the model alone; `Scripts/make-canary.py` writes the files.
    static let builtIn: [String: [Canary]] = {
        struct File: Decodable {
            let fingerprint: String
            let canaries: [Canary]
        }
        let files = [PackageResources.all_MiniLM_L6_v2_json, PackageResources.all_mpnet_base_v2_json]
        return Dictionary(
            uniqueKeysWithValues: files.map { bytes in
                do {
                    let file = try JSONDecoder().decode(File.self, from: Data(bytes))
                    return (file.fingerprint, file.canaries)
                } catch {
                    preconditionFailure("a built-in canary cannot be read: \(error)")
                }
            })
    }()

    /// Reads those of `canary.json`, a list of objects with `text` and `vector`.
    static func all(_ reader: FolderReader, file: String, dimension: Int) throws(SentenceEncodingError) -> [Canary] {
        guard reader.has(file) else { return [] }
        guard let elements = try reader.json(file).elements else {
            throw reader.malformed(file, "its content is not an array")
        }
        guard !elements.isEmpty else { throw reader.malformed(file, "the list is empty") }
        var canaries: [Canary] = []
        for (index, element) in elements.enumerated() {
            let settings = try Settings(element, file: file, reader: reader, prefix: "\(index).")
            guard let text = try settings.string("text") else { throw settings.malformed("text", "a text") }
            let vector = (try settings.array("vector") ?? []).compactMap(\.float)
            guard vector.count == dimension else {
                throw reader.malformed(
                    file, "vector \(index + 1) has \(vector.count) numbers, the model gives \(dimension)")
            }
            canaries.append(Canary(text: text, vector: vector))
        }
        return canaries
    }
}
