import Foundation
import Glibc
import HTTPTestSupport
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("catalog-fetch is killed at random moments", .requiresPostgres, .timeLimit(.minutes(30)))
struct FetchKillTests {
    @Test("and the table is that of an undisturbed run: seeding, 80 times")
    func seed() async throws {
        let folder = try await MetaKaggleFiles.make(datasets: 2500)
        defer { folder.remove() }
        try await check(80, ["kaggle-seed", folder.path], from: nil)
    }

    @Test("and the table is that of an undisturbed run: listing Hugging Face, 70 times")
    func huggingFace() async throws {
        let all = (0..<600).map { StubDataset("owner/name-\($0)", minutesAgo: $0) }
        try await check(70, ["huggingface", "--full"], from: try stubOfHuggingFace(all, pageSize: 20))
    }

    @Test("and the table is that of an undisturbed run: what is new on Kaggle, 50 times")
    func kaggle() async throws {
        let all = (0..<120).map { StubDataset("owner/name-\($0)", minutesAgo: $0) }
        try await check(50, ["kaggle-latest", "--limit", "1000"], from: try stubOfKaggle(all))
    }

    /// Kills runs over an empty table until they have come to the end so many kills later, each time as they would without.
    private func check(_ kills: Int, _ arguments: [String], from stub: SourceStub?) async throws {
        try await withFetchedCatalog { catalog async throws in
            func runs() throws -> RunningJob {
                try catalog.fetch.start(arguments, environment: catalog.environment(stub))
            }
            let start = ContinuousClock.now
            #expect(try await runs().outcome().exitStatus == 0)
            var time = ContinuousClock.now - start
            let expected = try await catalog.rows()
            #expect(expected.count > 100)

            var (killed, completed) = (0, 0)
            while killed < kills || completed == 0 {
                try await catalog.database.run("TRUNCATE datasets, dataset_fetch, source_cursor")
                while true {
                    let begin = ContinuousClock.now
                    let run = try runs()
                    let moment = begin + time * Double.random(in: 0..<1)
                    while killed < kills, run.isRunning, ContinuousClock.now < moment {
                        try await Task.sleep(for: .milliseconds(2))
                    }
                    if killed < kills { run.send(SIGKILL) }
                    let outcome = try await run.outcome()
                    guard outcome.signal == SIGKILL else {
                        // The first run may have had less of the machine.
                        time = min(time, ContinuousClock.now - begin)
                        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
                        break
                    }
                    killed += 1
                }
                completed += 1
                let rows = try await catalog.rows()
                #expect(rows == expected, "after \(killed) kills")
            }
        }
    }
}
