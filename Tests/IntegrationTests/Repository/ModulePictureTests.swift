import Foundation
import Testing

/// The picture of the modules in CONTRIBUTING, against what the package's manifest says.
@Suite("The picture of the modules")
struct ModulePictureTests {
    /// An arrow from a target to one that it depends on.
    private struct Arrow: Hashable, CustomStringConvertible {
        let from: String
        let to: String

        var description: String { "\(from) ─► \(to)" }
    }

    @Test("has every arrow of the manifest, and no other")
    func arrows() throws {
        let picture = try Self.picture()
        let manifest = try Manifest.load().modules
        let drawn = Set(picture.flatMap { module in module.dependencies.map { Arrow(from: module.name, to: $0) } })
        let declared = Set(manifest.flatMap { module in module.dependencies.map { Arrow(from: module.name, to: $0) } })
        try #require(!declared.isEmpty)
        #expect(declared.subtracting(drawn) == [], "arrows that the picture lacks")
        #expect(drawn.subtracting(declared) == [], "arrows that the manifest does not have")
    }

    @Test("shows every module of the manifest, those without tests and test support alone")
    func modules() throws {
        let picture = try Self.picture()
        let shown = Set(picture.flatMap { [$0.name] + $0.dependencies })
        #expect(shown == Set(try Manifest.load().modules.map(\.name)))
    }

    @Test("has arrows that point down: nothing depends on what stands above it")
    func layers() throws {
        let picture = try Self.picture()
        let names = picture.map(\.name)
        #expect(names.count == Set(names).count, "a module has one line")
        for (row, module) in picture.enumerated() {
            let above = module.dependencies.filter(names[...row].contains)
            #expect(above == [], "\(module.name) stands below what it depends on")
        }
    }

    // MARK: - The two sides

    private typealias Module = (name: String, dependencies: [String])

    /// The lines of the picture, `Name ─► Dependency, Dependency`; a line that begins with a blank continues the one before,
    /// and what stands in parentheses is for the reader.
    private static func picture() throws -> [Module] {
        let page = DeploymentFile.text("CONTRIBUTING.md")
        let chapter = try #require(page.firstMatch(of: /\n## Modules\n[^`]*```\n([^`]*)\n```/)).1
        let lines = chapter.replacing(/\n +/, with: " ").replacing(#/ *\([^)]*\)/#, with: "").split(separator: "\n")
        return try lines.map { line in
            let sides = try #require(line.wholeMatch(of: /(\w+) +─► (.+)/), "no line of the picture: \(line)")
            return (String(sides.1), sides.2.split(separator: ", ").map(String.init))
        }
    }

    /// What `swift package dump-package` prints.
    private struct Manifest: Decodable {
        struct Target: Decodable {
            struct Dependency: Decodable {
                /// A target of the package; `nil` for a product of another one.
                let name: String?

                private enum CodingKeys: CodingKey { case byName, target }

                init(from decoder: any Decoder) throws {
                    let container = try decoder.container(keyedBy: CodingKeys.self)
                    let key = CodingKeys.byName
                    // Each kind is an array of the name and the conditions under which it counts.
                    name = try [key, .target].lazy.filter(container.contains).first.map { key in
                        var values = try container.nestedUnkeyedContainer(forKey: key)
                        return try values.decode(String.self)
                    }
                }
            }

            let name: String
            let type: String
            let path: String?
            let dependencies: [Dependency]
        }

        let targets: [Target]

        /// All targets but the tests and what supports them.
        var modules: [Module] {
            targets.filter { $0.type != "test" && $0.path?.hasPrefix("Tests/") != true }
                .map { ($0.name, $0.dependencies.compactMap(\.name)) }
        }

        /// Asks the package manager, which may be running these tests and then keeps its own build folder to itself.
        static func load() throws -> Manifest {
            let root = URL(filePath: #filePath).appending(path: "../../../..").standardized.path
            let folder = FileManager.default.temporaryDirectory.appending(path: "manifest-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let outcome = try DeploymentFile.tool([
                "swift", "package", "--package-path", root, "--scratch-path", folder, "dump-package",
            ])
            try #require(outcome.exitStatus == 0, "\(outcome.errors)")
            return try JSONDecoder().decode(Manifest.self, from: Data(outcome.output.utf8))
        }
    }
}
