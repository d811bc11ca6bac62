import Checksum
import FoundationEssentials

/// Reads the files of one model folder; every failure names the file.
struct FolderReader {
    let path: String

    /// The path of a file in the folder.
    func path(_ file: String) -> String { path + "/" + file }

    func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: path(file)) }

    func requireFolder() throws(SentenceEncodingError) {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
            throw .folderNotFound(path)
        }
    }

    /// Decodes a JSON file whose keys are snake_case.
    func decode<Value: Decodable>(_ type: Value.Type, from file: String) throws(SentenceEncodingError) -> Value {
        guard let data = FileManager.default.contents(atPath: path(file)) else { throw .fileMissing(path(file)) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: data)
        } catch DecodingError.keyNotFound(let key, _) {
            throw .malformedFile(path(file), reason: "the key for \(key.stringValue) is missing")
        } catch DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context) {
            throw .malformedFile(path(file), reason: "\(Self.place(context)) is not of type \(type)")
        } catch {
            // The decoder has one answer to both, and does not say where.
            throw .malformedFile(path(file), reason: "it is not valid JSON, or has a fraction for a whole number")
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let key = context.codingPath.map(\.stringValue).joined(separator: ".")
        return key.isEmpty ? "the content" : key
    }

    func digest(_ file: String) throws(SentenceEncodingError) -> SHA256Digest {
        guard FileManager.default.fileExists(atPath: path(file)) else { throw .fileMissing(path(file)) }
        do throws(ChecksumError) {
            return try SHA256Hasher.digest(ofFileAt: path(file))
        } catch {
            throw .checksum(error)
        }
    }

    /// Compares what was read with `SHA256SUMS`, if the folder has one; files that it does not list are not checked.
    func verifyChecksums(known: [String: SHA256Digest], others: [String]) throws(SentenceEncodingError) {
        guard let data = FileManager.default.contents(atPath: path("SHA256SUMS")) else { return }
        do throws(ChecksumError) {
            let list = try ChecksumList(parsing: String(decoding: data, as: UTF8.self), name: path("SHA256SUMS"))
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
