import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// Writes that the database refuses, by whatever code.
@Suite("A write that the database refuses", .requiresPostgres, .timeLimit(.minutes(30)))
struct RefusedWriteTests {
    /// What a trigger can raise: codes of triggers, of applications, of the server itself, of conflicts that pass as a rule.
    static let codes = [
        "P0001", "P0002", "P0004", "45000", "44000", "27000", "39000", "2D000", "0A000", "55000", "42883", "42P01",
        "42703", "42501", "23505", "22023", "21000", "54001", "40002", "XX000", "XX002", "HV000", "AB123",
        "40001", "40P01", "55P03", "57014",
    ]

    @Test("because of one row costs that row alone, by any code", arguments: codes)
    func oneRow(code: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(40)
            try await database.raise(code, when: "NEW.id = 7")
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), connections: 1, log: log.logger) { $0.batchSize = 40 }
            #expect(report.processed == 39 && report.failed == 1 && report.exitReason == .drained)
            #expect(report.skippedLocked == 0 && report.skippedStale == 0)
            #expect(log.entries("row failed").map(\.values) == [["row": "7", "failure": "WRITE", "code": code]])
            #expect(try await database.texts("SELECT dataset_id || error_code FROM embedding_failure") == ["7\(code)"])
            try await checker.expectIntact(report)
        }
    }

    @Test(
        "when the transaction is committed costs that row alone, too", arguments: ["P0001", "23514", "40001", "XX000"])
    func atCommit(code: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(40)
            try await database.raise(code, when: "NEW.id IN (7, 8)", atCommit: true)
            let report = try await fixture.drain(StubEncoder()) { $0.batchSize = 20 }
            #expect(report.processed == 38 && report.failed == 2 && report.exitReason == .drained)
            try await checker.expectIntact(report)
        }
    }

    @Test("because of the only row that waits ends no run with 70", arguments: ["P0001", "XX000", "40001", "57014"])
    func loneRow(code: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(1)
            try await database.raise(code, when: "true")
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 0 && report.failed == 1)
            #expect(report.exitReason == .drained && report.exitReason.exitCode == 0)
        }
    }

    @Test("because of all rows is no fault of theirs from the fiftieth on", arguments: [(49, true), (50, false)])
    func allRows(count: Int, isDrained: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(count)
            try await database.raise("P0001", when: "true")
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == 0 && report.failed == count)
            #expect(report.exitReason == (isDrained ? .drained : .noSuccess))
            let reason = log.entries("run ended early").first?.values["error"]
            #expect(isDrained || reason?.contains("refused 50 rows and took none") == true)
        }
    }

    /// What makes the database refuse row 7, without anybody raising anything.
    enum Refusal: String, CaseIterable, Sendable {
        case check = "ALTER TABLE datasets ADD CHECK (id <> 7 OR embedding IS NULL)"
        case function = """
            CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM 1 / (NEW.id - 7); RETURN NEW; END $$;
            CREATE TRIGGER divide BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION divide()
            """
        case missingFunction = """
            CREATE FUNCTION call() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.id = 7 THEN PERFORM gone(NEW.id); END IF; RETURN NEW; END $$;
            CREATE TRIGGER call AFTER UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION call()
            """
        case noReturn = """
            CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.id <> 7 THEN RETURN NEW; END IF; END $$;
            CREATE TRIGGER fall BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION fall()
            """
        case index = """
            CREATE FUNCTION entry(bigint, vector) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
                RETURN CASE WHEN $2 IS NULL THEN 0 ELSE 1 / ($1 - 7) END;
            END $$;
            CREATE INDEX ON datasets (entry(id, embedding))
            """
        case generated = """
            ALTER TABLE datasets ADD COLUMN share int
                GENERATED ALWAYS AS (CASE WHEN embedding IS NULL THEN 0 ELSE 1 / (id - 7) END) STORED
            """
        case foreignKeyAtCommit = """
            CREATE TABLE parents (id bigint PRIMARY KEY);
            ALTER TABLE datasets ADD COLUMN parent bigint REFERENCES parents DEFERRABLE INITIALLY DEFERRED;
            CREATE FUNCTION adopt() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.id = 7 THEN NEW.parent := 99; END IF; RETURN NEW; END $$;
            CREATE TRIGGER adopt BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION adopt()
            """
        case uniqueState = """
            CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.id = 7 THEN NEW.id := 8; END IF; RETURN NEW; END $$;
            CREATE TRIGGER clash BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION clash()
            """
        case transactionControl = """
            CREATE FUNCTION finish() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.id = 7 THEN COMMIT; END IF; RETURN NEW; END $$;
            CREATE TRIGGER finish BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION finish()
            """
        case transitionTable = """
            CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM changed WHERE id = 7) THEN RAISE 'row 7 is frozen'; END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER look AFTER UPDATE ON datasets REFERENCING NEW TABLE AS changed
                FOR EACH STATEMENT EXECUTE FUNCTION look()
            """
    }

    @Test("by whatever the table is made of costs one row", arguments: Refusal.allCases)
    func refused(refusal: Refusal) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(40)
            try await database.run(refusal.rawValue)
            let report = try await fixture.drain(StubEncoder()) { $0.batchSize = 20 }
            #expect(report.processed == 39 && report.failed == 1 && report.exitReason == .drained)
            #expect(try await database.texts("SELECT dataset_id FROM embedding_failure") == ["7"])
            #expect(try await fixture.expectNoStaleVector(StubEncoder()) == 39)
        }
    }

    // MARK: - What no row is to blame for

    @Test(
        "for want of room, of a connection or by the server's own state blames nobody",
        arguments: [
            "53100", "53200", "53400", "58030", "08006", "57P03",
        ])
    func circumstances(code: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            try await database.raise(code, when: "NEW.id = 7")
            let report = try await fixture.drain(StubEncoder(), connections: 1) { $0.retryBudget = .milliseconds(200) }
            #expect(report.exitReason == .database && report.exitReason.exitCode == 75 && report.failed == 0)
            #expect(try await database.number("SELECT count(*) FROM embedding_failure") == 0)
            try await database.run("DROP TRIGGER raise ON datasets")
            #expect(try await fixture.drain(StubEncoder()).processed == 20 - report.processed)
        }
    }

    /// What makes the statement fail whatever rows are in it.
    enum Obstacle: String, CaseIterable, Sendable {
        case statementTrigger = """
            CREATE FUNCTION close() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'closed for the night'; END $$;
            CREATE TRIGGER close BEFORE UPDATE ON datasets FOR EACH STATEMENT EXECUTE FUNCTION close()
            """
        case rule = "CREATE RULE nothing AS ON UPDATE TO datasets DO INSTEAD NOTHING"
        case conditionalRule = "CREATE RULE nothing AS ON UPDATE TO datasets WHERE old.id = 7 DO INSTEAD NOTHING"
        case noIdentity = """
            CREATE PUBLICATION all_rows FOR TABLE datasets;
            ALTER TABLE datasets REPLICA IDENTITY NOTHING
            """
        case column = "ALTER TABLE datasets RENAME embedding TO other"
        case privilege = "REVOKE UPDATE (embedding) ON datasets FROM ROLE_NAME"
    }

    @Test("even without a row in it ends the run with 78 and blames nobody", arguments: Obstacle.allCases)
    func statementFails(obstacle: Obstacle) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(60)
            try await database.withEmbedder { role, url in
                let once = Once()
                let encoder = StubEncoder { texts in
                    // At the canary: after the preflight, before the first claim.
                    guard await once.first() else { return }
                    try await database.run(obstacle.rawValue.replacing("ROLE_NAME", with: role))
                }
                let report = try await fixture.drain(encoder, url: url) { $0.batchSize = 20 }
                #expect(report.exitReason == .configuration && report.exitReason.exitCode == 78)
                #expect(report.processed == 0 && report.failed == 0)
                #expect(try await database.number("SELECT count(*) FROM embedding_failure") == 0)
            }
        }
    }

    @Test("because a trigger lacks a privilege ends the run with 78, not the rows")
    func privilegeOfTrigger() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            try await database.run(
                """
                CREATE TABLE audit (id bigint);
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN INSERT INTO public.audit VALUES (NEW.id); RETURN NEW; END $$;
                CREATE TRIGGER note AFTER UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION note()
                """)
            try await database.withEmbedder { role, url in
                let report = try await fixture.drain(StubEncoder(), url: url) { $0.batchSize = 20 }
                #expect(report.exitReason == .configuration && report.failed == 0 && report.processed == 0)
                #expect(try await database.number("SELECT count(*) FROM embedding_failure") == 0)
                try await database.run("GRANT INSERT ON audit TO \(role)")
                #expect(try await fixture.drain(StubEncoder(), url: url).processed == 20)
            }
        }
    }

    @Test("names the constraint, the column or the table that refuses the row")
    func refusedBy() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            try await database.run(
                """
                ALTER TABLE datasets ADD CONSTRAINT no_b CHECK (id <> 7 OR embedding IS NULL), ADD share int;
                CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM 1 / (NEW.id - 8); RETURN NEW; END $$;
                CREATE TRIGGER divide BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION divide()
                """)
            let log = RecordedLog()
            #expect(try await fixture.drain(StubEncoder(), log: log.logger).failed == 2)
            let rows = log.entries("row failed").map(\.values).sorted { $0["code"] ?? "" > $1["code"] ?? "" }
            #expect(
                rows == [
                    [
                        "row": "7", "failure": "WRITE", "code": "23514", "refused_by": "constraint no_b of datasets",
                    ],
                    ["row": "8", "failure": "WRITE", "code": "22012"],
                ])
        }
    }

    @Test("during a lock on the whole table waits for it, and blames nobody")
    func tableLock() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            // It lets rows be read and locked, and not updated.
            let application = try await database.connect()
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.hasPrefix("Dataset") }), await once.first() else { return }
                try await application.executeScript(
                    .init(name: "lock", sql: "BEGIN; LOCK TABLE embedding_state IN SHARE MODE"))
            }
            let log = RecordedLog()
            async let report = fixture.drain(encoder, connections: 1, log: log.logger)
            // Often enough for the rows to be looked at one by one.
            for _ in 0..<6 { await log.wait(for: "trying again") }
            await application.close()
            #expect(try await report.processed == 20)
            #expect(try await report.failed == 0)
            try await checker.expectIntact(try await report)
        }
    }

    @Test("and that the ledger refuses to note counts as failed and costs no other row its note")
    func ledgerRefuses() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            try await database.refuseWrites(of: [3, 4, 5])
            try await database.run("ALTER TABLE embedding_failure ADD CHECK (dataset_id <> 4)")
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger)
            #expect(report.processed == 17 && report.failed == 3 && report.exitReason == .drained)
            let noted = "SELECT dataset_id FROM embedding_failure ORDER BY 1"
            #expect(try await database.texts(noted) == ["3", "5"])
            let warnings = log.entries(containing: "could not be noted").map(\.values)
            #expect(
                warnings == [
                    [
                        "row": "4", "failure": "WRITE", "code": "23514",
                        "refused_by": "constraint embedding_failure_dataset_id_check of embedding_failure",
                    ]
                ])
        }
    }
}

extension TemporaryDatabase {
    /// Makes updates of some rows fail with a code, at once or when they are committed.
    fileprivate func raise(_ code: String, when condition: String, atCommit: Bool = false) async throws {
        let trigger = atCommit ? "CONSTRAINT TRIGGER raise AFTER" : "TRIGGER raise BEFORE"
        try await run(
            """
            CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '\(code)'; END $$;
            CREATE \(trigger) UPDATE ON datasets \(atCommit ? "DEFERRABLE INITIALLY DEFERRED" : "")
                FOR EACH ROW WHEN (\(condition)) EXECUTE FUNCTION raise()
            """)
    }
}
