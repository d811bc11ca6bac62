import BatchJob
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import Testing

/// Vectors that are written and then are not there.
@Suite("A vector that does not stay", .requiresPostgres, .timeLimit(.minutes(30)))
struct UndoneWriteTests {
    /// Who takes it away, from rows whose number can be divided by three.
    enum Taker: String, CaseIterable, Sendable {
        /// It clears the vector of every update, the job's own as well.
        case before = "TRIGGER take BEFORE UPDATE ON datasets FOR EACH ROW"
        case after = "TRIGGER take AFTER UPDATE ON datasets FOR EACH ROW"
        case atCommit =
            "CONSTRAINT TRIGGER take AFTER UPDATE ON datasets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"

        var body: String {
            self == .before
                ? "NEW.embedding := NULL;"
                : "UPDATE public.datasets SET embedding = NULL WHERE id = NEW.id AND embedding IS NOT NULL;"
        }
    }

    @Test("is written once and blamed once, and the run ends", arguments: Taker.allCases, [true, false])
    func taken(taker: Taker, hasLedger: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            if !hasLedger { try await database.run("DROP TABLE embedding_failure") }
            try await fixture.insert(30)
            try await database.run(
                """
                CREATE TABLE takings (id bigint);
                CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.id % 3 = 0 AND NEW.embedding IS NOT NULL THEN
                        INSERT INTO public.takings VALUES (NEW.id);
                        \(taker.body)
                    END IF;
                    RETURN NEW;
                END $$;
                CREATE \(taker.rawValue) EXECUTE FUNCTION take()
                """)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 7 }
            #expect(report.exitReason == .drained && report.processed == 20 && report.failed == 10)
            #expect(report.skippedLocked == 0 && report.skippedStale == 0)
            #expect(try await database.number("SELECT count(*) FROM takings") == 10)
            #expect(try await fixture.pending() == 10)
            #expect(Set(log.entries("row failed").map { $0.values["code"] }) == ["UNDONE"])
            let warnings = log.entries(containing: "triggers keep them away").map(\.values)
            #expect(warnings.map { $0["triggers"] } == ["take on datasets"])
            guard hasLedger else { return }
            #expect(report.remaining == 0 && report.quarantined == 10)
            let codes = "SELECT DISTINCT error_class || error_code || attempts FROM embedding_failure"
            #expect(try await database.texts(codes) == ["WRITEUNDONE1"])
            let rerun = try await fixture.drain(StubEncoder())
            #expect(rerun.processed == 0 && rerun.failed == 0)
            if taker == .before { #expect(try await database.number("SELECT count(*) FROM embedding_state") == 20) }
        }
    }

    @Test(
        "is not counted by a run that ends before it reads the row again, in either phase", arguments: [true, false])
    func takenWithoutFurtherPass(isReplacement: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            if isReplacement {
                _ = try await fixture.drain(StubEncoder())
                try await database.run("UPDATE datasets SET title = 'Edited ' || id WHERE id <= 6")
            }
            try await database.run(
                """
                CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF pg_trigger_depth() = 1 THEN
                        UPDATE public.datasets d SET embedding = NULL FROM written w
                        WHERE d.id = w.id AND w.embedding IS NOT NULL;
                    END IF;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER take AFTER UPDATE ON datasets REFERENCING NEW TABLE AS written
                    FOR EACH STATEMENT EXECUTE FUNCTION take()
                """)
            let report = try await fixture.drain(StubEncoder(), connections: 1) {
                ($0.limit, $0.replacesOutdated) = (6, isReplacement)
            }
            #expect(report.processed == 0 && report.failed == 6)
            #expect(report.exitReason == (isReplacement ? .drained : .limit))
            let undone = "SELECT count(*) FROM embedding_failure WHERE error_code = 'UNDONE'"
            #expect(try await database.number(undone) == 6)
        }
    }

    @Test("is taken off what was counted if somebody takes it away after its COMMIT")
    func takenLater() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            let seen = Recorder()
            let encoder = StubEncoder { texts in
                guard await seen.reaches(40, with: texts) else { return }
                try await database.run(
                    "UPDATE datasets SET embedding = NULL WHERE id IN (SELECT id FROM datasets WHERE embedding IS NOT NULL LIMIT 5)"
                )
            }
            let report = try await fixture.drain(encoder, connections: 1) { $0.batchSize = 20 }
            #expect(report.processed == 35 && report.failed == 5 && report.exitReason == .drained)
            #expect(try await database.number("SELECT count(embedding) FROM datasets") == 35)
        }
    }

    @Test("from none of many rows lets the run conclude that the rows are not to blame")
    func takenFromAll() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            try await database.run(
                """
                CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    UPDATE public.datasets SET embedding = NULL WHERE id = NEW.id AND embedding IS NOT NULL;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER take AFTER UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION take()
                """)
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 0 && report.failed == 60 && report.exitReason == .noSuccess)
        }
    }

    @Test("is no fault of a row that was edited, even if every pass finds edits")
    func edited() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            try await database.run(
                """
                CREATE FUNCTION invalidate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.embedding IS NOT DISTINCT FROM OLD.embedding
                        AND ROW(NEW.title, NEW.description) IS DISTINCT FROM ROW(OLD.title, OLD.description)
                    THEN NEW.embedding := NULL; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER invalidate BEFORE UPDATE OF title, description ON datasets
                    FOR EACH ROW EXECUTE FUNCTION invalidate()
                """)
            let batches = Recorder()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }) else { return }
                await batches.add(["batch"])
                let number = await batches.texts.count
                // Four batches of the first pass, then those of rows that were edited while others were in hand.
                guard (4...8).contains(number) else { return }
                try await database.run(
                    "UPDATE datasets SET title = title || '.' WHERE id % 2 = \(number % 2) AND embedding IS NOT NULL")
            }
            let report = try await fixture.drain(encoder, connections: 1) { $0.batchSize = 5 }
            #expect(report.failed == 0 && report.exitReason == .drained)
            let batchCount = await batches.texts.count
            #expect(report.processed == 20 && batchCount > 4)
            #expect(try await fixture.expectNoStaleVector(encoder) == 20)
        }
    }

    @Test("is not written for ever to a row whose text changes with every write")
    func restless() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            try await database.run(
                """
                CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    UPDATE public.datasets SET title = title || '.', embedding = NULL WHERE id = NEW.id;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER change AFTER UPDATE OF embedding ON datasets
                    FOR EACH ROW WHEN (NEW.id = 5 AND NEW.embedding IS NOT NULL) EXECUTE FUNCTION change()
                """)
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 19 && report.failed == 0)
            #expect(report.skippedStale == 1 && report.remaining == 1 && report.exitReason == .drained)
        }
    }

    @Test("does not blame its row if the server may have lost it, as after a failover")
    func lostByServer() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            let seen = Recorder()
            let encoder = StubEncoder { texts in
                guard await seen.reaches(40, with: texts) else { return }
                // The first batch was committed; the server that takes over does not have it.
                try await database.run("UPDATE datasets SET embedding = NULL; TRUNCATE embedding_state")
                _ = try await database.query(
                    """
                    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'embedding-job test'
                    """)
            }
            let report = try await fixture.drain(encoder, connections: 1) { $0.batchSize = 20 }
            #expect(report.processed == 40 && report.failed == 0 && report.exitReason == .drained)
            #expect(try await fixture.expectNoStaleVector(encoder) == 40)
        }
    }

    // MARK: - Replacing vectors

    @Test("because a trigger keeps the former one does not count as replaced")
    func formerKept() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            _ = try await fixture.drain(StubEncoder())
            try await database.run(
                """
                UPDATE datasets SET title = 'Edited ' || id WHERE id <= 4;
                CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    NEW.embedding := OLD.embedding; RETURN NEW;
                END $$;
                CREATE TRIGGER keep BEFORE UPDATE ON datasets FOR EACH ROW WHEN (NEW.id <= 2) EXECUTE FUNCTION keep()
                """)
            let report = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(report.processed == 2 && report.failed == 2 && report.exitReason == .drained)
            // What is stale is still known to be.
            let states = try await fixture.verify(StubEncoder()).states
            #expect(states?.stale == 2 && states?.current == 28)
        }
    }

    @Test("is one that no update is needed for counts, since it is there")
    func redundantUpdate() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            _ = try await fixture.drain(StubEncoder())
            // The state table says that the text was another; the vector is that of the text as it is.
            try await database.run(
                """
                UPDATE embedding_state SET source_fingerprint = '\\x00' WHERE dataset_id <= 5;
                CREATE TRIGGER spare BEFORE UPDATE ON datasets
                    FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
                """)
            let report = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(report.processed == 5 && report.failed == 0 && report.exitReason == .drained)
            let rerun = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(rerun.processed == 0 && rerun.failed == 0)
        }
    }

    @Test("ends the run as well if it is the note about it that does not stay")
    func noteSuppressed() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(30)
            _ = try await fixture.drain(StubEncoder())
            try await database.run(
                """
                UPDATE datasets SET title = 'Edited ' || id WHERE id <= 4;
                CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                CREATE TRIGGER forget BEFORE INSERT OR UPDATE ON embedding_state FOR EACH ROW EXECUTE FUNCTION forget()
                """)
            let report = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(report.processed == 4 && report.failed == 4 && report.exitReason == .drained)
        }
    }

    @Test("but another in its place counts as stored")
    func altered() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(10)
            try await database.run(
                """
                CREATE FUNCTION alter_vector() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    NEW.embedding := l2_normalize(NEW.embedding + '[0.1,0,0,0]'); RETURN NEW;
                END $$;
                CREATE TRIGGER alter_vector BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION alter_vector()
                """)
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 10 && report.failed == 0 && report.exitReason == .drained)
        }
    }
}

