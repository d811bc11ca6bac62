public import BatchJob
public import DatasetTable
public import Logging
public import SentenceEncoding

internal import Postgres
internal import PostgresTestSupport

/// What the commands that write nothing do.
extension DatasetFixture {
    /// Verifies stored vectors.
    public func verify(
        _ encoder: any TextEncoder, url: String? = nil, log: Logger? = nil,
        _ configure: (inout Verification.Options) -> Void = { _ in }
    ) async throws -> VerificationReport {
        var options = Verification.Options()
        configure(&options)
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "embedding-job test")
        let table = try await Verification.check(
            Preflight(session: session, names: names, log: log ?? self.log), dimension: encoder.dimension,
            model: Self.model)
        let verification = Verification(
            session: session, table: table, encoder: encoder, model: Self.model, options: options,
            log: log ?? self.log)
        let report = await verification.verify()
        await session.close()
        return report
    }

    /// Forecasts what a drain would do.
    public func forecast(
        _ encoder: any TextEncoder, url: String? = nil, control: RunControl = RunControl(),
        samplingTime: Duration = .seconds(2), log: Logger? = nil,
        _ configure: (inout EmbeddingRun.Options) -> Void = { _ in }
    ) async throws -> RunReport {
        let run = try await checkedRun(
            encoder, url: url, model: Self.model, log: log, configure)
        return await run.forecast(encoder, control: control, samplingTime: samplingTime)
    }

    /// Counts the rows.
    public func status(url: String? = nil, log: Logger? = nil) async throws -> TableStatus {
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "embedding-job test")
        let table = try await Preflight(session: session, names: names, log: log ?? self.log).check(for: .status)
        let status = try await TableStatus(of: table, session: session)
        await session.close()
        return status
    }

    /// Lends a role that sees rows only in transactions that are read-only: row-level security asks the transaction.
    ///
    /// - Parameter grants: Privileges, each as it stands between `GRANT` and `TO`.
    public func withReadOnlyRole(_ grants: [String], _ body: (_ url: String) async throws -> Void) async throws {
        try await database.withRole { role, url in
            try await database.run("GRANT USAGE ON SCHEMA public TO \(role)")
            for grant in grants { try await database.run("GRANT \(grant) TO \(role)") }
            for table in ["datasets", "embedding_state", "embedding_failure"] {
                try await database.run(
                    """
                    ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY read_only ON \(table) TO \(role)
                        USING (current_setting('transaction_read_only') = 'on')
                    """)
            }
            try await body(url)
        }
    }
}
