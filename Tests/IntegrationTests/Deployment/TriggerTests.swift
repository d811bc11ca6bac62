import ComputeTestSupport
import Foundation
import PostgresTestSupport
import Testing

/// `Scripts/kubernetes/trigger`, with a `kubectl` that notes what it is asked and answers as a cluster would.
@Suite("A CronJob that is run now", .timeLimit(.minutes(30)))
struct TriggerTests {
    private static let report = #"{"processed":7,"failed":0,"exit_reason":"drained"}"#

    /// Runs the script; `ending` is the condition that the Job comes to.
    private func trigger(
        _ arguments: [String] = [], ending: String, exitCode: String, report: String = Self.report
    ) async throws -> (status: Int32, output: String, errors: String, calls: [String]) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "trigger-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let kubectl = """
            #!/bin/bash
            echo "$*" >> '\(folder.path)/calls'
            case "$*" in
                *"wait --for=condition=\(ending)"*) exit 0 ;;
                *"wait "*) exit 1 ;;
                *message*) printf '%s' '\(report)' ;;
                *exitCode*) printf '%s' '\(exitCode)' ;;
            esac
            """
        let tool = folder.appending(path: "kubectl")
        try Data(kubectl.utf8).write(to: tool)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tool.path)
        let script = Fixtures.repositoryPath("Scripts/kubernetes/trigger")
        let words = ([script] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let outcome = try await Script.run(
            "/bin/bash", ["-c", "PATH='\(folder.path)':$PATH exec \(words) > output"], in: folder)
        func text(_ name: String) -> String {
            (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
        }
        return (outcome.status, text("output"), outcome.errors, text("calls").split(separator: "\n").map(String.init))
    }

    @Test("prints the line of the run and ends with its status")
    func complete() async throws {
        let run = try await trigger(ending: "Complete", exitCode: "0")
        #expect(run.status == 0 && run.output == Self.report + "\n", "\(run.errors)")
        let create = try #require(run.calls.first)
        let name = try #require(
            create.wholeMatch(of: /create job --from=cronjob\/embedding-job (embedding-job-\d{10})/))
        #expect(run.calls.dropFirst().allSatisfy { $0.contains(name.output.1) })
    }

    @Test("knows a Job that has failed, in another namespace")
    func failed() async throws {
        let run = try await trigger(
            ["catalog-fetch-huggingface", "--namespace", "catalog"], ending: "Failed", exitCode: "78")
        #expect(run.status == 78 && run.output == Self.report + "\n", "\(run.errors)")
        #expect(run.calls.allSatisfy { $0.hasPrefix("--namespace catalog ") })
        #expect(run.calls.first?.contains("--from=cronjob/catalog-fetch-huggingface ") == true)
    }

    @Test("says so if the pods are gone")
    func gone() async throws {
        let run = try await trigger(ending: "Failed", exitCode: "", report: "")
        #expect(run.status == 70 && run.output.isEmpty && run.errors.contains("kubectl describe job"))
    }
}
