import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport

/// What the tests of the migration have in common.
enum SideTableMigrating {
    static let owners = """
        SELECT dataset_id || ' ' || table_name FROM embedding_state ORDER BY dataset_id, column_name, table_name
        """
    static let migrated = "the rows of embedding_state say now which table they are about"

    /// Applies the schema, which migrates side tables of an earlier version.
    static func migrate(
        _ database: TemporaryDatabase, _ log: RecordedLog, _ names: DatasetNames = DatasetNames(), url: String? = nil
    ) async throws {
        let session = try await PostgresSession.connect(to: url ?? database.url, applicationName: "tests")
        try await TableSchema(names: names, dimension: 4, hnsw: false).apply(session, log: log.logger)
        await session.close()
    }
}
