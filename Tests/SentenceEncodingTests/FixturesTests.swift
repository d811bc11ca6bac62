import Checksum
import ComputeTestSupport
import Foundation
import Testing

@Suite("Fixtures")
struct FixturesTests {
    private struct Manifest: Decodable {
        struct Model: Decodable { let sha256: String }

        let model: Model?
        let files: [String: String]
    }

    private func manifest(_ folder: String) throws -> Manifest {
        let contents = try Data(contentsOf: URL(filePath: Fixtures.path(folder + "MANIFEST.json")))
        return try JSONDecoder().decode(Manifest.self, from: contents)
    }

    @Test("are what the scripts wrote, down to the last bit", arguments: ["", "architectures/", "folders/"])
    func digests(folder: String) throws {
        let manifest = try manifest(folder)
        #expect(manifest.files.count > 10 || folder == "folders/")
        for (file, digest) in manifest.files {
            #expect(try SHA256Hasher.digest(ofFileAt: Fixtures.path(folder + file)).hexadecimal == digest, "\(file)")
        }
    }

    @Test("were made with the weights that the tests load", .requiresWeights)
    func weights() throws {
        let digest = try SHA256Hasher.digest(ofFileAt: Fixtures.realModel + "/model.safetensors")
        #expect(try digest.hexadecimal == manifest("").model?.sha256)
    }
}
