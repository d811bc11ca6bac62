import Foundation
import Testing

/// A Kubernetes manifest as paths and values.
///
/// Reads only what the manifests use: block mappings and sequences, indented, with scalars or flow sequences of scalars.
struct KubernetesManifest: CustomTestStringConvertible {
    /// A value and its keys from the root down, joined by dots; items of a sequence share the path of the sequence.
    struct Entry {
        let path: String
        let value: String
    }

    let name: String
    let text: String
    private let entries: [Entry]

    static let cronJob = KubernetesManifest(named: "overlays/drain/cronjob.yaml")
    static let backfill = KubernetesManifest(named: "overlays/backfill/job.yaml")
    /// Only what differs from ``backfill`` on a node with a GPU.
    static let gpuPatch = KubernetesManifest(named: "overlays/backfill-gpu/job-patch.yaml")

    /// The jobs that ask sources.
    static let fetches = ["huggingface", "kaggle-latest", "kaggle-enrich"].map {
        KubernetesManifest(named: "overlays/sources/\($0).yaml")
    }

    static let server = KubernetesManifest(named: "overlays/service/deployment.yaml")
    static let serverAddress = KubernetesManifest(named: "overlays/service/service.yaml")

    /// The policy that each overlay makes its own.
    static let network = KubernetesManifest(named: "base/network-policy.yaml")

    /// What an overlay is made of; its patches are read as if they did not stand in a block of text.
    static func kustomization(_ overlay: String) -> KubernetesManifest {
        KubernetesManifest(named: "overlays/\(overlay)/kustomization.yaml")
    }

    var testDescription: String { value("metadata.name").map { "\(name): \($0)" } ?? name }

    private init(named name: String) {
        self.name = name
        text = DeploymentFile.text("Scripts/kubernetes/\(name)")
        entries = Self.entries(of: text)
    }

    /// The one value of a path below the Job's own `spec`; `nil` if there is none or more than one.
    func job(_ path: String) -> String? {
        let prefix = entries.contains { $0.path == "kind" && $0.value == "CronJob" } ? "spec.jobTemplate." : ""
        return value(prefix + "spec." + path)
    }

    /// The one value of a path below the pod's `spec`.
    func pod(_ path: String) -> String? {
        job("template.spec." + path)
    }

    /// The one value of a path below the container.
    func container(_ path: String) -> String? {
        pod("containers." + path)
    }

    /// The one value of a path from the root.
    func value(_ path: String) -> String? {
        let values = values(path)
        return values.count == 1 ? values.first : nil
    }

    /// All values of a path from the root.
    func values(_ path: String) -> [String] {
        entries.filter { $0.path == path }.map(\.value)
    }

    /// The items of a flow sequence.
    static func items(_ value: String?) -> [String] {
        guard let value, value.hasPrefix("["), value.hasSuffix("]") else { return [] }
        return value.dropFirst().dropLast().split(separator: ",").map { scalar($0) }
    }

    /// The names of the container's environment; those that get a value from elsewhere have none here.
    var environment: [String: String?] {
        var environment: [String: String?] = [:]
        var name = ""
        for entry in entries {
            if entry.path.hasSuffix("containers.env.name") {
                name = entry.value
                environment[name] = .some(nil)
            } else if entry.path.hasSuffix("containers.env.value") {
                environment[name] = entry.value
            }
        }
        return environment
    }

    private static func entries(of text: String) -> [Entry] {
        var entries: [Entry] = []
        var parents: [(indentation: Int, key: String)] = []
        for line in text.split(separator: "\n") {
            var content = line.prefix(upTo: line.firstRange(of: /(^| )#/)?.lowerBound ?? line.endIndex)
            var indentation = content.prefix { $0 == " " }.count
            content = content.dropFirst(indentation)
            guard !content.isEmpty else { continue }
            parents.removeAll { $0.indentation >= indentation }
            if content.hasPrefix("- ") {
                indentation += 2
                content = content.dropFirst(2)
            }
            guard let colon = content.firstRange(of: /:( |$)/) else { continue }
            parents.append((indentation, String(content[..<colon.lowerBound])))
            let value = scalar(content[colon.upperBound...])
            guard !value.isEmpty else { continue }
            entries.append(Entry(path: parents.map(\.key).joined(separator: "."), value: value))
        }
        return entries
    }

    private static func scalar(_ text: Substring) -> String {
        text.trimmingCharacters(in: .whitespaces).trimmingCharacters(in: ["\""])
    }
}
