import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("The status of a table", .requiresPostgres)
struct StatusTests {
    let encoder = StubEncoder()

    /// 40 rows: 34 embedded, 4 that failed in two ways, 2 that came later.
    private func fill(_ fixture: DatasetFixture) async throws {
        try await fixture.insert(38)
        try await fixture.database.run(
            """
            UPDATE datasets SET title = '', description = NULL WHERE id IN (1, 2, 3);
            UPDATE datasets SET description = '\(StubEncoder.Marker.throwing.rawValue)' WHERE id = 4
            """)
        _ = try await fixture.drain(encoder)
        try await fixture.insert(2, titled: "New")
    }

    @Test("counts failures by class and vectors by model")
    func countsSideTables() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fill(fixture)
            try await database.run(
                "UPDATE embedding_state SET model_fingerprint = '\\x0123456789abcdef' WHERE dataset_id IN (10, 11)")
            let status = try await fixture.status()
            #expect(status.eligible == 40 && status.embedded == 34 && status.pending == 6)
            let ledger = try #require(status.ledger)
            #expect(ledger.failures.map(\.errorClass) == ["EMPTY", "ENCODER"])
            #expect(ledger.failures.map(\.count) == [3, 1])
            #expect(ledger.quarantined == 4 && ledger.orphans == 0)
            let provenance = try #require(status.provenance)
            #expect(provenance.vectors.map(\.model.abbreviation) == ["070707070707", "0123456789ab"])
            #expect(provenance.vectors.map(\.count) == [32, 2] && provenance.orphans == 0)
        }
    }

    @Test("counts as held back only what a run would leave out, each row once")
    func quarantined() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fill(fixture)
            try await database.run(
                """
                -- The same row for another model; a row that may be tried again, one that was edited, one that left.
                INSERT INTO embedding_failure (table_name, dataset_id, model_fingerprint, source_fingerprint, error_class,
                    error_code, next_attempt_at)
                SELECT table_name, dataset_id, '\\x00', source_fingerprint, error_class, error_code, next_attempt_at
                FROM embedding_failure WHERE dataset_id = 1;
                UPDATE embedding_failure SET next_attempt_at = now() - interval '1 second' WHERE dataset_id = 2;
                UPDATE datasets SET title = 'Now with text' WHERE id = 3;
                UPDATE datasets SET is_active = false WHERE id = 4
                """)
            let ledger = try #require(try await fixture.status().ledger)
            #expect(ledger.quarantined == 1)
            #expect(ledger.failures.map(\.count) == [4, 1])
        }
    }

    @Test("counts entries whose row is gone, of any column")
    func orphans() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fill(fixture)
            try await database.run(
                """
                INSERT INTO embedding_state
                SELECT table_name, dataset_id, 'other', '\\x00', source_fingerprint, tokens, truncated FROM embedding_state
                WHERE dataset_id IN (20, 30);
                DELETE FROM datasets WHERE id IN (1, 2, 20, 21, 22);
                UPDATE datasets SET embedding = NULL WHERE id = 23
                """)
            let status = try await fixture.status()
            #expect(status.ledger?.orphans == 2 && status.ledger?.quarantined == 2)
            #expect(status.provenance?.orphans == 4)
            // Neither a lost row nor a removed vector nor another column counts as a vector.
            #expect(status.provenance?.vectors.map(\.count) == [30])
        }
    }

    @Test("says nothing of side tables that do not exist, or may not be read")
    func withoutSideTables() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fill(fixture)
            let log = RecordedLog()
            try await fixture.withReadOnlyRole(["SELECT ON datasets", "SELECT ON embedding_state"]) { url in
                let status = try await fixture.status(url: url, log: log.logger)
                #expect(status.ledger == nil && status.provenance?.vectors.map(\.count) == [34])
                #expect(log.entries("leaving out the side table embedding_failure").count == 1)
            }
            try await database.run("DROP TABLE embedding_failure, embedding_state")
            let status = try await fixture.status()
            #expect(status.ledger == nil && status.provenance == nil && status.embedded == 34)
        }
    }

    @Test("reads in a transaction that cannot write")
    func onlyReads() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fill(fixture)
            let expected = try await fixture.status()
            let grants = ["SELECT ON datasets", "SELECT ON embedding_state", "SELECT ON embedding_failure"]
            try await fixture.withReadOnlyRole(grants) { url in
                let status = try await fixture.status(url: url)
                #expect(status == expected)
            }
        }
    }

    @Test("is of one moment, however many statements it takes")
    func isOneSnapshot() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(10)
            let session = try await database.connect()
            let counts = try await session.readOnly {
                let count = PostgresStatement(name: "count", sql: "SELECT count(*) AS n FROM datasets")
                let first = try await session.execute(count).first?.int64("n")
                try await fixture.insert(5)
                return [first, try await session.execute(count).first?.int64("n")]
            }
            #expect(counts == [10, 10])
            await session.close()
        }
    }

    @Test("cannot write, and leaves a usable session behind when something fails")
    func refusesWrites() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(10)
            let session = try await database.connect()
            let delete = PostgresStatement(name: "delete", sql: "DELETE FROM datasets")
            let failure = await #expect(throws: PostgresError.self) {
                try await session.readOnly { try await session.execute(delete) }
            }
            #expect(failure?.sqlState == .readOnlySQLTransaction)
            #expect(try await session.execute(delete).affectedRowCount == 10)
            await session.close()
        }
    }
}
