import DatasetTable
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

/// The filling of documents, beside what happens to its process.
@Suite("A process that fills documents in", .requiresPostgres, .timeLimit(.minutes(30)))
struct DocumentProcessTests {
    private static let rows = 1200
    /// The rows of a transaction.
    private static let chunk = 500

    /// The place of each chunk, or the end of its transaction.
    enum Point: String, CaseIterable, Sendable {
        case write = "\0-- Writes the documents of rows"
        case commit = "COMMIT\0"
    }

    /// Rows embedded before there were documents, behind a proxy.
    private func withUndocumented(_ body: (ProxiedJob) async throws -> Void) async throws {
        try await withProxiedJob(rows: Self.rows) { job in
            #expect(try await job.datasets.run().exitStatus == 0)
            let schema = try await job.datasets.run(["schema", "--search", "--apply"])
            #expect(schema.exitStatus == 0, "\(schema.standardError)")
            try await body(job)
        }
    }

    private func documents(_ job: ProxiedJob) async throws -> Int {
        try await job.database.number("SELECT count(*) FROM embedding_document")
    }

    /// Starts a run and holds it where it is about to write its second chunk, or to commit its first.
    private func start(_ job: ProxiedJob, at point: Point) async throws -> RunningJob {
        job.proxy.set(.holdFrom(Point.write.rawValue), for: .clientToServer)
        let run = try job.start()
        try await job.proxy.waitUntil(seen: Point.write.rawValue, .clientToServer)
        guard point == .commit else { return run }
        let before = job.proxy.occurrences(of: point.rawValue, .clientToServer)
        job.proxy.set(.holdFrom(point.rawValue), for: .clientToServer)
        try await job.proxy.waitUntil(seen: point.rawValue, times: before + 1, .clientToServer)
        return run
    }

    @Test("75: SIGTERM ends it after the chunk in hand, with 143", arguments: Point.allCases)
    func stopped(point: Point) async throws {
        try await withUndocumented { job in
            let run = try await start(job, at: point)
            run.send(SIGTERM)
            try await run.waitUntil(logged: "stopping")
            job.proxy.set(.pass)
            let outcome = try await run.outcome(within: .seconds(15))
            #expect(outcome.exitStatus == 143, "\(outcome.standardError)")
            #expect(try RunReportLine(outcome).exitReason == "signal")
            #expect(try await documents(job) == Self.chunk)
            _ = try await job.rerun()
            try await job.fixture.expectDocuments(Self.rows)
        }
    }

    @Test(
        "75: kill -9 leaves nothing or the whole chunk, and the next run ends where an undisturbed one does",
        arguments: Point.allCases)
    func killed(point: Point) async throws {
        try await withUndocumented { job in
            let run = try await start(job, at: point)
            run.send(SIGKILL)
            #expect(try await run.outcome().signal == SIGKILL)
            try await job.hangUp()
            #expect(try await documents(job) == 0)
            _ = try await job.rerun()
            try await job.fixture.expectDocuments(Self.rows)
            let resumed = try await job.database.texts("SELECT e::text FROM embedding_document e ORDER BY dataset_id")

            try await job.database.run("DELETE FROM embedding_document")
            _ = try await job.rerun()
            let undisturbed = try await job.database.texts(
                "SELECT e::text FROM embedding_document e ORDER BY dataset_id")
            #expect(resumed == undisturbed)
        }
    }
}
