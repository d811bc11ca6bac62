import DatasetSearch
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("What searches need in the database", .requiresPostgres, .timeLimit(.minutes(30)))
struct SearchSchemaTests {
    private static let index = "CREATE INDEX CONCURRENTLY IF NOT EXISTS"

    private func schema(_ fixture: DatasetFixture, _ session: PostgresSession) async throws -> SearchSchema {
        try await SearchSchema(
            of: fixture.names, columns: SearchColumns(), calibration: nil, session: session, log: fixture.log)
    }

    @Test("can be applied again, and then lacks nothing")
    func again() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let session = try await database.connect()
            #expect(try await schema(fixture, session).script.contains("\(Self.index) datasets_source_search"))
            for _ in 0..<2 { try await schema(fixture, session).apply() }
            #expect(try await !schema(fixture, session).script.contains(Self.index))
            let indexes = "SELECT count(*) FROM pg_index WHERE indrelid = 'datasets'::regclass AND indisvalid"
            // The key, pending rows, sources.
            #expect(try await database.number(indexes) == 3)
            await session.close()
        }
    }

    @Test("includes no index on sources where one begins with them, and none without such a column")
    func otherIndexes() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let session = try await database.connect()
            try await database.run("CREATE INDEX with_title ON datasets (source, title)")
            #expect(try await !schema(fixture, session).script.contains(Self.index))
            try await database.run("DROP INDEX with_title")
            try await database.run("ALTER TABLE datasets ALTER source TYPE json USING to_json(source)")
            try await schema(fixture, session).apply()
            try await database.run("ALTER TABLE datasets DROP source; CREATE INDEX ON datasets (title)")
            #expect(try await !schema(fixture, session).script.contains(Self.index))
            await session.close()
        }
    }
}
