import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("A side table that an earlier version made", .requiresPostgres)
struct EarlierSideTableTests {
    /// Which of them is of an earlier version.
    enum Form: String, CaseIterable, Sendable {
        case ledger =
            """
            ALTER TABLE embedding_failure DROP CONSTRAINT embedding_failure_pkey, DROP COLUMN table_name,
                ADD PRIMARY KEY (dataset_id, model_fingerprint)
            """
        case state =
            """
            ALTER TABLE embedding_state DROP CONSTRAINT embedding_state_pkey, DROP COLUMN table_name,
                DROP COLUMN tokens_lost, ADD PRIMARY KEY (dataset_id, column_name)
            """
        /// Somebody has added the column and left the key as it was.
        case stateWithOldKey =
            """
            ALTER TABLE embedding_state DROP CONSTRAINT embedding_state_pkey, ADD PRIMARY KEY (dataset_id, column_name)
            """

        var table: String { self == .ledger ? "embedding_failure" : "embedding_state" }
    }

    @Test("ends a run, dry or not, with 78 and what to do, and nothing is written", arguments: Form.allCases)
    func endsRun(form: Form) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            try await database.run(form.rawValue)
            for isDryRun in [false, true] {
                let failure = await #expect(throws: RunFailure.self) {
                    if isDryRun {
                        _ = try await fixture.forecast(StubEncoder())
                    } else {
                        _ = try await fixture.drain(StubEncoder())
                    }
                }
                #expect(failure?.reason == .configuration && failure?.reason.exitCode == 78)
                let sentence = failure?.description ?? ""
                #expect(sentence.contains(form.table) && sentence.contains("embedding-job schema --apply"))
            }
            #expect(try await fixture.pending() == 5)
        }
    }

    @Test("is left out by commands that only read, which say what they cannot tell")
    func isLeftOut() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            _ = try await fixture.drain(StubEncoder())
            try await fixture.giveSideTablesTheirEarlierForm()
            let log = RecordedLog()
            let status = try await fixture.status(log: log.logger)
            #expect(status.embedded == 5 && status.ledger == nil && status.provenance == nil)
            let report = try await fixture.verify(StubEncoder(), log: log.logger)
            #expect(report.exitReason == .verified && report.states == nil && report.exact == 5)
            for table in ["embedding_failure", "embedding_state"] {
                let warnings = log.entries("leaving out the side table \(table)").map(\.values)
                #expect(warnings.count == 2)
                for warning in warnings {
                    #expect(warning["error"]?.contains("do not say which table they are about") == true)
                    #expect(warning["remedy"]?.contains("embedding-job schema --apply") == true)
                }
            }
        }
    }

    @Test("is not touched by forgetting failures or by a change of the model")
    func isNotTouched() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.giveSideTablesTheirEarlierForm()
            try await database.run(DatasetFixture.earlierFailure(of: 1))
            let session = try await database.connect()
            let failure = await #expect(throws: RunFailure.self) {
                try await Preflight(session: session, names: fixture.names, log: fixture.log).check(for: .ledger)
            }
            await session.close()
            #expect(failure?.reason == .configuration && failure?.description.contains("schema --apply") == true)
            #expect(try await database.number("SELECT count(*) FROM embedding_failure") == 1)
            let change = await fixture.change().fill(StubEncoder(dimension: 6))
            #expect(change.exitReason == .configuration)
            #expect(
                try await database.number("SELECT count(*) FROM pg_attribute WHERE attname LIKE 'embedding_a%'") == 0)
        }
    }

    @Test("and that takes the place of the present one in the middle of a run ends it with 78")
    func restoredMeanwhile() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }), await once.first() else { return }
                try await database.run(
                    """
                    DROP TABLE embedding_state;
                    CREATE TABLE embedding_state (dataset_id bigint, column_name text, model_fingerprint bytea,
                        source_fingerprint bytea, tokens int, truncated boolean, embedded_at timestamptz DEFAULT now(),
                        PRIMARY KEY (dataset_id, column_name))
                    """)
            }
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, connections: 1, log: log.logger) { $0.batchSize = 10 }
            #expect(report.exitReason == .configuration && report.processed == 0)
            #expect(log.entries(containing: "going on without").isEmpty)
            #expect(try await fixture.pending() == 40)
        }
    }

    @Test("is what an earlier version needs: on a new one its statements fail, and with them its vectors")
    func earlierVersionFails() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(3)
            for statement in [DatasetFixture.earlierWrite(of: 1), DatasetFixture.earlierFailure(of: 2)] {
                let error = await #expect(throws: PostgresError.self) { try await database.query(statement) }
                // There is no unique constraint that its ON CONFLICT could mean.
                #expect(error?.sqlState?.code == "42P10")
            }
            #expect(try await fixture.pending() == 3)
            #expect(try await database.number("SELECT count(*) FROM embedding_state") == 0)

            // And in the form that it made, they work.
            try await fixture.giveSideTablesTheirEarlierForm()
            #expect(try await database.query(DatasetFixture.earlierWrite(of: 1)).count == 1)
            #expect(try await fixture.pending() == 2)
        }
    }
}
