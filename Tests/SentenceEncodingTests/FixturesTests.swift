import Checksum
import Foundation
import Testing
import TestSupport

@Suite("Fixtures")
struct FixturesTests {
    private struct Manifest: Decodable {
        struct Model: Decodable { let sha256: String }

        let model: Model
        let files: [String: String]
    }

    private let manifest: Manifest

    init() throws {
        let contents = try Data(contentsOf: URL(filePath: Fixtures.path("MANIFEST.json")))
        manifest = try JSONDecoder().decode(Manifest.self, from: contents)
    }

    @Test("are what the script wrote, down to the last bit")
    func digests() throws {
        #expect(manifest.files.count > 10)
        for (file, digest) in manifest.files {
            #expect(try SHA256Hasher.digest(ofFileAt: Fixtures.path(file)).hexadecimal == digest, "\(file)")
        }
    }

    @Test("were made with the weights that the tests load", .requiresWeights)
    func weights() throws {
        let digest = try SHA256Hasher.digest(ofFileAt: Fixtures.realModel + "/model.safetensors")
        #expect(digest.hexadecimal == manifest.model.sha256)
    }
}
