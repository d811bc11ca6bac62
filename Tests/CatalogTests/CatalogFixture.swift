import Catalog
import DatasetTable
import FoundationEssentials
import JobTestSupport
import Logging
import Postgres
import PostgresTestSupport
import Testing

/// A database with a table that is a catalog.
struct CatalogFixture: Sendable {
    let database: TemporaryDatabase
    let names: DatasetNames
    let log = RecordedLog()
    /// Where another process or role would connect.
    var url: String

    /// Makes the table and what `catalog-fetch` needs.
    init(_ database: TemporaryDatabase, names: DatasetNames = DatasetNames()) async throws {
        self.database = database
        self.names = names
        url = database.url
        try await applySchema()
    }

    /// Does what `embedding-job schema --catalog --apply` does.
    func applySchema() async throws {
        let session = try await database.connect()
        do {
            let schema = try await TableSchema(
                names: names, dimension: nil, defaultDimension: { 4 }, hnsw: false, reading: session, log: log.logger)
            try await schema.apply(session, log: log.logger)
            try await CatalogSchema(of: schema, names).apply(session, log: log.logger)
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }

    /// Opens the catalog on a connection of its own, hands it to the body and closes it.
    func withCatalog<Result: Sendable>(_ body: (CatalogTable) async throws -> Result) async throws -> Result {
        let session = try await PostgresSession.connect(to: url, applicationName: "catalog")
        do {
            let result = try await body(try await CatalogTable(of: names, session: session, log: log.logger))
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    /// Writes records as a run does.
    @discardableResult
    func write(
        _ records: [CatalogRecord], isAuthoritative: Bool = true,
        _ configure: (inout CatalogWriter.Options) -> Void = { _ in }
    ) async throws -> CatalogCounts {
        var options = CatalogWriter.Options()
        configure(&options)
        return try await withCatalog { [options] catalog in
            var writer = CatalogWriter(catalog, options, log: log.logger)
            try await writer.write(records, isAuthoritative: isAuthoritative)
            return writer.counts
        }
    }

    /// The table as it is, without keys and times of writing: one line a row.
    func rows() async throws -> [String] {
        try await database.texts(
            """
            SELECT concat_ws(' | ', source, source_ref, title, coalesce(description, '-'), source_url, download_count,
                view_count, like_count, usability, coalesce(license, '-'), tags, size_bytes,
                source_created_at AT TIME ZONE 'UTC', source_updated_at AT TIME ZONE 'UTC', enrichment_status, is_active)
            FROM datasets ORDER BY source, source_ref COLLATE "C", id
            """)
    }

    /// What a column of the table holds, in the order of the references.
    func values(_ expression: String) async throws -> [String] {
        try await database.texts("SELECT \(expression) FROM datasets d ORDER BY source_ref COLLATE \"C\", id")
    }

    /// The versions of all rows, which change with every write.
    func versions() async throws -> [String] {
        try await database.texts(
            """
            SELECT v FROM (SELECT 'd' || id || ' ' || xmin || ' ' || ctid FROM datasets
                UNION ALL SELECT 'f' || dataset_id || ' ' || xmin || ' ' || ctid FROM dataset_fetch) AS q(v) ORDER BY 1
            """)
    }

    /// Gives all rows a vector, as the job would.
    func embed() async throws {
        try await database.run("UPDATE datasets SET embedding = '[1,0,0,0]'")
    }
}

/// Makes a database with a catalog, hands it to the body and drops it.
func withCatalog(_ body: (CatalogFixture) async throws -> Void) async throws {
    try await withTemporaryDatabase { database in
        try await body(try await CatalogFixture(database))
    }
}

/// A record of the Hub, complete.
func record(_ reference: String = "owner/name", _ change: (inout CatalogRecord) -> Void = { _ in }) -> CatalogRecord {
    record(.huggingFace, reference, change)
}

/// A record of a source, complete.
func record(
    _ source: DatasetSource, _ reference: String, title: String? = nil,
    _ change: (inout CatalogRecord) -> Void = { _ in }
) -> CatalogRecord {
    var record = CatalogRecord(
        source, reference, title: title ?? "Title of \(reference)", url: "https://example.org/\(reference)")
    record.upstreamID = "id of \(reference)"
    record.description = "About \(reference)"
    record.downloads = 1000
    record.likes = 20
    record.license = "mit"
    record.tags = ["a", "b, c"]
    record.byteCount = 4096
    record.created = Date(timeIntervalSince1970: 1_700_000_000)
    record.updated = Date(timeIntervalSince1970: 1_710_000_000.5)
    change(&record)
    return record
}
