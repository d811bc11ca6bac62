import ComputeTestSupport
import Foundation
import HTTPTestSupport
import JobTestSupport
import PostgresTestSupport
import Testing

/// The chapter of the user guide about sources.
@Suite("The chapter about sources", .requiresPostgres, .timeLimit(.minutes(30)))
struct SourcesChapterTests {
    /// The commands from an empty table to a search, without those that build, fetch by hand and set variables.
    private static let commands =
        DeploymentFile.text("Sources/EmbeddingJob/EmbeddingJob.docc/Sources.md")
        .firstMatch(of: /```sh\n([^`]*)```/).map { block in
            block.output.1.split(separator: "\n").filter { line in
                !["swift build", "export", "unzip"].contains { line.hasPrefix($0) }
            }
        } ?? []

    @Test("leads from a database without a table to a search, line by line")
    func commandsInOrder() async throws {
        #expect(Self.commands.count >= 8)
        try await withTemporaryDatabase { database in
            let job = try BuiltExecutable()
            let files = try await MetaKaggleFiles.make(datasets: 40)
            defer { files.remove() }
            try FileManager.default.createSymbolicLink(
                atPath: job.folder.appending(path: "meta-kaggle").path, withDestinationPath: files.path)
            let glacier = StubDataset("owner/glaciers", "Mass balance of every glacier", minutesAgo: 5)
            let hub = [glacier] + (0..<30).map { StubDataset("owner/name-\($0)", minutesAgo: 10 + $0) }
            let stub = try stubOfHuggingFace(hub, pageSize: 10) { request in
                guard request.path.hasPrefix("/api/v1/") else { return nil }
                return .json(request.path.contains("/view/") ? StubDataset("owner/new", minutesAgo: 1).viewed : "[]")
            }
            let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
            let script =
                [
                    "export PATH=\(folder):$PATH DATABASE_URL='\(database.url)' EMBEDDING_MODEL='\(Fixtures.toyModel)'",
                    "export HOME=$PWD CATALOG_FETCH_SOURCE_URL=\(stub.baseURL) CATALOG_FETCH_REQUESTS_PER_SECOND=1000",
                ] + Self.commands.map { "\($0.prefix { $0 != "#" }) >> answers" }
            try job.write(script.joined(separator: "\n"), to: "chapter.sh")
            let outcome = try await Script.run("/bin/bash", ["-euo", "pipefail", "chapter.sh"], in: job.folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let answers = String(decoding: try job.read("answers"), as: UTF8.self)
            #expect(answers.contains("glaciers"), "\(answers)")
            #expect(
                try await database.number(
                    "SELECT count(*) FROM datasets WHERE embedding IS NULL AND enrichment_status = 'enriched'") == 0)
            #expect(try await database.number("SELECT count(embedding) FROM datasets WHERE source = 'kaggle'") > 20)
        }
    }
}
