import Foundation
import Testing

/// What the overlays are put together from; whether Kubernetes takes it is for `Scripts/kubernetes/check` to find out.
@Suite("The overlays for Kubernetes", .timeLimit(.minutes(30)))
struct KustomizationTests {
    private static let overlays = ["backfill", "backfill-gpu", "drain", "service", "sources"]
    private static let network = KubernetesManifest.network

    @Test("are all on the page, and no other")
    func page() {
        #expect(DeploymentFile.names(in: "Scripts/kubernetes/overlays") == Self.overlays)
        let page = DeploymentFile.text("Scripts/kubernetes/README.md")
        let rows = page.matches(of: /(?m)^\| \[`overlays\/([a-z-]+)`\]\(overlays\/([a-z-]+)\) \|/)
        #expect(rows.map { String($0.1) }.sorted() == Self.overlays)
        #expect(rows.allSatisfy { $0.1 == $0.2 })
    }

    @Test("name all files of their folder, each once", arguments: overlays)
    func files(overlay: String) {
        let kustomization = KubernetesManifest.kustomization(overlay)
        let resources = KubernetesManifest.items(kustomization.value("resources"))
        let own = resources.filter { !$0.hasPrefix("../") } + kustomization.values("patches.path")
        let files = DeploymentFile.names(in: "Scripts/kubernetes/overlays/\(overlay)")
        #expect((own + ["kustomization.yaml"]).sorted() == files)
    }

    @Test("begin with the policy that all pods share, or with an overlay that does", arguments: overlays)
    func base(overlay: String) {
        let resources = KubernetesManifest.items(KubernetesManifest.kustomization(overlay).value("resources"))
        #expect(resources.first == (overlay == "backfill-gpu" ? "../backfill" : "../../base"))
    }

    // MARK: - Networks

    @Test("let the job out to the database first, then to names, and nothing in")
    func jobNetwork() {
        #expect(Self.network.value("spec.policyTypes") == "[Ingress, Egress]")
        #expect(!Self.network.text.contains("ingress:"))
        #expect(Self.network.values("spec.egress.ports.port") == ["5432", "53", "53"])
    }

    @Test("give each policy the labels of the pods that it is for")
    func labels() {
        let label = "app.kubernetes.io/"
        let pods: [(overlay: String, pod: KubernetesManifest)] =
            [("drain", .cronJob), ("backfill", .backfill), ("service", .server)]
            + KubernetesManifest.fetches.map { ("sources", $0) }
        for (overlay, pod) in pods {
            let selected = Self.selected(by: overlay)
            for key in selected.keys {
                #expect(pod.job("template.metadata.labels." + label + key) == selected[key], "\(overlay)")
            }
            #expect(selected["name"] != nil, "\(overlay)")
        }
        // These two have the same name.
        #expect(Self.selected(by: "drain") != Self.selected(by: "backfill"))
    }

    /// The labels that the policy of an overlay asks for, by the last part of their keys.
    private static func selected(by overlay: String) -> [String: String] {
        let label = "spec.podSelector.matchLabels.app.kubernetes.io/"
        var labels = ["name": network.value(label + "name")].compactMapValues(\.self)
        let patches = KubernetesManifest.kustomization(overlay).text
        let pattern = /path: \/spec\/podSelector\/matchLabels\/app\.kubernetes\.io~1([a-z]+)\n +value: ([a-z-]+)\n/
        for match in patches.matches(of: pattern) {
            labels[String(match.1)] = String(match.2)
        }
        return labels
    }
}
