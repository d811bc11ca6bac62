import ComputeTestSupport
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import Testing

/// The executable on a table of its own, which it reaches through a proxy, and a watch over what it writes.
///
/// There are no fault points in the program: a fault happens at a ``WirePoint``, where the proxy holds back a statement
/// or an answer and the process can do nothing but wait, while the test does to the process, to its connections or to the
/// table what the fault is about. So these tests are about the very file that ships, and no code in it is there for them.
struct ProxiedJob: Sendable {
    let datasets: Datasets
    let fixture: DatasetFixture
    let checker: InvariantChecker
    let proxy: FaultProxy

    var database: TemporaryDatabase { datasets.database }

    /// The rows of a batch, few enough that a run has several.
    static let batchSize = 20

    /// Inserts eligible rows, each with a text of its own that the toy model can tell from the others.
    func insert(_ count: Int) async throws {
        try await database.run(
            """
            INSERT INTO datasets (title, description, enrichment_status)
            SELECT 'sea ' || word, 'rain in the city of ' || word, 'enriched'
            FROM generate_series(1, \(count)) AS i, translate(i::text, '0123456789', 'abcdefghij') AS word
            """)
    }

    /// Starts a run, through the proxy unless the URL is another.
    func start(
        _ arguments: [String] = [], url: String? = nil, errors: BuiltExecutable.Output = .kept, launcher: [String] = []
    ) throws -> RunningJob {
        let environment = [
            "DATABASE_URL": try url ?? proxy.url(from: database.url), "EMBEDDING_MODEL": Fixtures.toyModel,
        ]
        return try datasets.job.start(
            ["run", "--batch-size", "\(Self.batchSize)"] + arguments, environment: environment, errors: errors,
            launcher: launcher)
    }

    /// The rows that have a vector.
    func embedded() async throws -> Int {
        try await database.number("SELECT count(embedding) FROM datasets")
    }

    /// Waits until the server has noticed that all connections of the executable are gone.
    func waitUntilGone() async throws {
        let sessions = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'embedding-job'
            """
        while try await database.number(sessions) > 0 { try Task.checkCancellation() }
    }

    /// Closes the connections of a process that has died, as its kernel would, and waits until the server has noticed.
    ///
    /// What the proxy held back is lost.
    func hangUp() async throws {
        proxy.cut()
        try await waitUntilGone()
    }

    /// Runs again, past the proxy; the run has to drain the table.
    func rerun(sourceLocation: SourceLocation = #_sourceLocation) async throws -> RunReportLine {
        let outcome = try await datasets.run()
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)", sourceLocation: sourceLocation)
        let report = try RunReportLine(outcome)
        #expect(report.exitReason == "drained" && report.remaining == 0, sourceLocation: sourceLocation)
        return report
    }

    /// Fails the test unless so many rows have got their vector, once each and from their text as it is now, none is
    /// left, and another run finds nothing to do.
    func expectDrained(_ processed: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let encoder = try Fixtures.toyEncoder()
        try await checker.expectIntact(processed: processed, encoder, sourceLocation: sourceLocation)
        let report = try await rerun(sourceLocation: sourceLocation)
        #expect(report.processed == 0 && report.failed == 0, "another run found work", sourceLocation: sourceLocation)
    }
}

/// Makes a table with rows and a proxy in front of its server, hands them to the body and cleans up.
func withProxiedJob(rows: Int, _ body: (ProxiedJob) async throws -> Void) async throws {
    try await withTemporaryDatabase { database in
        let fixture = try await DatasetFixture(database, dimension: Goldens.toyDimension)
        let checker = try await InvariantChecker(fixture)
        try await withFaultProxy(to: database.url) { proxy in
            let datasets = Datasets(database: database, job: try BuiltExecutable())
            let job = ProxiedJob(datasets: datasets, fixture: fixture, checker: checker, proxy: proxy)
            try await job.insert(rows)
            try await body(job)
        }
    }
}
