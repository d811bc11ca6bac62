public import DatasetSearch
public import SentenceEncoding

internal import Logging
internal import Postgres
internal import PostgresTestSupport

/// What scores are made of.
extension DatasetFixture {
    /// Does what `embedding-job schema --search --refresh-scores` does.
    public func refreshScores(url: String? = nil) async throws {
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "embedding-job test")
        try await SearchSchema(of: names, columns: SearchColumns(), calibration: nil, session: session, log: log)
            .refreshScores()
        await session.close()
    }

    /// Lends a search by the stub's model whose vectors come from anywhere.
    public func withSearch<Result>(
        dimension: Int = 4, calibration: SearchCalibration? = nil, url: String? = nil,
        _ body: (inout DatasetSearch) async throws -> Result
    ) async throws -> Result {
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "embedding-job test")
        let model = SearchModel(fingerprint: Self.model, dimension: dimension, calibration: calibration)
        var search = try await DatasetSearch(of: names, model: model, session: session, log: log)
        let result = try await body(&search)
        await session.close()
        return result
    }
}
