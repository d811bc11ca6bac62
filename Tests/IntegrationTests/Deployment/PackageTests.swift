import Foundation
import Testing

/// What `Scripts/package` puts together, as far as it can be told without making a package.
@Suite("The package", .timeLimit(.minutes(30)))
struct PackageTests {
    private static let programs = ["catalog-fetch", "catalog-server", "embedding-job"]
    private static let units = ["catalog-fetch@", "catalog-server", "embedding-job"].map {
        DeploymentFile.text("Scripts/systemd/\($0).service")
    }

    @Test("holds programs of one version, which the service's description has, too")
    func version() throws {
        let versions = try Self.programs.map { program in
            try DeploymentFile.tool([DeploymentFile.executable(program), "--version"]).output
        }
        #expect(Set(versions).count == 1)
        let description = Data(DeploymentFile.text("Sources/CatalogServer/Resources/openapi.json").utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: description) as? [String: Any])
        let version = (object["info"] as? [String: Any])?["version"] as? String
        #expect(version.map { $0 + "\n" } == versions.first)
    }

    @Test("is of the version that the list of changes begins with, and that the chapter on installing names")
    func versionOfTexts() throws {
        let version = try DeploymentFile.job(["--version"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
        let changes = DeploymentFile.text("CHANGELOG.md").firstMatch(of: /(?m)^## \[([0-9.]+)\]/)
        #expect(changes.map { String($0.1) } == version)
        let chapter = DeploymentFile.text("Sources/EmbeddingJob/EmbeddingJob.docc/Install.md")
        for file in [
            "package/embedding-job_\(version)_amd64.deb", "package/embedding-job-\(version)-linux-amd64.tar.gz",
        ] {
            #expect(chapter.contains(file))
        }
    }

    @Test("finds the program of every unit where it looks for what it changes, and nothing else of the folder")
    func unitPrograms() throws {
        for unit in Self.units {
            let program = try #require(unit.firstMatch(of: /\nExecStart=\/usr\/local\/bin\/([a-z-]+)/)).1
            #expect(Self.programs.contains(String(program)))
            #expect(unit.matches(of: /\/usr\/local/).count == 1)
        }
    }

    @Test("brings settings, all commented out, for every unit that reads some, by names that its program reads")
    func settings() throws {
        for (program, unit) in zip(Self.programs, Self.units) {
            #expect(unit.contains("\nEnvironmentFile=/etc/\(program)/environment\n"))
            let settings = DeploymentFile.text("Scripts/packaging/etc/\(program)")
            let lines = settings.split(separator: "\n")
            #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("#") })
            let executable = DeploymentFile.executable(program)
            let help = try DeploymentFile.tool([executable, "--experimental-dump-help"]).output
            let names = settings.matches(of: /(?m)^#([A-Z_]+)=/).map { String($0.1) }
            #expect(!names.isEmpty && names.allSatisfy(help.contains), "\(program): \(names)")
        }
    }
}
