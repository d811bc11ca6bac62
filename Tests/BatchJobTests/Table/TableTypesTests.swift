import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// Columns of other types than those that `embedding-job schema` gives them.
@Suite("A table of other types", .requiresPostgres)
struct TableTypesTests {
    /// A type of the key with three of its values, in its order.
    struct KeyColumn: Sendable, CustomTestStringConvertible {
        let type: String
        let values: [String]
        var prelude = ""
        var testDescription: String { type }
    }

    private static let keys = [
        KeyColumn(type: "smallint", values: ["-32768", "0", "32767"]),
        KeyColumn(type: "integer", values: ["-1", "0", "2147483647"]),
        KeyColumn(type: "numeric(20,2)", values: ["-1.50", "2.00", "'NaN'"]),
        KeyColumn(type: "uuid", values: [1, 2, 3].map { "'00000000-0000-0000-0000-00000000000\($0)'" }),
        KeyColumn(type: "text", values: ["''", "'a'", "'aaaaaaaaaaa'"]),
        KeyColumn(type: "varchar(5)", values: ["''", "'a'", "'aaaaa'"]),
        KeyColumn(type: "char(5)", values: ["''", "'a'", "'aaaaa'"]),
        KeyColumn(
            type: "\"a key\"", values: ["1", "2", "3"],
            prelude: "CREATE DOMAIN positive AS bigint CHECK (value > 0); CREATE DOMAIN \"a key\" AS positive"),
        KeyColumn(type: "code", values: ["'a'", "'b'", "'c'"], prelude: "CREATE DOMAIN code AS varchar(3) NOT NULL"),
    ]