@Suite("The memory of written rows")
struct WrittenRowsTests {
    private func key(_ number: Int) -> RowKey { RowKey([UInt8](String(number).utf8)) }
    private func text(_ number: UInt8) -> Fingerprint { Fingerprint([UInt8](repeating: number, count: 32)) }

    @Test("tells a row that has lost its vector from one that was edited")
    func findings() {
        var rows = WrittenRows()
        #expect(rows.finding(key(1), text(1)) == .new)
        rows.insert(key(1), text(1))
        #expect(rows.finding(key(1), text(1)) == .undone)
        #expect(rows.finding(key(1), text(2)) == .new)
        #expect(rows.finding(key(2), text(1)) == .new)
        rows.remove(key(1))
        #expect(rows.finding(key(1), text(1)) == .new)
        rows.insert(key(1), text(1))
        rows.forgetTexts()
        #expect(rows.finding(key(1), text(1)) == .new && rows.count == 1)
    }

    @Test("counts a vector once, however often it is written, unless it was lost in between")
    func counts() {
        var rows = WrittenRows()
        let first = [rows.insert(key(1), text(1)), rows.insert(key(1), text(2))]
        #expect(first == [true, false])
        let lost = [rows.lose(key(1)), rows.lose(key(1)), rows.lose(key(2))]
        #expect(lost == [true, false, false] && rows.finding(key(1), text(2)) == .undone)
        let second = [rows.insert(key(1), text(3)), rows.insert(key(1), text(3))]
        #expect(second == [true, false])
        rows.forgetTexts()
        let isLost = rows.lose(key(1))
        #expect(isLost)
    }

    @Test("leaves a row alone that it has written often, each time with another text")
    func restless() {
        var rows = WrittenRows()
        for number in 0..<UInt8(WrittenRows.mostWrites) {
            #expect(rows.finding(key(1), text(number)) == .new)
            rows.insert(key(1), text(number))
        }
        #expect(rows.finding(key(1), text(200)) == .restless)
        for number in 0..<UInt8.max { rows.insert(key(1), text(number)) }
        rows.insert(key(1), text(7))
        #expect(rows.finding(key(1), text(200)) == .restless && rows.finding(key(1), text(7)) == .undone)
    }

    @Test("holds so many rows and no more, until some are forgotten")
    func isBounded() {
        var rows = WrittenRows(capacity: 100)
        for number in 0..<1000 { rows.insert(key(number), text(1)) }
        #expect(rows.count == 100)
        #expect(rows.finding(key(99), text(1)) == .undone && rows.finding(key(100), text(1)) == .new)
        rows.insert(key(5), text(2))
        #expect(rows.finding(key(5), text(2)) == .undone)
        rows.remove(key(5))
        rows.insert(key(100), text(1))
        #expect(rows.count == 100 && rows.finding(key(100), text(1)) == .undone)
    }
}
