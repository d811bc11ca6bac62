import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// What a database has to do besides.
@Suite("A run beside other work of the database", .requiresPostgres, .timeLimit(.minutes(30)))
struct MaintenanceTests {
    @Test("31: an old snapshot does not keep a run from draining the table")
    func oldSnapshot() async throws {
        try await withProxiedJob(rows: 200) { job in
            let report = try await job.database.connect()
            try await report.executeScript(
                .init(name: "snapshot", sql: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM datasets"))
            #expect(try await job.rerun().processed == 200)
            // It is still what it was, or this test shows nothing.
            let seen = try await report.execute(.init(name: "count", sql: "SELECT count(embedding) FROM datasets"))
            #expect(try seen[0].int64(0) == 0)
            await report.close()
            try await job.expectDrained(200)
        }
    }

    @Test("32: an HNSW index, VACUUM and REINDEX CONCURRENTLY beside the run cost no row, and the index finds each")
    func reindexed() async throws {
        try await withProxiedJob(rows: 300) { job in
            try await job.database.run("CREATE INDEX nearest ON datasets USING hnsw (embedding vector_cosine_ops)")
            let run = try await job.start(at: .write)
            // The run is within a transaction that has read the table: the new index waits for it before it takes over.
            async let reindex: Void = job.database.run("REINDEX INDEX CONCURRENTLY nearest")
            let waiting = """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'REINDEX%' AND wait_event_type = 'Lock'
                """
            while try await job.database.number(waiting) == 0 { try Task.checkCancellation() }
            job.proxy.set(.pass)
            while run.isRunning { try await job.database.run("VACUUM datasets") }
            try await reindex

            let outcome = try await run.outcome()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(try RunReportLine(outcome).processed == 300)
            try await job.expectDrained(300)
            #expect(
                try await job.database.number(
                    "SELECT count(*) FROM pg_index WHERE indrelid = 'datasets'::regclass AND NOT indisvalid") == 0)
            try await expectIndexFindsEachRow(job)
        }
    }

    private func expectIndexFindsEachRow(_ job: ProxiedJob) async throws {
        let session = try await job.database.connect()
        try await session.executeScript(.init(name: "index", sql: "SET enable_seqscan = off; SET enable_sort = off"))
        let found = try await session.execute(
            .init(
                name: "nearest",
                sql: """
                    SELECT count(*) FROM datasets d WHERE d.id = (
                        SELECT n.id FROM datasets n ORDER BY n.embedding <=> d.embedding LIMIT 1)
                    """))
        #expect(try found[0].int64(0) == 300)
        await session.close()
    }
}
