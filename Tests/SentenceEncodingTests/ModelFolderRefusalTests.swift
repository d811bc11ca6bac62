import Checksum
import ComputeTestSupport
import Foundation
import SentenceEncoding
import Testing

/// What is refused because of files that are missing or cannot be read, each with a message that names the file and says what
/// to do.
@Suite("A model folder is refused")
struct ModelFolderRefusalTests {
    @Test("that does not exist")
    func missingFolder() async throws {
        let (error, folder) = try await refusal { try FileManager.default.removeItem(atPath: $0.path) }
        #expect(error == .folderNotFound(folder))
        let advice = "name a model folder, or run Scripts/fetch-weights"
        #expect(error.description == "model folder \(folder) does not exist; \(advice)")
    }

    @Test("that is a file")
    func fileInsteadOfFolder() throws {
        let path = Fixtures.path("toy/config.json")
        #expect(throws: SentenceEncodingError.folderNotFound(path)) { try ModelFolder(path: path) }
    }

    @Test(
        "with a file that is far larger than such files are, before it is read",
        arguments: [
            "config.json", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json",
            "tokenizer_config.json", "vocab.txt", "canary.json", "SHA256SUMS",
        ])
    func hugeFile(name: String) async throws {
        let (error, folder) = try await refusal { folder in
            if !FileManager.default.fileExists(atPath: folder.file(name)) { try folder.write("", to: name) }
            // Of zeros that take no room.
            try FileHandle(forWritingTo: URL(filePath: folder.file(name))).truncate(atOffset: 3 << 30)
        }
        guard case .malformedFile("\(folder)/\(name)", let reason, _) = error else {
            Issue.record(error, "not refused for its size")
            return
        }
        #expect(reason.hasPrefix("it has 3221225472 bytes, and no more than "))
    }

    @Test(
        "that lacks a file",
        arguments: [
            "config.json", "modules.json", "1_Pooling/config.json", "model.safetensors",
        ])
    func missingFile(name: String) async throws {
        let (error, folder) = try await refusal { try $0.remove(name) }
        #expect(error == .fileMissing("\(folder)/\(name)", .copyAgain))
        let advice = "is missing or unreadable; get the folder again from where it comes"
        #expect(error.description == "model file \(folder)/\(name) \(advice)")
    }

    @Test(
        "that has a pointer of Git LFS in the place of a file",
        arguments: ["model.safetensors", "tokenizer.json", "vocab.txt", "config.json"])
    func pointer(name: String) async throws {
        let pointer =
            "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 9\n"
        let (error, folder) = try await refusal { try $0.write(pointer, to: name) }
        let reason = "it is a pointer of Git LFS to the file, not the file"
        #expect(error == .malformedFile("\(folder)/\(name)", reason: reason, .pullLargeFiles(folder: folder)))
        #expect(
            error.description == "model file \(folder)/\(name) cannot be read: \(reason); run git lfs pull in \(folder)"
        )
    }

    @Test(
        "that has its weights in another form",
        arguments: ["pytorch_model.bin", "pytorch_model.bin.index.json", "onnx/model.onnx", "tf_model.h5"],
        [true, false])
    func otherWeights(name: String, isOfLibrary: Bool) async throws {
        let (error, folder) = try await refusal {
            try $0.remove("model.safetensors")
            try $0.write("x", to: name)
            for file in isOfLibrary ? [] : ["modules.json", "1_Pooling"] { try $0.remove(file) }
        }
        let found = try #require(name.split(separator: "/").first)
        #expect(error == .otherForm(folder, found: "only \(found) for weights, which is not read"))
        #expect(error.description.contains("have sentence-transformers load the model and save it"))
    }

    @Test("that sentence-transformers has not saved")
    func plainTransformer() async throws {
        let (error, _) = try await refusal { for file in ["modules.json", "1_Pooling"] { try $0.remove(file) } }
        #expect(error.description.contains("has no modules.json, by which sentence-transformers knows how"))
        #expect(error.description.contains("have sentence-transformers load the model and save it"))
    }

    @Test("that is a cache, with the folder of the revision that it names", arguments: ["ab12", nil])
    func cache(main: String?) async throws {
        let (error, folder) = try await refusal {
            for name in try FileManager.default.contentsOfDirectory(atPath: $0.path) { try $0.remove(name) }
            for revision in ["aa00", "ab12"] { try $0.write("{}", to: "snapshots/\(revision)/config.json") }
            if let main { try $0.write("\(main)\n", to: "refs/main") }
        }
        #expect(error == .cacheFolder(folder, revision: main ?? "aa00"))
        #expect(error.description.hasSuffix("name \(folder)/snapshots/\(main ?? "aa00")"))
    }

    @Test("that has neither tokenizer.json nor vocab.txt")
    func noVocabulary() async throws {
        let (error, folder) = try await refusal { try $0.remove("vocab.txt") }
        #expect(error == .fileMissing("\(folder)/tokenizer.json", .copyAgain))
    }

    @Test("and is to be fetched again only if Scripts/fetch-weights knows it")
    func remedy() async throws {
        let (error, folder) = try await refusal {
            try $0.write("{}", to: "model.lock.json")
            try $0.remove("config.json")
        }
        #expect(error == .fileMissing("\(folder)/config.json", .fetchWeights(name: "model")))
        #expect(error.description.hasSuffix("; fetch the model again with Scripts/fetch-weights model"))
    }

    @Test(
        "whose configuration is cut off",
        arguments: [
            "config.json", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json",
            "tokenizer_config.json",
        ])
    func malformedJSON(name: String) async throws {
        let (error, folder) = try await refusal { copy in
            let text = String(decoding: try copy.data(name), as: UTF8.self)
            try copy.write(String(text.prefix(text.count / 2)), to: name)
        }
        guard case .malformedFile("\(folder)/\(name)", let reason, .copyAgain) = error else {
            Issue.record(error)
            return
        }
        #expect(reason.hasPrefix("it is not valid JSON at line "))
        let advice = "cannot be read: \(reason); get the folder again from where it comes"
        #expect(error.description == "model file \(folder)/\(name) \(advice)")
    }

    @Test(
        "with a file that has another checksum, naming the file and both",
        arguments: [
            "model.safetensors", "vocab.txt", "config.json", "modules.json", "1_Pooling/config.json",
            "sentence_bert_config.json", "tokenizer_config.json",
        ])
    func checksumMismatch(name: String) async throws {
        let promised = String(repeating: "0123456789abcdef", count: 4)
        let (error, folder) = try await refusal { try $0.write("\(promised)  \(name)\n", to: "SHA256SUMS") }
        let expected = try #require(SHA256Digest(hexadecimal: promised))
        let got = try SHA256Hasher.digest(ofFileAt: Fixtures.path("toy/\(name)"))
        #expect(error == .checksum(.mismatch(path: "\(folder)/\(name)", expected: expected, got: got)))
        for part in ["\(folder)/\(name)", promised, got.hexadecimal] { #expect(error.description.contains(part)) }
    }

    @Test("with a list of checksums that cannot be understood")
    func malformedChecksums() async throws {
        let (error, folder) = try await refusal { try $0.write("model.safetensors\n", to: "SHA256SUMS") }
        #expect(error == .checksum(.malformedLine(list: "\(folder)/SHA256SUMS", line: 1)))
    }
}
