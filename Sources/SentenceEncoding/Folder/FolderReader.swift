import Checksum
import FoundationEssentials

/// Reads the files of one model folder; every failure names the file.
struct FolderReader {
    let path: String
    /// How a damaged folder is mended.
    let remedy: SentenceEncodingError.Remedy

    init(path: String) {
        self.path = path
        let isKnown = FileManager.default.fileExists(atPath: path + "/model.lock.json")
        remedy = isKnown ? .fetchWeights(name: ModelFolder.name(of: path)) : .copyAgain
    }

    /// The path of a file in the folder.
    func path(_ file: String) -> String { path + "/" + file }

    func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: path(file)) }

    func requireFolder() throws(SentenceEncodingError) {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
            throw .folderNotFound(path)
        }
        guard has("snapshots"), !has("modules.json") else { return }
        // What a hub calls main is the revision that its library would load.
        let main = FileManager.default.contents(atPath: path("refs/main"))
            .map { String(decoding: $0, as: UTF8.self).filter(\.isHexDigit) }
        let revisions = (try? FileManager.default.contentsOfDirectory(atPath: path("snapshots")))?.sorted() ?? []
        guard let revision = revisions.first(where: { $0 == main }) ?? revisions.first else { return }
        throw .cacheFolder(path, revision: revision)
    }

    /// Says that a file is missing, or what there is in its place.
    func missing(_ file: String) -> SentenceEncodingError {
        otherForm(besides: file).map { .otherForm(path, found: $0) } ?? .fileMissing(path(file), remedy)
    }

    /// Weights that another library or program reads; to get the folder again would bring the same.
    private static let otherWeights = [
        "pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack", "rust_model.ot",
        "onnx", "model.onnx", "openvino",
    ]

    private func otherForm(besides file: String) -> String? {
        let (folder, name) = file.lastIndex(of: "/").map { (file[...$0], file[$0...].dropFirst()) } ?? ("", file[...])
        let hasWeights = ["model.safetensors", WeightFiles.index].contains { has(folder + $0) }
        let other = Self.otherWeights.first { has(folder + $0) }
        switch name {
        case "model.safetensors" where !hasWeights: return other.map { "only \($0) for weights, which is not read" }
        // A folder of the library that has lost the file still has its pooling.
        case "modules.json" where has("config.json") && !has("1_Pooling"):
            return other.flatMap { hasWeights ? nil : "only \($0) for weights, which is not read" }
                ?? "no modules.json, by which sentence-transformers knows how token vectors become one"
        default: return nil
        }
    }

    /// Refuses what Git leaves in the place of a large file unless it is told to get it.
    func refusePointer(_ file: String) throws(SentenceEncodingError) {
        // Mapped, because the file that it stands for is large.
        guard let data = try? Data(contentsOf: URL(filePath: path(file)), options: .alwaysMapped),
            data.starts(with: "version https://git-lfs.github.com/spec/".utf8)
        else { return }
        throw .malformedFile(
            path(file), reason: "it is a pointer of Git LFS to the file, not the file",
            .pullLargeFiles(folder: path))
    }

    func malformed(_ file: String, _ reason: String) -> SentenceEncodingError {
        .malformedFile(path(file), reason: reason, remedy)
    }

    /// The most bytes of a file that grows with the vocabulary, the tensors or the canaries, and of another: at least four
    /// times what known models have.
    private static let (mostBytesOfList, mostBytesOfSettings) = (64 << 20, 16 << 20)
    private static let lists = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
        "canary.json", "SHA256SUMS", WeightFiles.index,
    ]

    /// The bytes of a file that is no larger than its kind is.
    func bytes(_ file: String) throws(SentenceEncodingError) -> [UInt8] {
        let isList = Self.lists.contains { file == $0 || file.hasSuffix("/" + $0) }
        let bytes: [UInt8]
        do throws(ChecksumError) {
            bytes = try SmallFile.bytes(
                at: path(file), atMost: isList ? Self.mostBytesOfList : Self.mostBytesOfSettings)
        } catch {
            switch error {
            case .tooLarge(_, let byteCount, let limit):
                throw malformed(file, "it has \(byteCount) bytes, and no more than \(limit) are read")
            case .notRegularFile: throw malformed(file, "it is no regular file")
            default: throw missing(file)
            }
        }
        try refusePointer(file)
        return bytes
    }

    /// The content of a JSON file.
    func json(_ file: String) throws(SentenceEncodingError) -> JSONValue {
        let bytes = try bytes(file)
        do {
            return try JSONReader.read(bytes)
        } catch {
            throw malformed(file, "it is not valid JSON at line \(error.line), column \(error.column)")
        }
    }

    /// The object that a JSON file holds.
    func settings(_ file: String) throws(SentenceEncodingError) -> Settings {
        try Settings(try json(file), file: file, reader: self)
    }

    /// The object that a JSON file holds, an empty one where there is no such file.
    func optionalSettings(_ file: String) throws(SentenceEncodingError) -> Settings {
        has(file) ? try settings(file) : try Settings(.object([]), file: file, reader: self)
    }

    func digest(_ file: String) throws(SentenceEncodingError) -> SHA256Digest {
        guard has(file) else { throw missing(file) }
        try refusePointer(file)
        do throws(ChecksumError) {
            return try SHA256Hasher.digest(ofFileAt: path(file))
        } catch {
            throw .checksum(error)
        }
    }

    /// Compares what was read with `SHA256SUMS`, if the folder has one; files that it does not list are not checked.
    func verifyChecksums(known: [String: SHA256Digest], others: [String]) throws(SentenceEncodingError) {
        guard has("SHA256SUMS") else { return }
        let bytes = try bytes("SHA256SUMS")
        do throws(ChecksumError) {
            let list = try ChecksumList(parsing: String(decoding: bytes, as: UTF8.self), name: path("SHA256SUMS"))
            for (file, got) in known {
                guard let expected = list.digest(of: file), expected != got else { continue }
                throw .mismatch(path: path(file), expected: expected, got: got)
            }
            try list.verify(folder: path, files: others.filter { list.digest(of: $0) != nil })
        } catch {
            throw .checksum(error)
        }
    }
}