    /// A table with such a key and side tables to it.
    private func withKeys(_ key: KeyColumn, _ body: (DatasetFixture) async throws -> Void) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(key.prelude)
            try await database.run(
                """
                DROP TABLE datasets, embedding_failure, embedding_state;
                CREATE TABLE datasets (id \(key.type) PRIMARY KEY, title text, description text,
                    enrichment_status text DEFAULT 'enriched', is_active boolean DEFAULT true, embedding vector(4))
                """)
            let session = try await database.connect()
            let log = RecordedLog()
            let schema = try await TableSchema(
                names: fixture.names, dimension: nil, defaultDimension: { 4 }, hnsw: false, reading: session,
                log: log.logger)
            try await schema.apply(session, log: log.logger)
            await session.close()
            try await body(fixture)
        }
    }

    @Test("is drained, retried and replaced by keys of any type that compares alike everywhere", arguments: keys)
    func drains(_ key: KeyColumn) async throws {
        try await withKeys(key) { fixture in
            let database = fixture.database
            let titles = ["One", StubEncoder.Marker.notANumber.rawValue, "Three"]
            for (value, title) in zip(key.values, titles) {
                try await database.run("INSERT INTO datasets (id, title) VALUES (\(value), '\(title)')")
            }
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 1 }
            #expect(report.processed == 2 && report.failed == 1 && report.exitReason == .drained)
            #expect(log.entries(containing: "going on without").isEmpty)
            #expect(try await fixture.drain(StubEncoder()).quarantined == 1)
            try await database.run("UPDATE datasets SET title = 'Four' WHERE title = 'One'")
            let stale = try await fixture.drain(StubEncoder()) {
                ($0.replacesOutdated, $0.replacesMany) = (true, true)
            }
            #expect(stale.processed == 1 && stale.exitReason == .drained)
            let verified = try await fixture.verify(StubEncoder())
            #expect(verified.exitReason == .verified && verified.exact == 2 && verified.states?.current == 2)
        }
    }

    @Test(
        "is refused for keys that print as a setting of the session says",
        arguments: ["date", "timestamp with time zone", "bytea", "double precision", "jsonb"])
    func refusedKeys(type: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                "ALTER TABLE datasets DROP COLUMN id, ADD COLUMN id \(type) PRIMARY KEY")
            let failure = await #expect(throws: RunFailure.self) { try await fixture.drain(StubEncoder()) }
            #expect(failure?.description.contains("public.datasets.id is \(type); a key is smallint, integer,") == true)
        }
    }

    @Test("is drained if its columns are domains")
    func domains() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                CREATE DOMAIN name_of_something AS varchar(40) CHECK (value <> 'x');
                CREATE DOMAIN prose AS text;
                CREATE DOMAIN flag AS boolean NOT NULL;
                CREATE DOMAIN state AS text CHECK (value IN ('new', 'enriched'));
                CREATE DOMAIN meaning AS vector(4);
                DROP TABLE datasets;
                CREATE TABLE datasets (id bigint PRIMARY KEY, title name_of_something, description prose,
                    enrichment_status state, is_active flag, embedding meaning);
                INSERT INTO datasets VALUES (1, 'Sea ice', 'Monthly means', 'enriched', true)
                """)
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
            #expect(try await fixture.verify(StubEncoder()).exact == 1)
            let failure = await #expect(throws: RunFailure.self) {
                try await fixture.drain(StubEncoder(dimension: 5))
            }
            #expect(failure?.description.contains("holds vectors of 4 components, the model gives 5") == true)
        }
    }

    @Test("is drained if its status is an enum or a number, and has the value")
    func status() async throws {
        try await withTemporaryDatabase { database in
            for (type, value) in [("state", "READY"), ("smallint", "3"), ("boolean", "true")] {
                var names = DatasetNames()
                names.statusValue = value
                try await database.run(
                    """
                    DROP TABLE IF EXISTS datasets;
                    DROP TYPE IF EXISTS state;
                    CREATE TYPE state AS ENUM ('NEW', 'READY');
                    CREATE TABLE datasets (id bigint PRIMARY KEY, title text, description text,
                        enrichment_status \(type), is_active boolean, embedding vector(4));
                    INSERT INTO datasets VALUES (1, 'Sea ice', NULL, '\(value)', true)
                    """)
                let fixture = try await DatasetFixture(database, names: names)
                #expect(try await fixture.drain(StubEncoder()).processed == 1)
                #expect(try await fixture.status().embedded == 1)
            }
        }
    }

    /// Bytes do not depend on a collation, and neither do fingerprints.
    @Test("has columns of different collations, which do not matter", arguments: [nil, "SQL_ASCII"])
    func collations(encoding: String?) async throws {
        try await withTemporaryDatabase(encoding: encoding) { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                DROP TABLE datasets, embedding_state, embedding_failure;
                CREATE TABLE datasets (id text COLLATE "POSIX" PRIMARY KEY, title text COLLATE "C",
                    description varchar COLLATE "POSIX", enrichment_status text COLLATE "POSIX",
                    is_active boolean NOT NULL DEFAULT true, embedding vector(4));
                INSERT INTO datasets (id, title, description, enrichment_status) VALUES
                    ('a', ' one ', 'first', 'enriched'), ('b', 'two', NULL, 'enriched'), ('c', '', ' ', 'enriched')
                """)
            let session = try await database.connect()
            let schema = try await TableSchema(
                names: fixture.names, dimension: nil, defaultDimension: { 4 }, hnsw: false, reading: session,
                log: fixture.log)
            try await schema.apply(session, log: fixture.log)
            await session.close()
            #expect(try await fixture.forecast(StubEncoder()).exitReason == .dryRun)
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 2 && report.failed == 1 && report.exitReason == .drained)
            #expect(try await fixture.verify(StubEncoder()).exact == 2)
            #expect(try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }.processed == 0)
            let fingerprints = "SELECT encode(source_fingerprint, 'hex') FROM embedding_state ORDER BY dataset_id"
            let expected =
                "SELECT encode(sha256(text::bytea), 'hex') FROM (VALUES ('one one first'), ('two two')) t (text)"
            #expect(try await database.texts(fingerprints) == database.texts(expected))
        }
    }
}
