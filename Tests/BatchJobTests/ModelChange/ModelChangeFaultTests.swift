import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// What goes on beside a change of the model, and what ends it early.
@Suite("While the model is changed,", .requiresPostgres, .timeLimit(.minutes(30)))
struct ModelChangeFaultTests {
    private static let old = StubEncoder()
    private static let next = StubEncoder(dimension: 6, seed: 77)
    private static let index = "datasets_embedding_abababababab_hnsw"

    /// An index build of this database waits for a transaction to end.
    private static let buildWaits = """
        EXISTS (SELECT FROM pg_stat_progress_create_index
            WHERE phase LIKE 'waiting%' AND datname = current_database())
        """

    private func withFilledTable(_ count: Int, _ body: (DatasetFixture) async throws -> Void) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(count)
            #expect(try await fixture.drain(Self.old).processed == count)
            try await body(fixture)
        }
    }

    /// A lock on the table that an index build has to wait for, as of a transaction that has written.
    private func writer(_ fixture: DatasetFixture) async throws -> PostgresSession {
        let writer = try await fixture.database.connect()
        try await writer.executeScript(
            PostgresStatement(name: "write", sql: "BEGIN; LOCK TABLE datasets IN ROW EXCLUSIVE MODE"))
        return writer
    }

    // MARK: - Runs of the old model

    /// A column of the same dimension takes the name between two batches of a run.
    ///
    /// - Parameter isGuarded: Without, the guard is struck out of the statements on their way to the server.
    @Test("a run of the old model writes nothing to the column that has taken the name", arguments: [true, false])
    func columnGuard(isGuarded: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            try await withFaultProxy(to: database.url) { proxy in
                if !isGuarded {
                    let guarding = "a.attname OPERATOR(pg_catalog.=) 'embedding'"
                    proxy.replace(guarding, with: "true".padded(like: guarding))
                }
                let once = Once()
                let (renamed, renaming) = AsyncStream.makeStream(of: Bool.self)
                let encoder = StubEncoder { texts in
                    guard texts.contains(where: { $0.hasPrefix("Dataset") }), await once.first() else { return }
                    Task {
                        try? await database.run(
                            """
                            ALTER TABLE datasets ADD COLUMN another vector(4);
                            ALTER TABLE datasets RENAME COLUMN embedding TO embedding_old;
                            ALTER TABLE datasets RENAME COLUMN another TO embedding
                            """)
                        renaming.yield(true)
                    }
                    // It waits for the transaction of this batch, before the next one can read.
                    try await database.wait(
                        until: "EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'datasets'::regclass)")
                }
                let log = RecordedLog()
                let report = try await fixture.drain(
                    encoder, connections: 1, url: try proxy.url(from: database.url), log: log.logger
                ) { $0.batchSize = 10 }
                for await _ in renamed { break }
                #expect(try await database.number("SELECT count(embedding_old) FROM datasets") == 10)
                let astray = try await database.number("SELECT count(embedding) FROM datasets")
                if isGuarded {
                    #expect(astray == 0)
                    #expect(report.exitReason == .configuration && report.processed == 10 && report.failed == 0)
                    #expect(log.entries("run ended early").first?.values["error"]?.contains("taken the name") == true)
                    try #expect(await database.number("SELECT count(*) FROM embedding_failure") == 0)
                } else {
                    // The test of the test: vectors of the old model stand where only the new one's may.
                    #expect(proxy.replacementCount > 0)
                    #expect(astray > 0)
                }
            }
        }
    }

    @Test("the half-hourly run of the old model keeps the serving column fresh")
    func ordinaryRun() async throws {
        try await withFilledTable(60) { fixture in
            let database = fixture.database
            let once = Once()
            let encoder = StubEncoder(dimension: 6, seed: 77) { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }), await once.first() else { return }
                try await database.run("UPDATE datasets SET title = 'Edited', embedding = NULL WHERE id <= 7")
                let report = try await fixture.drain(Self.old)
                #expect(report.processed == 7 && report.exitReason == .drained)
                try await fixture.expectNoStaleVector(Self.old)
            }
            let report = await fixture.change { $0.batchSize = 10 }.fill(encoder)
            #expect(report.exitReason == .drained && report.remaining == 0)
            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
            try #expect(await fixture.expectNoStaleVector(Self.next) == 60)
        }
    }

    @Test("the swap waits for a batch in hand and not for the run, and no application waits for the swap meanwhile")
    func swapBetweenBatches() async throws {
        try await withFilledTable(30) { fixture in
            let database = fixture.database
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            try await fixture.insert(60, titled: "New")
            let once = Once()
            let (reports, reporting) = AsyncStream.makeStream(of: RunReport.self)
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("New") }), await once.first() else { return }
                Task { reporting.yield(await fixture.change().cutOver(Self.next)) }
                try await database.wait(
                    until: """
                        EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
                            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                        """)
                // Somebody searches: nothing waits for the table.
                _ = try await database.number("SELECT count(*) FROM datasets")
                #expect(
                    try await database.number(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'datasets'::regclass") == 0)
            }
            let run = try await fixture.drain(encoder) { $0.batchSize = 10 }
            var iterator = reports.makeAsyncIterator()
            let report = await iterator.next()
            #expect(report?.exitReason == .drained)
            // The run found its shards taken, or the column replaced; either way it wrote old vectors to the old column only.
            #expect(run.processed >= 10)
            #expect(try await database.number("SELECT count(embedding_old) FROM datasets") == 30 + run.processed)
            #expect(try await fixture.expectNoStaleVector(Self.next) == 90)
        }
    }

    // MARK: - Several processes

    @Test("several processes share the fill, each row is encoded once")
    func severalFills() async throws {
        try await withFilledTable(200) { fixture in
            let reports = await withTaskGroup(of: RunReport.self) { group in
                for _ in 0..<3 { group.addTask { await fixture.change { $0.batchSize = 10 }.fill(Self.next) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.allSatisfy { $0.exitReason == .drained })
            #expect(reports.reduce(0) { $0 + $1.processed } == 200)
            try #expect(await fixture.database.number("SELECT count(embedding_abababababab) FROM datasets") == 200)
        }
    }

    @Test("one process builds the index, and another leaves it to that one")
    func oneBuilder() async throws {
        try await withFilledTable(20) { fixture in
            let database = fixture.database
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            try await database.run("CREATE INDEX by_meaning ON datasets USING hnsw (embedding vector_cosine_ops)")
            let writer = try await writer(fixture)
            async let first = fixture.change().fill(Self.next)
            try await database.wait(until: Self.buildWaits)
            let log = RecordedLog()
            let second = await fixture.change(log: log.logger).fill(Self.next)
            #expect(second.exitReason == .drained)
            #expect(log.entries(containing: "another process is building").count == 1)
            await writer.close()
            #expect(await first.exitReason == .drained)
            #expect(try await database.number("SELECT count(*) FROM pg_indexes WHERE indexname = '\(Self.index)'") == 1)
        }
    }

    // MARK: - Ends

    @Test("an index that a build has left unfinished is named by the plan, and dropped and built by the next run")
    func unfinishedIndex() async throws {
        try await withFilledTable(20) { fixture in
            let database = fixture.database
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            try await database.run("CREATE INDEX by_meaning ON datasets USING hnsw (embedding vector_cosine_ops)")
            let writer = try await writer(fixture)
            async let broken = fixture.change().fill(Self.next)
            try await database.wait(until: Self.buildWaits)
            try await database.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index WHERE datname = current_database()"
            )
            #expect(await broken.exitReason == .database)
            await writer.close()

            let plan = try await fixture.change().plan(Self.next)
            #expect(plan.stage == .notIndexed && plan.next == "embedding-job backfill run")
            #expect(plan.details.contains { $0.value.contains("not finished") })
            #expect(await fixture.change().cutOver(Self.next).exitReason == .configuration)
            let log = RecordedLog()
            #expect(await fixture.change(log: log.logger).fill(Self.next).exitReason == .drained)
            #expect(log.entries(containing: "did not finish").first?.values["index"] == Self.index)
            #expect(try await fixture.change().plan(Self.next).stage == .ready)
        }
    }

    @Test("a build says how far it is, and a signal ends it at once")
    func signal() async throws {
        try await withFilledTable(20) { fixture in
            let database = fixture.database
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            try await database.run("CREATE INDEX by_meaning ON datasets USING hnsw (embedding vector_cosine_ops)")
            let writer = try await writer(fixture)
            let control = RunControl()
            let log = RecordedLog()
            async let stopped = fixture.change(log: log.logger, control: control).fill(Self.next)
            await log.wait(for: "progress")
            let progress = log.entries("progress").first { $0.values["phase"] != nil }
            #expect(progress?.values["phase"]?.hasPrefix("waiting") == true)
            #expect(progress?.values["index"] == Self.index)
            await control.stop()
            #expect(await stopped.exitReason == .signal)
            await writer.close()
        }
    }

    @Test("a reader that does not end makes the swap give up, for now, and nobody waits for long")
    func lockedTable() async throws {
        try await withFilledTable(10) { fixture in
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            let reader = try await fixture.database.connect()
            try await reader.executeScript(
                PostgresStatement(name: "read", sql: "BEGIN; SELECT count(*) FROM datasets"))
            let report = await fixture.change { $0.retryBudget = .seconds(1) }.cutOver(Self.next)
            #expect(report.exitReason == .database && report.exitReason.exitCode == 75)
            #expect(try await fixture.change().plan(Self.next).stage == .ready)
            await reader.close()
            #expect(await fixture.change().cutOver(Self.next).exitReason == .drained)
        }
    }

    @Test("a COMMIT of the swap whose answer is lost is not done again")
    func lostAnswer() async throws {
        try await withFilledTable(10) { fixture in
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            try await withFaultProxy(to: fixture.database.url) { proxy in
                proxy.set(.holdFrom("RENAME COLUMN"), for: .clientToServer)
                let change = fixture.change(url: try proxy.url(from: fixture.database.url))
                async let cutover = change.cutOver(Self.next)
                try await proxy.waitUntil(seen: "RENAME COLUMN", .clientToServer)
                // The answer to a RENAME is "ALTER TABLE", the one to the end of the transaction "COMMIT".
                proxy.set(.cutInsteadOf("COMMIT"), for: .serverToClient)
                proxy.set(.pass, for: .clientToServer)
                #expect(await cutover.exitReason == .drained)
            }
            #expect(try await fixture.change().plan(Self.next).stage == .cutOver)
            #expect(try await fixture.expectNoStaleVector(Self.next) == 10)
        }
    }

    @Test("a table that takes the name before the lock comes is not changed")
    func tableSwapped() async throws {
        try await withFilledTable(10) { fixture in
            #expect(await fixture.change().fill(Self.next).exitReason == .drained)
            let columns = """
                SELECT attname || attnum FROM pg_attribute
                WHERE attrelid = 'datasets_green'::regclass AND attnum > 0 ORDER BY attnum
                """
            try await fixture.database.run("CREATE TABLE datasets_green (LIKE datasets INCLUDING ALL)")
            let before = try await fixture.database.texts(columns)
            try await withFaultProxy(to: fixture.database.url) { proxy in
                proxy.set(.holdFrom("IN ACCESS EXCLUSIVE MODE"), for: .clientToServer)
                let change = fixture.change(url: try proxy.url(from: fixture.database.url))
                async let cutover = change.cutOver(Self.next)
                try await proxy.waitUntil(seen: "IN ACCESS EXCLUSIVE MODE", .clientToServer)
                try await fixture.database.run(
                    "ALTER TABLE datasets RENAME TO datasets_blue; ALTER TABLE datasets_green RENAME TO datasets")
                proxy.set(.pass, for: .clientToServer)
                #expect(await cutover.exitReason == .configuration)
            }
            try await fixture.database.run("ALTER TABLE datasets RENAME TO datasets_green")
            #expect(try await fixture.database.texts(columns) == before)
        }
    }

    // MARK: - Searches

    /// An application that searches all the time, each time with the encoder of the model that serves.
    private struct SearchingApplication {
        let database: TemporaryDatabase
        let encoders: [Fingerprint: StubEncoder]
        private(set) var searches: [Fingerprint: Int] = [:]

        init(_ database: TemporaryDatabase, _ encoders: [Fingerprint: StubEncoder]) {
            self.database = database
            self.encoders = encoders
        }

        /// Searches until told to end, and checks that all distances are those of one model, the one that serves.
        mutating func search(until isOver: Once.Flag) async throws {
            let session = try await database.connect(applicationName: "search")
            let vectorOID = try await session.execute(
                PostgresStatement(name: "type", sql: "SELECT 'vector'::regtype::oid")
            ).first?.oid(0)
            let type = try #require(vectorOID)
            let question = "About number 7"
            while await !isOver.value {
                // One transaction, which holds the table from its first statement on: no swap comes in between.
                try await session.executeScript(
                    PostgresStatement(name: "begin", sql: "BEGIN; LOCK TABLE datasets IN ACCESS SHARE MODE"))
                let row = try await session.execute(
                    PostgresStatement(
                        name: "model",
                        sql: "SELECT fingerprint FROM embedding_model WHERE column_name = 'embedding'")
                ).first
                let model = try #require(try row?.fingerprint("fingerprint"))
                let encoder = try #require(encoders[model])
                let query = encoder.vector(of: question)
                let found = try await session.execute(
                    PostgresStatement(
                        name: "search",
                        sql: """
                            SELECT concat_ws(' ', title, title, description) AS source,
                                (embedding <=> $1)::float8 AS distance
                            FROM datasets ORDER BY embedding <=> $1 LIMIT 5
                            """), [.vector(query, typeOID: type)])
                try await session.executeScript(.commit)
                #expect(found.count == 5)
                for row in found {
                    let vector = encoder.vector(of: try row.text("source"))
                    let cosine = zip(vector, query).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                    let distance = try row.float8("distance")
                    #expect(abs(distance - (1 - cosine)) < 1e-5)
                }
                searches[model, default: 0] += 1
            }
            await session.close()
        }
    }

    @Test("searches see no error and no vector of the wrong model, from the first step to the last", arguments: [4, 6])
    func searches(dimension: Int) async throws {
        try await withFilledTable(100) { fixture in
            let next = StubEncoder(dimension: dimension, seed: 77)
            let database = fixture.database
            try await database.run(
                """
                CREATE INDEX by_meaning ON datasets USING hnsw (embedding vector_cosine_ops);
                INSERT INTO embedding_model
                    SELECT 'public.datasets', 'embedding', 'old', model_fingerprint, 4 FROM embedding_state LIMIT 1
                """)
            let isOver = Once.Flag()
            let searching = Task {
                var application = SearchingApplication(
                    database, [DatasetFixture.model: Self.old, DatasetFixture.nextModel: next])
                try await application.search(until: isOver)
                return application.searches
            }
            let change = fixture.change(dimension: dimension)
            #expect(await change.fill(next).exitReason == .drained)
            #expect(await change.verify(next).exitReason == .verified)
            #expect(await change.cutOver(next).exitReason == .drained)
            let back = fixture.change(to: DatasetFixture.model, dimension: 4)
            #expect(await back.rollBack(Self.old).exitReason == .drained)
            #expect(await change.cutOver(next).exitReason == .drained)
            #expect(try await change.dropOld(isConfirmed: true).isDone)
            await isOver.set()
            let searches = try await searching.value
            #expect(searches[DatasetFixture.model, default: 0] > 0)
            #expect(searches[DatasetFixture.nextModel, default: 0] > 0)
        }
    }
}

extension Once {
    /// False, then true.
    actor Flag {
        private(set) var value = false

        func set() { value = true }
    }
}
