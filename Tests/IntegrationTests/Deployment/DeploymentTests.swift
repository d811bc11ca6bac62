import DatasetTable
import Foundation
import PostgresTestSupport
import Testing

/// What the image, the manifests and their page say, against the program they are about.
@Suite("The deployment files", .timeLimit(.minutes(30)))
struct DeploymentTests {
    private static let manifests: [KubernetesManifest] = [.cronJob, .backfill]
    private static let withPatches = manifests + [.gpuPatch]
    private static let withFetches = manifests + KubernetesManifest.fetches
    private static let page = DeploymentFile.text("Scripts/kubernetes/README.md")
    private static let dockerfile = DeploymentFile.text("Dockerfile")

    // MARK: - Options, variables and exit statuses

    @Test("give the container arguments that the command line takes", arguments: withPatches)
    func arguments(manifest: KubernetesManifest) throws {
        let arguments = KubernetesManifest.items(manifest.container("args"))
        #expect(arguments.first { !$0.hasPrefix("backfill") } == "run")
        // Without a database the run ends before it connects: 78 if its arguments were understood, 64 if not.
        let environment = manifest.environment.compactMapValues(\.self)
        // Which Kubernetes sets in every pod of an Indexed Job.
        let completed = environment.merging(["JOB_COMPLETION_INDEX": "0"]) { value, _ in value }
        let outcome = try DeploymentFile.job(arguments, environment: completed)
        #expect(outcome.exitStatus == ExitReason.configuration.exitCode)
        #expect(outcome.errors.contains("--database-url"))
        for name in environment.keys {
            #expect(!outcome.errors.contains(name), "the value of \(name) is refused")
        }
    }

