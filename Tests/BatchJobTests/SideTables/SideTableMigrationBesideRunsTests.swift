import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("The migration of side tables beside runs", .requiresPostgres, .timeLimit(.minutes(30)))
struct SideTableMigrationBesideRunsTests {
    @Test("waits for the batches that runs have in hand, and counts what they write")
    func besideADrain() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(2)
            try await fixture.giveSideTablesTheirEarlierForm()
            let session = try await database.connect()
            let table = try await Preflight(session: session, names: fixture.names, log: fixture.log).check(
                for: .status)
            let claim = "BEGIN; SELECT pg_advisory_xact_lock(\(table.claimNamespace(of: "embedding")), 63)"
            try await session.executeScript(PostgresStatement(name: "claim", sql: claim))

            async let migration: Void = SideTableMigrating.migrate(database, RecordedLog())
            try await database.wait(
                until: "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 63 AND NOT granted)")
            // The side tables are free until the batch is written.
            try await session.execute(PostgresStatement(name: "write", sql: DatasetFixture.earlierWrite(of: 1)))
            try await session.execute(.commit)
            try await migration
            await session.close()
            #expect(try await database.texts(SideTableMigrating.owners) == ["1 public.datasets"])
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
        }
    }

    @Test("keeps runs from beginning a batch while it is at work")
    func holdsClaims() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run("ALTER TABLE datasets ADD second halfvec(4)")
            try await fixture.giveSideTablesTheirEarlierForm()
            let reader = try await database.connect()
            let table = try await Preflight(session: reader, names: fixture.names, log: fixture.log).check(for: .status)
            // What it waits for once it has all claims.
            try await reader.executeScript(
                PostgresStatement(name: "read", sql: "BEGIN; SELECT count(*) FROM embedding_failure"))
            async let migration: Void = SideTableMigrating.migrate(database, RecordedLog())
            try await database.wait(
                until: "EXISTS (SELECT FROM pg_locks WHERE relation = 'embedding_failure'::regclass AND NOT granted)")
            for column in ["embedding", "second"] {
                let free = """
                    SELECT count(*) FROM generate_series(0, 63) AS s
                    WHERE pg_try_advisory_xact_lock(\(table.claimNamespace(of: column)), s)
                    """
                #expect(try await database.number(free) == 0, "\(column)")
            }
            try await reader.execute(.commit)
            await reader.close()
            try await migration
        }
    }

    @Test("that two processes begin at the same time is done once")
    func twoProcesses() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(50)
            _ = try await fixture.drain(StubEncoder())
            try await fixture.giveSideTablesTheirEarlierForm()
            let log = RecordedLog()
            async let first: Void = SideTableMigrating.migrate(database, log)
            async let second: Void = SideTableMigrating.migrate(database, log)
            _ = try await (first, second)
            #expect(log.entries(SideTableMigrating.migrated).map { $0.values["assigned"] } == ["public.datasets 50"])
            #expect(try await fixture.verify(StubEncoder()).states == VectorStates(current: 50))
        }
    }

    @Test("says what to raise where the server has no room for its locks, and leaves all as it was")
    func noRoomForLocks() async throws {
        try await withPrivateServer(["max_locks_per_transaction=10", "max_connections=10"]) { server in
            let database = try await TemporaryDatabase.create(on: server)
            let fixture = try await DatasetFixture(database)
            try await fixture.giveSideTablesTheirEarlierForm()
            for number in 1...40 {
                try await database.run("CREATE TABLE t\(number) (id bigint, embedding vector(4))")
            }
            let failure = await #expect(throws: RunFailure.self) {
                try await SideTableMigrating.migrate(database, RecordedLog())
            }
            #expect(failure?.reason == .configuration)
            #expect(failure?.description.contains("max_locks_per_transaction") == true)
            #expect(failure?.description.contains("2624 locks") == true)
            #expect(
                try await database.number(
                    "SELECT count(*) FROM pg_attribute WHERE attname = 'table_name' AND attrelid = 'embedding_state'::regclass"
                ) == 0)
        }
    }
}
