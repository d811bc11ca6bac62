public import BatchJob
import ComputeTestSupport
public import DatasetTable
public import Logging
import Postgres
public import PostgresTestSupport
public import SentenceEncoding
public import Testing

/// A database with an empty `datasets` table and what a run over it needs.
public struct DatasetFixture: Sendable {
    /// The database.
    public let database: TemporaryDatabase
    /// The names of the run.
    public private(set) var names: DatasetNames
    /// The logger that runs get; silent unless a test looks at it.
    public let log: Logger

    /// The fingerprint of the stub's model.
    public static let model = Fingerprint([UInt8](repeating: 7, count: 32))

    /// Creates the table that `embedding-job schema` would create.
    public init(_ database: TemporaryDatabase, dimension: Int = 4, names: DatasetNames = DatasetNames()) async throws {
        self.database = database
        self.names = names
        log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let session = try await database.connect()
        try await TableSchema(names: names, dimension: dimension, hnsw: false).apply(session, log: log)
        await session.close()
    }

    /// The same database, with other names given to what runs on it.
    public func naming(_ names: DatasetNames) -> DatasetFixture {
        var fixture = self
        fixture.names = names
        return fixture
    }

    /// Inserts eligible rows titled `prefix 1` to `prefix count`.
    public func insert(_ count: Int, titled prefix: String = "Dataset") async throws {
        try await database.run(
            """
            INSERT INTO datasets (title, description, enrichment_status)
            SELECT '\(prefix) ' || i, 'About number ' || i, 'enriched' FROM generate_series(1, \(count)) AS i
            """)
    }

    /// Drains the table over a number of connections.
    public func drain(
        _ encoder: any TextEncoder, connections: Int = 2, url: String? = nil, model: Fingerprint = Self.model,
        control: RunControl = RunControl(), log: Logger? = nil,
        _ configure: (inout EmbeddingRun.Options) -> Void = { _ in }
    ) async throws -> RunReport {
        let run = try await checkedRun(encoder, url: url, model: model, log: log, configure)
        return await run.drain(encoder, connections: connections, control: control)
    }

    /// What drains and forecasts have in common.
    func checkedRun(
        _ encoder: any TextEncoder, url: String?, model: Fingerprint, log: Logger?,
        _ configure: (inout EmbeddingRun.Options) -> Void
    ) async throws -> CheckedRun {
        var options = EmbeddingRun.Options()
        configure(&options)
        let target = TargetModel(name: "stub", fingerprint: model, dimension: encoder.dimension)
        return try await CheckedRun(
            of: names, model: target, options: options,
            connector: connector(url: url, options, log: log), log: log ?? self.log)
    }

    /// Connects as a run does.
    func connector(url: String?, _ options: EmbeddingRun.Options, log: Logger?) -> Connector {
        let url = url ?? database.url
        return Connector(retryBudget: options.retryBudget, log: log ?? self.log) { () async throws(PostgresError) in
            try await PostgresSession.connect(to: url, applicationName: "embedding-job test")
        }
    }

    /// Fails the test unless every stored vector is the one of the row's text as it is now.
    ///
    /// - Returns: The number of rows with a vector.
    @discardableResult
    public func expectNoStaleVector(
        _ encoder: some TextEncoder, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Int {
        let rows = try await database.query(
            """
            SELECT concat_ws(' ', t.title, t.title, t.description) AS source, embedding
            FROM datasets d CROSS JOIN LATERAL (
                SELECT nullif(btrim(left(d.title, 2048)), ''), nullif(btrim(left(d.description, 16384)), '')
            ) t (title, description)
            WHERE embedding IS NOT NULL
            """)
        let sources = try rows.map { try $0.text("source") }
        let vectors = try await encoder.encode(sources.map(encoder.tokenize))
        for (index, row) in rows.enumerated() {
            let difference = LargestDifference(try row.vector("embedding"), vectors[index])
            #expect(
                difference.value < 1e-6, "the vector of \(sources[index].prefix(200)) is stale",
                sourceLocation: sourceLocation)
        }
        return rows.count
    }

    /// Eligible rows that have neither a vector nor an entry in the ledger.
    public func lostRows() async throws -> Int {
        let hasLedger = try await database.number("SELECT count(*) FROM pg_class WHERE relname = 'embedding_failure'")
        let blamed = hasLedger == 0 ? "" : "AND NOT EXISTS (SELECT FROM embedding_failure f WHERE f.dataset_id = d.id)"
        return try await database.number(
            """
            SELECT count(*) FROM \(names.table) d WHERE d.\(names.status) = '\(names.statusValue)' AND d.\(names.active)
                AND d.\(names.column) IS NULL \(blamed)
            """)
    }

    /// The number of eligible rows without a vector.
    public func pending() async throws -> Int {
        let result = try await database.query(
            "SELECT count(*) AS n FROM datasets WHERE enrichment_status = 'enriched' AND is_active AND embedding IS NULL"
        )
        return Int(try #require(result.first).int64("n"))
    }
}