    @Test("name only options that `run` has")
    func options() throws {
        let help = try DeploymentFile.job(["help", "run"]).output
        let options = Set(help.matches(of: /\n +(--[a-z][a-z-]*)/).map { String($0.1) })
        let named =
            Self.withPatches.flatMap { $0.text.matches(of: /--[a-z][a-z-]*/).map { String($0.0) } }
            + Self.page.matches(of: /`(--[a-z][a-z-]*)/).map { String($0.1) }
        try #require(!named.isEmpty)
        #expect(Set(named).subtracting(options) == [])
    }

    @Test("name only environment variables that the help names")
    func variables() throws {
        let help = try DeploymentFile.job(["help", "run"]).output
        let known = Set(help.matches(of: /\b[A-Z][A-Z_]+\b/).map { String($0.0) })
        let named = (Self.withPatches.map(\.text) + [Self.page, Self.dockerfile])
            .flatMap { $0.matches(of: /\b(EMBEDDING_[A-Z_]+|DATABASE_URL)\b/).map { String($0.0) } }
        #expect(Set(named).isSuperset(of: ["DATABASE_URL", "EMBEDDING_MODEL", "EMBEDDING_PODS", "EMBEDDING_WEIGHTS"]))
        #expect(Set(named).subtracting(known) == [])
    }

    @Test("tell the program the number of pods by a variable that it reads")
    func numberOfPods() throws {
        let environment = ["JOB_COMPLETION_INDEX": "0", "EMBEDDING_PODS": "none"]
        #expect(try DeploymentFile.job(["run"], environment: environment).errors.contains("EMBEDDING_PODS"))
    }

    @Test("set no variable that neither the program nor libpq reads", arguments: manifests)
    func environment(manifest: KubernetesManifest) {
        let names = Set(manifest.environment.keys)
        #expect(names.contains("DATABASE_URL"))
        #expect(names.filter { !$0.hasPrefix("EMBEDDING_") }.subtracting(["DATABASE_URL", "PGPASSWORD"]) == [])
    }

    @Test(
        "fail the job at once for every exit status that a retry cannot mend, and for no other", arguments: withFetches)
    func failurePolicy(manifest: KubernetesManifest) {
        let statuses = Set(ExitReason.allCases.map(\.exitCode)).subtracting([
            ExitReason.drained.exitCode, ExitReason.database.exitCode, ExitReason.signal.exitCode,
        ])
        let rules = "podFailurePolicy.rules."
        let values = KubernetesManifest.items(manifest.job(rules + "onExitCodes.values"))
        #expect(values == statuses.sorted().map(String.init))
        #expect(manifest.job(rules + "onExitCodes.operator") == "In")
        #expect(manifest.job(rules + "onExitCodes.containerName") == manifest.container("name"))
        #expect(manifest.job(rules + "onPodConditions.type") == "DisruptionTarget")
        // The first rule that matches decides.
        let actions = manifest.text.matches(of: /action: ([A-Za-z]+)/).map { String($0.1) }
        #expect(actions == ["Ignore", "FailJob"])
    }

    @Test("explain every exit status with the reasons that have it")
    func exitStatuses() throws {
        var explained: Set<Int32> = []
        for row in Self.page.matches(of: /(?m)^\| ([0-9]+) \| ([^|]*) \| ([^|]*) \|/) {
            let status = try #require(Int32(row.1))
            // Not a status of the program: it was killed.
            guard status != 137 else { continue }
            explained.insert(status)
            for name in row.2.matches(of: /`([a-z_]+)`/) {
                let reason = try #require(ExitReason(rawValue: String(name.1)), "no reason of the name \(name.1)")
                #expect(reason.exitCode == status)
            }
            #expect(row.3.contains("fails the Job") == Self.failing.contains("\(status)"))
        }
        #expect(explained == Set(ExitReason.allCases.map(\.exitCode)))
    }

    private static let failing = KubernetesManifest.items(
        KubernetesManifest.cronJob.job("podFailurePolicy.rules.onExitCodes.values"))

    // MARK: - Schedule

    @Test("end a scheduled run before the next tick: softly, then hard, with time to stop in between")
    func schedule() throws {
        let manifest = KubernetesManifest.cronJob
        #expect(manifest.value("spec.schedule") == "*/30 * * * *")
        #expect(manifest.value("spec.concurrencyPolicy") == "Forbid")
        let interval = 1800
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

    @Test("drain a backlog in as many pods as they are told of, without a deadline")
    func backfill() throws {
        let manifest = KubernetesManifest.backfill
        #expect(manifest.job("completionMode") == "Indexed")
        let pods = try #require(manifest.job("completions").flatMap(Int.init))
        #expect(manifest.job("parallelism") == "\(pods)")
        #expect(manifest.job("maxFailedIndexes") == "\(pods)")
        #expect(manifest.environment["EMBEDDING_PODS"] == "\(pods)")
        #expect(manifest.job("backoffLimitPerIndex") == "5")
        #expect(!manifest.text.contains("activeDeadlineSeconds"))
        #expect(!KubernetesManifest.items(manifest.container("args")).contains("--max-runtime"))
    }

    @Test("make one pod with a GPU of it by a patch, which finds the Job and the container by their names")
    func gpu() {
        let (patch, backfill) = (KubernetesManifest.gpuPatch, KubernetesManifest.backfill)
        for path in ["apiVersion", "kind", "metadata.name"] {
            #expect(patch.value(path) != nil && patch.value(path) == backfill.value(path))
        }
        #expect(patch.container("name") == "embed" && backfill.container("name") == "embed")
        for count in ["completions", "parallelism", "maxFailedIndexes"] { #expect(patch.job(count) == "1") }
        #expect(patch.environment == ["EMBEDDING_PODS": "1"])
        #expect(patch.container("resources.limits.nvidia.com/gpu") == "1")
        #expect(KubernetesManifest.items(patch.container("args")).suffix(2) == ["--device", "cuda"])
        #expect(patch.container("image") == backfill.container("image").map { $0 + "-gpu" })
        // What the image is made as, and what is made if nothing is said.
        #expect(Self.dockerfile.contains("\nFROM runtime AS gpu\n"))
        #expect(Self.dockerfile.components(separatedBy: "\nFROM ").last == "runtime\n")
    }

    // MARK: - Confinement

    @Test("run the container without root, without writing and within limits", arguments: withFetches)
    func confinement(manifest: KubernetesManifest) {
        #expect(manifest.pod("restartPolicy") == "Never")
        #expect(manifest.pod("terminationGracePeriodSeconds") == "30")
        #expect(manifest.pod("automountServiceAccountToken") == "false")
        #expect(manifest.pod("securityContext.runAsNonRoot") == "true")
        #expect(manifest.pod("securityContext.seccompProfile.type") == "RuntimeDefault")
        #expect(manifest.container("securityContext.readOnlyRootFilesystem") == "true")
        #expect(manifest.container("securityContext.allowPrivilegeEscalation") == "false")
        #expect(manifest.container("securityContext.capabilities.drop") == "[ALL]")
        #expect(manifest.container("resources.limits.cpu") != nil)
        #expect(manifest.container("resources.limits.memory") != nil)
    }

    @Test("run the container as the image's own user", arguments: withFetches)
    func user(manifest: KubernetesManifest) throws {
        let user = try #require(Self.dockerfile.firstMatch(of: /\nUSER ([1-9][0-9]*):([1-9][0-9]*)\n/))
        #expect(manifest.pod("securityContext.runAsUser") == String(user.1))
        #expect(manifest.pod("securityContext.runAsGroup") == String(user.2))
    }

    // MARK: - Image

    @Test("carry the version of the program")
    func version() throws {
        try ImageStage("runtime").expectVersion(of: "embedding-job", in: Self.manifests)
    }

    @Test("install exactly the packages whose libraries the program needs", .requiresImageSystem)
    func libraries() throws {
        // The first of the stages that install any without Scripts/setup: the one that both images are made of.
        let installed = try ImagePackages.installed(by: Self.dockerfile)
        #expect(try ImagePackages.needed(by: DeploymentFile.executable) == installed)
    }
}
