import Foundation
import Testing

/// A stage of the Dockerfile that becomes an image, with the stages that it is built on.
struct ImageStage {
    let text: String

    init(_ name: String) throws {
        let stages = DeploymentFile.text("Dockerfile").components(separatedBy: "\nFROM ")
        var (text, base) = ("", Optional(name))
        while let name = base, let stage = stages.first(where: { $0.prefix { $0 != "\n" }.hasSuffix(" AS \(name)") }) {
            text = stage + "\n" + text
            // An image of somebody else's is no stage, and ends the search.
            base = stage.split(separator: " ").first.map(String.init)
        }
        try #require(!text.isEmpty, "no stage \(name)")
        self.text = text
    }

    /// Expects that the image, and the manifests that run it, are of the version of the executable in it.
    func expectVersion(
        of program: String, in manifests: [KubernetesManifest], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try DeploymentFile.tool([DeploymentFile.executable(program), "--version"])
        let version = outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
        try #require(!version.isEmpty && !manifests.isEmpty, sourceLocation: sourceLocation)
        for manifest in manifests {
            let image = manifest.container("image")
            #expect(
                image?.hasSuffix("/\(program):\(version)") == true, "\(manifest.name)", sourceLocation: sourceLocation)
        }
        let label = "org.opencontainers.image.version=\"\(version)\""
        #expect(text.contains(label), sourceLocation: sourceLocation)
    }
}
