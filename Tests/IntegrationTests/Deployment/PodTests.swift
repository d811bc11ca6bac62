import ComputeTestSupport
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("embedding-job run, as one of several pods,", .requiresPostgres)
struct PodTests {
    @Test(
        "waits before it connects if it is told of more than eight",
        arguments: [
            (["JOB_COMPLETION_INDEX": "3", "EMBEDDING_PODS": "9"], true),
            (["JOB_COMPLETION_INDEX": "3", "EMBEDDING_PODS": "8"], false), (["EMBEDDING_PODS": "9"], false),
        ])
    func startPause(pods: [String: String], waits: Bool) async throws {
        try await withDatasets { datasets in
            let environment = ["DATABASE_URL": datasets.database.url, "EMBEDDING_MODEL": Fixtures.toyModel]
            // The pause is part of the time that a run has.
            let outcome = try await datasets.job.run(
                ["run", "--max-runtime", "1"], environment: environment.merging(pods) { $1 })
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let records = try outcome.logRecords
            #expect(records.contains { $0["message"]?.hasPrefix("waiting before connecting") == true } == waits)
        }
    }
}
