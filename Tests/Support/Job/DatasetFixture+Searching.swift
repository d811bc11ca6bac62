public import DatasetSearch
public import DatasetTable
public import Logging
public import SentenceEncoding
public import Testing

internal import Postgres
internal import PostgresTestSupport

/// What searches need, and searches.
extension DatasetFixture {
    /// Creates what `embedding-job schema --search --apply` does.
    public func prepareSearch(calibration: SearchCalibration? = nil, url: String? = nil) async throws {
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "embedding-job test")
        try await SearchSchema(
            of: names, columns: SearchColumns(), calibration: calibration, session: session, log: log
        ).apply()
        await session.close()
    }

    /// Opens a connection that searches with the vectors of an encoder; ``Searcher/close()`` ends it.
    public func searcher(
        _ encoder: any TextEncoder, model: Fingerprint = Self.model, url: String? = nil, log: Logger? = nil
    ) async throws -> Searcher {
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "embedding-job test")
        do {
            let search = try await DatasetSearch(
                of: names,
                model: SearchModel(fingerprint: model, dimension: encoder.dimension, calibration: Searcher.calibration),
                session: session, log: log ?? self.log)
            return Searcher(search: search, encoder: encoder, session: session)
        } catch {
            await session.close()
            throw error
        }
    }

    /// Asks one question on a connection of its own.
    public func search(
        _ question: String, _ encoder: any TextEncoder = StubEncoder(), model: Fingerprint = Self.model,
        _ configure: (inout SearchSettings) -> Void = { _ in }
    ) async throws -> [SearchHit] {
        var searcher = try await searcher(encoder, model: model)
        let hits: [SearchHit]
        do {
            hits = try await searcher.search(question, configure)
        } catch {
            await searcher.close()
            throw error
        }
        await searcher.close()
        return hits
    }

    /// The document of a row of `datasets`, with tags and `source_ref` where the table has them: made of one row as JSON,
    /// not of the columns that a run looks up.
    private static let expectedDocument = """
        setweight(to_tsvector('english', left(r.j->>'title', 2048)), 'A')
            || setweight(to_tsvector('simple', left(r.j->>'title', 2048)), 'A')
            || setweight(to_tsvector('simple', coalesce(CASE jsonb_typeof(r.j->'tags')
                WHEN 'array' THEN (SELECT string_agg(tag, ' ') FROM jsonb_array_elements_text(r.j->'tags') AS t(tag))
                ELSE r.j->>'tags' END, '')), 'B')
            || setweight(to_tsvector('simple', concat_ws(' ', r.j->>'source',
                CASE WHEN r.j->>'source_ref' LIKE '%/%' THEN split_part(r.j->>'source_ref', '/', 1) END)), 'C')
            || setweight(to_tsvector('english', coalesce(left(r.j->>'description', 16384), '')), 'D')
        """

    /// Fails the test unless so many rows have a document, each with a vector and of the row as it is now.
    public func expectDocuments(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let wrong = try await database.texts(
            """
            SELECT e.dataset_id || ': ' || e.document::text
            FROM embedding_document e
            LEFT JOIN datasets d ON d.id = e.dataset_id AND e.table_name = 'public.datasets'
            LEFT JOIN embedding_state s ON s.dataset_id = d.id AND s.table_name = e.table_name
                AND s.source_fingerprint = e.source_fingerprint
            CROSS JOIN LATERAL (SELECT to_jsonb(d) - 'embedding' AS j) r
            WHERE (d.embedding IS NOT NULL AND s.dataset_id IS NOT NULL
                AND e.document = \(Self.expectedDocument)) IS NOT TRUE
            """)
        #expect(wrong == [], sourceLocation: sourceLocation)
        #expect(
            try await database.number("SELECT count(*) FROM embedding_document") == count,
            sourceLocation: sourceLocation)
    }
}

/// A connection on which questions are asked.
public struct Searcher: Sendable {
    /// That of the stub, of which nothing was measured: a cosine counts as it is.
    static let calibration = SearchCalibration(random: 0, match: 1)

    fileprivate var search: DatasetSearch
    fileprivate let encoder: any TextEncoder
    fileprivate let session: PostgresSession

    /// Asks a question.
    public mutating func search(
        _ text: String, _ configure: (inout SearchSettings) -> Void = { _ in }
    ) async throws -> [SearchHit] {
        var settings = SearchSettings()
        configure(&settings)
        let question = try Question(text)
        guard let vector = try await encoder.encode([encoder.tokenizeQuery(question.words)]).first else { return [] }
        return try await search.search(question, vector: vector, settings)
    }

    /// Closes the connection.
    public func close() async {
        await session.close()
    }
}
