import Foundation
import Testing

/// What deploys the service, against the program and against the image that holds it.
@Suite("The service's deployment files", .timeLimit(.minutes(30)))
struct ServerDeploymentTests {
    private static let manifest = KubernetesManifest.server
    private static let arguments = KubernetesManifest.items(manifest.container("args"))
    private static let dockerfile = DeploymentFile.text("Dockerfile")
    private static let compose = DeploymentFile.text("compose.yaml")
    private static let units = ["catalog-server", "embedding-job"].map {
        DeploymentFile.text("Scripts/systemd/\($0).service")
    }

    // MARK: - Command lines

    @Test("name only options that the service has")
    func serverOptions() throws {
        let help = try DeploymentFile.server(["help", "serve"]).output
        let inCompose = try #require(Self.compose.firstMatch(of: /entrypoint: \[catalog-server\]\n +command: (\[.*\])/))
        let inUnit = try #require(Self.units[0].firstMatch(of: /ExecStart=\/usr\/local\/bin\/catalog-server (.*)/))
        let unitWords = inUnit.1.split(separator: " ").map(String.init)
        let words = Self.arguments + KubernetesManifest.items(String(inCompose.1)) + unitWords
        #expect(Set(words.filter { $0.hasPrefix("--") }).subtracting(Self.options(help)) == [])
    }

    @Test("have the scheduled run take tasks, by options that it has")
    func jobOptions() throws {
        let options = Self.options(try DeploymentFile.job(["help", "run"]).output)
        let cronJob = KubernetesManifest.items(KubernetesManifest.cronJob.container("args"))
        let lines = try [Self.compose, Self.units[1]].map { text in
            let line = try #require(text.firstMatch(of: /embedding-job (run --adopt-tasks --max-runtime[^&\n]*)/))
            return line.1.split(separator: " ").map(String.init)
        }
        for line in lines + [cronJob] {
            #expect(line.starts(with: ["run", "--adopt-tasks"]))
            #expect(Set(line.filter { $0.hasPrefix("--") }).subtracting(options) == [])
        }
    }

    private static func options(_ help: String) -> Set<String> {
        Set(help.matches(of: /\n +(--[a-z][a-z-]*)/).map { String($0.1) })
    }

    // MARK: - Addresses

    @Test("send the probes, the Service and whoever is let in to the port on which it listens")
    func ports() throws {
        let option = try #require(Self.arguments.firstIndex(of: "--port"))
        let port = Self.arguments[option + 1]
        #expect(Self.manifest.container("ports.containerPort") == port)
        let name = try #require(Self.manifest.container("ports.name"))
        for (probe, path) in [("startup", "/healthz"), ("liveness", "/healthz"), ("readiness", "/readyz")] {
            #expect(Self.manifest.container("\(probe)Probe.httpGet.path") == path)
            #expect(Self.manifest.container("\(probe)Probe.httpGet.port") == name)
        }
        #expect(KubernetesManifest.serverAddress.value("spec.ports.targetPort") == name)
        let overlay = KubernetesManifest.kustomization("service")
        #expect(overlay.values("patches.patch.path").last == "/spec/ingress")
        #expect(overlay.value("patches.patch.value.ports.port") == port)
    }

    @Test("choose the pods by the label that they have")
    func labels() {
        let label = "app.kubernetes.io/name"
        let name = Self.manifest.value("metadata.labels." + label)
        #expect(name == "catalog-server")
        #expect(Self.manifest.job("selector.matchLabels." + label) == name)
        #expect(Self.manifest.job("template.metadata.labels." + label) == name)
        #expect(KubernetesManifest.serverAddress.value("spec.selector." + label) == name)
    }

    @Test("hand it the keys as a file that its user may read")
    func keys() throws {
        let option = try #require(Self.arguments.firstIndex(of: "--keys"))
        let folder = try #require(Self.manifest.container("volumeMounts.mountPath"))
        let file = try #require(Self.manifest.pod("volumes.secret.items.path"))
        #expect(Self.arguments[option + 1] == "\(folder)/\(file)")
        #expect(Self.manifest.pod("volumes.name") == Self.manifest.container("volumeMounts.name"))
        #expect(Self.manifest.pod("volumes.secret.defaultMode") == "0440")
        #expect(Self.manifest.pod("securityContext.fsGroup") == Self.manifest.pod("securityContext.runAsGroup"))
    }

    // MARK: - Confinement

    @Test("run the pods without root, without writing and within limits")
    func confinement() throws {
        let user = try #require(Self.dockerfile.firstMatch(of: /\nUSER ([1-9][0-9]*):([1-9][0-9]*)\n/))
        #expect(Self.manifest.pod("securityContext.runAsUser") == String(user.1))
        #expect(Self.manifest.pod("securityContext.runAsGroup") == String(user.2))
        #expect(Self.manifest.pod("securityContext.runAsNonRoot") == "true")
        #expect(Self.manifest.pod("securityContext.seccompProfile.type") == "RuntimeDefault")
        #expect(Self.manifest.pod("automountServiceAccountToken") == "false")
        #expect(Self.manifest.container("securityContext.readOnlyRootFilesystem") == "true")
        #expect(Self.manifest.container("securityContext.allowPrivilegeEscalation") == "false")
        #expect(Self.manifest.container("securityContext.capabilities.drop") == "[ALL]")
        #expect(Self.manifest.container("resources.limits.cpu") != nil)
        #expect(Self.manifest.container("resources.limits.memory") != nil)
        // The server takes up to 20 seconds to finish.
        let grace = try #require(Self.manifest.pod("terminationGracePeriodSeconds").flatMap(Int.init))
        #expect(grace > 20)
    }

    @Test("run it from the image of the job, which holds both")
    func image() {
        #expect(Self.manifest.container("image") == KubernetesManifest.cronJob.container("image"))
        #expect(Self.manifest.container("command") == "[catalog-server]")
        #expect(Self.dockerfile.contains("\nCOPY --from=build /embedding-job /catalog-server /usr/local/bin/\n"))
        #expect(Self.dockerfile.contains("\nENTRYPOINT [\"embedding-job\"]\nCMD [\"run\"]\n"))
    }
}
