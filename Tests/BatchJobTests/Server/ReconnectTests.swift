import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// Lost connections and failures that pass: every row is written once, and nothing is encoded twice because of them.
@Suite("A database that fails for a while", .requiresPostgres, .timeLimit(.minutes(30)))
struct ReconnectTests {
    /// Where the connection is cut: instead of these bytes, which do not arrive.
    ///
    /// A statement is told by its first line, after the zero that ends its name: the preflight has the server explain the
    /// same statements.
    enum Cut: String, CaseIterable, Sendable {
        case list = "\0-- The next keys of rows that wait"
        case begin = "BEGIN ISOLATION"
        case claim = "pg_try_advisory_xact_lock"
        case read = "\0-- The rows of a list that still qualify"
        case write = "\0-- The one statement that correctness rests on"
        /// With the end of the message, because every BEGIN says READ COMMITTED.
        case commit = "COMMIT\0"
        /// The transaction succeeds, but nobody is told.
        case answerToCommit = "COMMIT "

        var text: String { self == .answerToCommit ? Cut.commit.rawValue : rawValue }
        var direction: FaultProxy.Direction { self == .answerToCommit ? .serverToClient : .clientToServer }
    }

    @Test(
        "may cut the connection at any statement; what was committed is known with the state table and without",
        arguments: Cut.allCases.map { ($0, true) } + [(.write, false), (.answerToCommit, false)])
    func cutConnection(cut: Cut, hasState: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            if !hasState { try await database.run("DROP TABLE embedding_state") }
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(60)
            try await withFaultProxy(to: database.url) { proxy in
                let seen = Recorder()
                let once = Once()
                let encoder = StubEncoder { texts in
                    await seen.add(texts.filter { $0.hasPrefix("Dataset") })
                    // The first text is the canary, before the first statement about rows.
                    if await once.first() { proxy.set(.cutInsteadOf(cut.text), for: cut.direction) }
                }
                let url = try proxy.url(from: database.url)
                let report = try await fixture.drain(encoder, connections: 1, url: url) { $0.batchSize = 20 }
                #expect(report.processed == 60 && report.failed == 0 && report.exitReason == .drained)
                #expect(report.skippedStale == 0 && report.skippedLocked == 0)
                #expect(await seen.texts.count == 60)
                #expect(proxy.connectionCount == 2, "the connection was not cut")
                try await checker.expectIntact(report)
            }
        }
    }

    @Test("may end the session while a batch is encoded", arguments: [1, 2])
    func terminatedWhileEncoding(connections: Int) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(60)
            let seen = Recorder()
            let once = Once()
            let encoder = StubEncoder { texts in
                let rows = texts.filter { $0.hasPrefix("Dataset") }
                await seen.add(rows)
                guard !rows.isEmpty, await once.first() else { return }
                let ended = try await database.terminateDrains()
                #expect(ended == connections)
            }
            let report = try await fixture.drain(encoder, connections: connections) { $0.batchSize = 20 }
            #expect(report.processed == 60 && report.failed == 0 && report.exitReason == .drained)
            // The claims of all connections are gone, but within one run no shard is with two connections.
            #expect(await seen.texts.count == 60)
            try await checker.expectIntact(report)
        }
    }

    /// What a trigger does to its own session, once.
    enum Fault: String, CaseIterable, Sendable {
        case terminated = "pg_terminate_backend"
        /// As `statement_timeout` does: the statement fails, the connection is good.
        case cancelled = "pg_cancel_backend"
    }

    @Test("may fail during the write or during COMMIT", arguments: Fault.allCases, [false, true])
    func failsWhileWriting(fault: Fault, atCommit: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(60)
            try await database.install(fault, atCommit: atCommit)
            let seen = Recorder()
            let encoder = StubEncoder { texts in await seen.add(texts.filter { $0.hasPrefix("Dataset") }) }
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, connections: 1, log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == 60 && report.failed == 0 && report.exitReason == .drained)
            #expect(await seen.texts.count == 60)
            #expect(log.entries(containing: "trying again").count == 1)
            try await checker.expectIntact(report)
        }
    }

    @Test("makes a row's failure count once, though the COMMIT that noted it went unanswered")
    func failureCountsOnce() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            try await database.run("UPDATE datasets SET title = '\(StubEncoder.Marker.zero.rawValue)' WHERE id = 5")
            try await withFaultProxy(to: database.url) { proxy in
                let encoder = StubEncoder { _ in proxy.set(.cutInsteadOf("COMMIT"), for: .serverToClient) }
                let url = try proxy.url(from: database.url)
                let report = try await fixture.drain(encoder, connections: 1, url: url)
                #expect(report.processed == 19 && report.failed == 1)
                #expect(proxy.connectionCount == 2)
                #expect(try await database.texts("SELECT attempts FROM embedding_failure") == ["1"])
                try await checker.expectIntact(report)
            }
        }
    }

    @Test("does not make the run claim what somebody else wrote while its own write was refused")
    func othersVectorsDoNotCount() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run("DROP TABLE embedding_state")
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }), await once.first() else { return }
                try await database.run("UPDATE datasets SET embedding = '[0,0,0,1]' WHERE id = 5")
                try await database.refuseWrites(of: [3])
            }
            let report = try await fixture.drain(encoder, connections: 1)
            #expect(report.processed == 18 && report.failed == 1 && report.skippedStale == 1)
            #expect(try await checker.firstVectors() == 18)
        }
    }

    @Test("ends the run when its time to recover is over, without losing a row")
    func budgetExceeded() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(60)
            try await withFaultProxy(to: database.url) { proxy in
                let seen = Recorder()
                let encoder = StubEncoder { texts in
                    await seen.add(texts.filter { $0.hasPrefix("Dataset") })
                    // The third batch is the last, and cannot be written.
                    guard await seen.texts.count == 60 else { return }
                    try proxy.set(.refused)
                    proxy.cut()
                }
                let url = try proxy.url(from: database.url)
                let report = try await fixture.drain(encoder, connections: 1, url: url) {
                    ($0.batchSize, $0.retryBudget) = (20, .milliseconds(200))
                }
                #expect(report.exitReason == .database && report.exitReason.exitCode == 75)
                #expect(report.processed == 40)
                #expect(report.remaining == nil && report.quarantined == nil)
                let rest = try await fixture.drain(StubEncoder())
                #expect(rest.processed == 20)
                try await checker.expectIntact(report, rest)
            }
        }
    }

    @Test("makes the run count the part of a batch that it could write before it gave up")
    func partOfABatch() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            // Like a disk that has room for ten rows.
            try await database.run(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF (SELECT count(embedding) FROM datasets) >= 10 THEN
                        RAISE 'full' USING ERRCODE = 'disk_full';
                    END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER refuse BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION refuse()
                """)
            let report = try await fixture.drain(StubEncoder(), connections: 1) { $0.retryBudget = .milliseconds(200) }
            #expect(report.exitReason == .database)
            #expect(report.processed == 10)
            #expect(report.skippedStale == 0 && report.skippedLocked == 0 && report.failed == 0)
            try await database.run("DROP TRIGGER refuse ON datasets")
            let rest = try await fixture.drain(StubEncoder())
            try await checker.expectIntact(report, rest)
        }
    }

    @Test("is waited for when it is absent at the start, or goes away before the first batch")
    func absentAtStart() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await withFaultProxy(to: database.url) { proxy in
                let url = try proxy.url(from: database.url)
                try proxy.set(.refused)
                let log = RecordedLog()
                func connector(within budget: Duration) -> Connector {
                    Connector(retryBudget: budget, log: log.logger) { () async throws(PostgresError) in
                        try await PostgresSession.connect(to: url, applicationName: "embedding-job test")
                    }
                }
                let lost = Once()
                async let found = connector(within: .seconds(30)).open { session in
                    if await lost.first() { proxy.cut() }
                    return try await Preflight(session: session, names: fixture.names, log: log.logger)
                        .check(for: .status)
                }
                await log.wait(for: "trying again")
                try proxy.set(.accepted)
                let session = try await found.session
                #expect(await session.isUsable)
                #expect(proxy.connectionCount == 2, "the first one was not cut")
                await session.close()

                try proxy.set(.refused)
                let failure = await #expect(throws: PostgresError.self) {
                    _ = try await connector(within: .zero).open { _ in }
                }
                #expect(try RunFailure(#require(failure)).reason == .database)
            }
        }
    }

    @Test("is waited for when a change of the table is in the queue before the run")
    func lockTimeout() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            let reader = try await database.connect()
            try await reader.executeScript(.init(name: "read", sql: "BEGIN; SELECT FROM datasets LIMIT 1"))
            let once = Once()
            let (alterations, continuation) = AsyncStream.makeStream(of: Task<Void, any Error>.self)
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }), await once.first() else { return }
                continuation.yield(Task { try await database.run("ALTER TABLE datasets ADD COLUMN more int") })
                // The run's own write gets past it, because it has read the table already; the next claim does not.
                while try await database.number("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0 {
                    await Task.yield()
                }
            }
            let log = RecordedLog()
            async let report = fixture.drain(encoder, connections: 1, log: log.logger) { $0.batchSize = 10 }
            await log.wait(for: "trying again")
            await reader.close()
            #expect(try await report.processed == 20)
            #expect(try await report.exitReason == .drained)
            let values = log.entries(containing: "trying again").first?.values.values.joined()
            #expect(values?.contains("55P03") == true)
            for await alteration in alterations {
                try await alteration.value
                break
            }
            try await checker.expectIntact(try await report)
        }
    }

    @Test(
        "may have defaults that do not suit the run",
        arguments: [
            "default_transaction_isolation = 'serializable'", "default_transaction_isolation = 'repeatable read'",
            "default_transaction_read_only = on", "statement_timeout = '400ms'", "lock_timeout = '1ms'",
            "idle_session_timeout = '400ms'", "idle_in_transaction_session_timeout = '400ms'",
        ])
    func roleDefaults(setting: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(60)
            try await database.run("UPDATE datasets SET title = '\(StubEncoder.Marker.zero.rawValue)' WHERE id = 5")
            // The recovery from a fault must not fall back on the defaults either.
            try await database.install(.terminated, atCommit: true)
            try await database.withEmbedder(settings: [setting]) { _, url in
                let report = try await fixture.drain(StubEncoder(), url: url) {
                    ($0.batchSize, $0.retryBudget) = (20, .seconds(5))
                }
                #expect(report.processed == 59 && report.failed == 1 && report.exitReason == .drained)
                try await checker.expectIntact(report)
            }
        }
    }

    @Test("may take longer to read the whole table than the role's time limit allows", arguments: [false, true])
    func slowTable(replacesOutdated: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            try await database.withEmbedder(settings: ["statement_timeout = '400ms'"]) { role, url in
                try await database.run(
                    """
                    CREATE FUNCTION slowly() RETURNS boolean LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_sleep(0.01); RETURN true; END $$;
                    ALTER TABLE datasets ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY slow ON datasets USING (slowly());
                    ALTER TABLE embedding_state ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY slow ON embedding_state USING (slowly());
                    INSERT INTO embedding_state (table_name, dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated)
                        SELECT 'public.datasets', 1000 + i, 'embedding', decode(repeat('07', 32), 'hex'), '', 1, false
                        FROM generate_series(1, 60) i
                    """)
                let report = try await fixture.drain(StubEncoder(), url: url) {
                    ($0.batchSize, $0.retryBudget, $0.replacesOutdated) = (10, .seconds(5), replacesOutdated)
                }
                #expect(report.processed == 60 && report.failed == 0 && report.exitReason == .drained)
            }
        }
    }

    @Test("may keep the table locked when the run starts")
    func lockedAtStart() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            let owner = try await database.connect()
            try await owner.executeScript(
                .init(name: "lock", sql: "BEGIN; LOCK TABLE datasets IN ACCESS EXCLUSIVE MODE"))
            let log = RecordedLog()
            async let report = fixture.drain(StubEncoder(), log: log.logger)
            await log.wait(for: "trying again")
            await owner.close()
            #expect(try await report.processed == 20)
            let values = log.entries(containing: "trying again").first?.values.values.joined()
            #expect(values?.contains("55P03") == true)
            try await checker.expectIntact(try await report)
        }
    }

    @Test(
        "may have time limits that are shorter than the encoding of a batch",
        arguments: ["statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout"])
    func roleTimeLimits(name: String) async throws {
        try await withTemporaryDatabase { database in
            // PostgreSQL has the last one from 17 on.
            guard try await database.number("SELECT count(*) FROM pg_settings WHERE name = '\(name)'") == 1 else {
                return
            }
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }), await once.first() else { return }
                try await Task.sleep(for: .milliseconds(900))
            }
            try await database.withEmbedder(settings: ["\(name) = '300ms'"]) { _, url in
                let log = RecordedLog()
                let report = try await fixture.drain(encoder, url: url, log: log.logger) { $0.batchSize = 20 }
                #expect(report.processed == 20 && report.exitReason == .drained)
                #expect(log.entries(containing: "trying again").isEmpty)
            }
        }
    }
}

extension TemporaryDatabase {
    /// Ends the sessions of all drains, waiting for their end; returns how many there were.
    fileprivate func terminateDrains() async throws -> Int {
        try await number(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'embedding-job test'
            """)
    }

    /// Makes the first update of the table do this to its own session, during the statement or when it is committed.
    fileprivate func install(_ fault: ReconnectTests.Fault, atCommit: Bool) async throws {
        let trigger = atCommit ? "CONSTRAINT TRIGGER fault AFTER" : "TRIGGER fault BEFORE"
        let timing = atCommit ? "DEFERRABLE INITIALLY DEFERRED" : ""
        // A sequence counts on when the transaction is rolled back.
        try await run(
            """
            CREATE SEQUENCE faults;
            CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                IF nextval('public.faults') = 1 THEN
                    PERFORM \(fault.rawValue)(pg_backend_pid());
                    PERFORM pg_sleep(60);
                END IF;
                RETURN NEW;
            END $$;
            CREATE \(trigger) UPDATE ON datasets \(timing) FOR EACH ROW EXECUTE FUNCTION fault()
            """)
    }
}
