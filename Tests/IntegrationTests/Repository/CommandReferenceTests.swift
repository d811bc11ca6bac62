import Foundation
import JobTestSupport
import Testing

@Suite("The reference of commands", .timeLimit(.minutes(30)))
struct CommandReferenceTests {
    @Test("is what Scripts/make-command-reference writes of the programs as they are")
    func current() throws {
        let page = FileManager.default.temporaryDirectory.appending(path: "embedding-job-\(UUID().uuidString).md")
        defer { try? FileManager.default.removeItem(at: page) }
        let build = URL(filePath: DeploymentFile.executable).deletingLastPathComponent().path
        let outcome = try DeploymentFile.tool(["python3", Self.script, build, page.path])
        try #require(outcome.exitStatus == 0, "\(outcome.errors)")
        let written = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
        let committed = DeploymentFile.text("Sources/EmbeddingJob/EmbeddingJob.docc/CommandReference.md")
            .split(separator: "\n")
        #expect(
            written.difference(from: committed).isEmpty,
            "run Scripts/make-command-reference .build/release Sources/EmbeddingJob/EmbeddingJob.docc/CommandReference.md"
        )
        #expect(written.contains("### embedding-job run") && written.contains("### catalog-server new-key"))
    }

    private static let script =
        URL(filePath: #filePath).appending(path: "../../../../Scripts/make-command-reference").standardized.path
}
