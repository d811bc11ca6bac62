import ComputeTestSupport
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("A migration of the side tables that is killed", .requiresPostgres, .timeLimit(.minutes(30)))
struct MigrationTests {
    /// Where it is, told by what is held back.
    enum Point: String, CaseIterable, Sendable {
        case claimed = "LOCK TABLE"
        case altered = "WITH found AS"
        case assigned = "ADD PRIMARY KEY"
        case commit = "COMMIT\0"
    }

    @Test("leaves everything as it was, and the next one does it", arguments: Point.allCases)
    func killed(point: Point) async throws {
        try await withProxiedJob(rows: 60) { job in
            #expect(try await job.rerun().processed == 60)
            try await job.fixture.giveSideTablesTheirEarlierForm(hasTokensLost: false)
            let rows = "SELECT e::text FROM embedding_state e ORDER BY dataset_id"
            let before = try await job.database.texts(rows)

            job.proxy.set(.holdFrom(point.rawValue), for: .clientToServer)
            let environment = [
                "DATABASE_URL": try job.proxy.url(from: job.database.url), "EMBEDDING_MODEL": Fixtures.toyModel,
            ]
            let seen = job.proxy.occurrences(of: point.rawValue, .clientToServer)
            let migration = try job.datasets.job.start(["schema", "--apply"], environment: environment)
            try await job.proxy.waitUntil(seen: point.rawValue, times: seen + 1, .clientToServer)
            migration.send(SIGKILL)
            #expect(try await migration.outcome().signal == SIGKILL)
            try await job.hangUp()
            #expect(try await job.database.texts(rows) == before)
            let refused = try await job.datasets.run()
            #expect(refused.exitStatus == 78 && refused.standardError.contains("embedding-job schema --apply"))

            let applied = try await job.datasets.run(["schema", "--apply"])
            #expect(applied.exitStatus == 0, "\(applied.standardError)")
            #expect(applied.standardError.contains("public.datasets 60"))
            #expect(
                try await job.database.number(
                    "SELECT count(*) FROM embedding_state WHERE table_name = 'public.datasets'") == 60)
            try await job.expectDrained(60)
        }
    }
}
