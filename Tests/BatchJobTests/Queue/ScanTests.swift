import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// How much of the table a drain reads, by the server's own counters, whatever the planner knew of it.
@Suite("A drain", .requiresPostgres, .timeLimit(.minutes(30)))
struct ScanTests {
    @Test(
        "reads a row some few times, however large the table is and whatever its statistics say",
        arguments: [1_000, 60_000], Statistics.allCases)
    func reads(rows: Int, statistics: Statistics) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            // The counters begin with the drain, and nobody but the test has the statistics made.
            try await database.run("ALTER TABLE datasets SET (autovacuum_enabled = off)")
            if statistics.areOfAnEmptyTable { try await database.run("ANALYZE datasets") }
            try await fixture.insert(rows)
            if statistics == .analyzed { try await database.run("ANALYZE") }
            if statistics == .withoutSideTables {
                try await database.run("DROP TABLE embedding_state, embedding_failure")
            }
            try await database.run("SELECT pg_stat_reset()")

            let report = try await fixture.drain(StubEncoder()) { $0.batchSize = 200 }
            #expect(report.processed == rows)
            // Each session hands its counts over when it ends.
            try await database.wait(
                until: "SELECT n_tup_upd >= \(rows) FROM pg_stat_user_tables WHERE relname = 'datasets'")
            let read = try await database.number(
                "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'datasets'")
            // Listed, counted, read, locked, updated, and asked for once more in the last pass; a small table may be read whole
            // for each of its batches.
            #expect(read <= rows * (rows > 1_000 ? 12 : 60), "\(read / rows) rows for each")
        }
    }

    /// What the planner knows of the table.
    enum Statistics: CaseIterable {
        /// Nothing.
        case none
        /// What there was before it was filled.
        case ofAnEmptyTable
        /// What there is.
        case analyzed
        /// Nothing, and there are no side tables.
        case withoutSideTables

        var areOfAnEmptyTable: Bool { self == .ofAnEmptyTable }
    }
}
