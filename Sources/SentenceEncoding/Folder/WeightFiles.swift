import Checksum
import Safetensors

/// The files with a model's weights: one, or several with an index.
struct WeightFiles {
    /// The name of the index.
    static let index = "model.safetensors.index.json"
    private static let single = "model.safetensors"

    /// The files' digests, by their paths in the model's folder.
    let digests: [String: SHA256Digest]
    /// What identifies the weights.
    let digest: SHA256Digest
    private let reader: FolderReader
    /// In which file a tensor is said to be; absent if there is one file.
    private let places: [String: String]?

    /// Finds and hashes the files in a folder of the model's folder.
    ///
    /// A single file counts before an index, as in the reference.
    init(_ reader: FolderReader, folder: String) throws(SentenceEncodingError) {
        self.reader = reader
        guard !reader.has(folder + Self.single), reader.has(folder + Self.index) else {
            places = nil
            digest = try reader.digest(folder + Self.single)
            digests = [folder + Self.single: digest]
            return
        }
        let settings = try reader.settings(folder + Self.index)
        try settings.allowOnly(["metadata", "weight_map"])
        guard let map = try settings.object("weight_map") else { throw settings.malformed("weight_map", "an object") }
        var places: [String: String] = [:]
        for tensor in map.keys {
            let file = try map.string(tensor) ?? ""
            try map.require(
                file.hasSuffix(".safetensors") && !file.contains("/"), tensor, file, "a file of the same folder")
            places[tensor] = folder + file
        }
        var digests: [String: SHA256Digest] = [:]
        var lines = ""
        for file in Set(places.values).sorted() {
            let digest = try reader.digest(file)
            digests[file] = digest
            lines += "\(digest)  \(file.dropFirst(folder.count))\n"
        }
        do throws(ChecksumError) {
            digest = try SHA256Hasher.digest(of: lines)
        } catch {
            throw .checksum(error)
        }
        (self.digests, self.places) = (digests, places)
    }

    /// Opens all of them.
    func open() throws(SentenceEncodingError) -> Checkpoint {
        var files: [String: SafetensorsFile] = [:]
        for file in digests.keys {
            do throws(SafetensorsError) {
                files[file] = try SafetensorsFile(contentsOf: reader.path(file))
            } catch {
                throw .weights(error)
            }
        }
        return Checkpoint(files: files, places: places)
    }
}

/// The tensors of all files of a model.
struct Checkpoint {
    private let filesByTensor: [String: SafetensorsFile]
    private let anyFile: SafetensorsFile?

    init(files: [String: SafetensorsFile], places: [String: String]?) {
        var filesByTensor: [String: SafetensorsFile] = [:]
        for (name, file) in files {
            // Of two files that have a tensor, the one counts in which the index places it.
            for tensor in file.tensorNames where (places?[tensor] ?? name) == name { filesByTensor[tensor] = file }
        }
        self.filesByTensor = filesByTensor
        anyFile = files.min { $0.key < $1.key }?.value
    }

    /// The names of all tensors, in alphabetical order.
    var tensorNames: [String] { filesByTensor.keys.sorted() }

    /// Where a tensor is; where it would be looked for, if it is nowhere.
    func file(of tensor: String) -> SafetensorsFile? { filesByTensor[tensor] ?? anyFile }

    func has(_ tensor: String) -> Bool { filesByTensor[tensor] != nil }
}
