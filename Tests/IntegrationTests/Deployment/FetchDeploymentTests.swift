import DatasetTable
import Foundation
import Testing

/// What deploys catalog-fetch, against the program and against the image that holds it.
@Suite("The deployment files of catalog-fetch", .timeLimit(.minutes(30)))
struct FetchDeploymentTests {
    private static let commands = ["huggingface", "kaggle-latest", "kaggle-enrich"]
    private static let unit = DeploymentFile.text("Scripts/systemd/catalog-fetch@.service")

    // MARK: - Command lines

    @Test("schedule each command that asks a source, once")
    func schedules() {
        let manifests = KubernetesManifest.fetches
        #expect(manifests.compactMap { KubernetesManifest.items($0.container("args")).first } == Self.commands)
        #expect(manifests.compactMap { $0.value("metadata.name") } == Self.commands.map { "catalog-fetch-\($0)" })
        for command in Self.commands {
            // A timer starts the unit of its own name.
            #expect(DeploymentFile.text("Scripts/systemd/catalog-fetch@\(command).timer").contains("\nOnCalendar="))
        }
    }

    @Test("give the container arguments that the command line takes", arguments: KubernetesManifest.fetches)
    func arguments(manifest: KubernetesManifest) throws {
        try Self.expectUnderstood(KubernetesManifest.items(manifest.container("args")))
    }

    @Test("give the unit's command arguments that it takes", arguments: commands)
    func unitArguments(command: String) throws {
        let line = try #require(Self.unit.firstMatch(of: /\nExecStart=\/usr\/local\/bin\/catalog-fetch (%i .*)\n/)).1
        try Self.expectUnderstood(line.replacing("%i", with: command).split(separator: " ").map(String.init))
    }

    /// Without a database a run ends before it connects: 78 if its arguments were understood, 64 if not.
    private static func expectUnderstood(_ arguments: [String]) throws {
        let outcome = try DeploymentFile.fetcher(arguments)
        #expect(outcome.exitStatus == ExitReason.configuration.exitCode)
        #expect(outcome.errors.contains("--database-url"))
    }

    @Test("take the database and keys from a secret, under names that are read", arguments: KubernetesManifest.fetches)
    func environment(manifest: KubernetesManifest) throws {
        let ofDatabase: Set = ["DATABASE_URL", "PGPASSWORD"]
        let names = Set(manifest.environment.keys)
        #expect(names.isSuperset(of: ofDatabase))
        let keys = names.subtracting(ofDatabase)
        let help = try DeploymentFile.fetcher(["--help"]).output
        #expect(!keys.isEmpty && keys.allSatisfy { help.contains($0) })
        #expect(manifest.environment.values.allSatisfy { $0 == nil }, "none has a value in the file")
    }

    // MARK: - Schedule

    @Test(
        "end a run before the next one begins: softly, then hard, with time to stop in between",
        arguments: KubernetesManifest.fetches)
    func deadlines(manifest: KubernetesManifest) throws {
        let schedule = try #require(manifest.value("spec.schedule"))
        let hour = try #require(schedule.wholeMatch(of: /[0-9]+ ([0-9]+|\*) \* \* \*/), "neither hourly nor daily").1
        let interval = hour == "*" ? 3600 : 86_400
        #expect(manifest.value("spec.concurrencyPolicy") == "Forbid")
        let tolerance = try #require(manifest.value("spec.startingDeadlineSeconds").flatMap(Int.init))
        #expect((1...interval).contains(tolerance))
        let hard = try #require(manifest.job("activeDeadlineSeconds").flatMap(Int.init))
        let grace = try #require(manifest.pod("terminationGracePeriodSeconds").flatMap(Int.init))
        let arguments = KubernetesManifest.items(manifest.container("args"))
        let option = try #require(arguments.firstIndex(of: "--max-runtime"))
        let soft = try #require(arguments[(option + 1)...].first.flatMap(Int.init))
        #expect(soft + 2 * grace < hard)
        #expect(hard + grace < interval)
    }

    @Test("end a run of the unit within the hour likewise")
    func unitDeadlines() throws {
        func number(_ pattern: Regex<(Substring, Substring)>) throws -> Int {
            try #require(Self.unit.firstMatch(of: pattern).flatMap { Int($0.output.1) })
        }
        let soft = try number(/--max-runtime ([0-9]+)\n/)
        let hard = try number(/\nTimeoutStartSec=([0-9]+)\n/)
        let grace = try number(/\nTimeoutStopSec=([0-9]+)\n/)
        #expect(soft + 2 * grace < hard)
        #expect(hard + grace < 3600)
    }

    @Test("confine the unit as the job's")
    func unitConfinement() throws {
        let job = DeploymentFile.text("Scripts/systemd/embedding-job.service")
        let rules = try #require(job.firstRange(of: "\nDynamicUser=yes\n")).lowerBound
        #expect(Self.unit.hasSuffix(String(job[rules...])))
    }

    // MARK: - Image

    @Test("run it from an image of its own, without a model, as the user of the job's")
    func image() throws {
        let stage = try ImageStage("fetch")
        try stage.expectVersion(of: "catalog-fetch", in: KubernetesManifest.fetches)
        #expect(stage.text.contains("\nCOPY --from=build /catalog-fetch /usr/local/bin/\n"))
        #expect(stage.text.contains("\nENTRYPOINT [\"catalog-fetch\"]\n"))
        #expect(!stage.text.contains("weights"))
        let user = try #require(ImageStage("runtime").text.firstMatch(of: /\nUSER [0-9]+:[0-9]+\n/)).output
        #expect(stage.text.contains(user))
    }

    @Test("install exactly the packages whose libraries it needs", .requiresImageSystem)
    func libraries() throws {
        let installed = try ImagePackages.installed(by: ImageStage("fetch").text)
        #expect(try ImagePackages.needed(by: DeploymentFile.executable("catalog-fetch")) == installed)
    }

    @Test("offer that image in Compose for whoever asks for it")
    func compose() throws {
        let compose = DeploymentFile.text("compose.yaml")
        let service = try #require(compose.firstMatch(of: /\n  catalog-fetch:\n((?: {4}.*\n)+)/)).1
        #expect(service.contains("    image: catalog-fetch\n"))
        #expect(service.contains("    profiles: [sources]\n"))
        #expect(compose.contains("command: [schema, --search, --tasks, --catalog, --apply]"))
    }
}
