import DatasetTable
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("Texts without measure", .requiresPostgres, .timeLimit(.minutes(30)))
struct LargeTextTests {
    /// The rows of the one batch.
    private static let rows = 256
    /// How much more memory 256 texts of a megabyte may take than 256 of a few words: twice what it is.
    private static let allowance = 32 << 20

    @Test("23: 256 descriptions of 1 MB, monstrous words and scripts among them, are written in bounded memory")
    func large() async throws {
        try await withProxiedJob(rows: Self.rows) { job in
            let usual = try await peakMemory(job, truncated: 0)
            try await job.database.run(
                """
                UPDATE datasets SET embedding = NULL, description = CASE id
                    WHEN 1 THEN repeat('sea ', 270000)
                    WHEN 2 THEN repeat('a', 1 << 20)
                    WHEN 3 THEN repeat('👩‍👩‍👧🇳🇴', 42000)
                    WHEN 4 THEN repeat('שלום \u{202E}العالم ', 42000)
                    WHEN 5 THEN repeat(E'e\\u0301\\u0327\\u0300', 150000)
                    WHEN 6 THEN repeat(E'\\u00A0\\u200B', 210000)
                    ELSE repeat('sea, ' || md5(id::text) || ' ', 28000)
                END
                """)
            #expect(try await job.database.number("SELECT min(octet_length(description)) FROM datasets") >= 1_000_000)
            let large = try await peakMemory(job, truncated: Self.rows)
            #expect(large - usual < Self.allowance, "\((large - usual) >> 20) MiB more than \(usual >> 20)")
            try await job.expectDrained(2 * Self.rows)
        }
    }

    /// Drains the table in one batch and returns the most memory it took up to its COMMIT.
    private func peakMemory(_ job: ProxiedJob, truncated: Int) async throws -> Int {
        let run = try await job.start(at: .commit, ["--batch-size", "\(Self.rows)"])
        let memory = try #require(run.peakMemory)
        job.proxy.set(.pass)
        let outcome = try await run.outcome()
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        let report = try RunReportLine(outcome)
        #expect(report.processed == Self.rows && report.failed == 0)
        #expect(report.truncated == truncated)
        return memory
    }
}
