import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// The table `embedding_failure`: what is written there, for how long it holds a row back, and what ends that.
@Suite("The ledger of failures", .requiresPostgres)
struct LedgerTests {
    private static let poison = StubEncoder.Marker.zero.rawValue
    private static let entries = """
        SELECT concat_ws(' ', dataset_id, error_class, error_code, attempts) FROM embedding_failure
        ORDER BY dataset_id, model_fingerprint
        """
    /// The pauses in half hours.
    private static let pauses = """
        SELECT round(extract(epoch FROM next_attempt_at - last_failed_at) / 1800) FROM embedding_failure ORDER BY dataset_id
        """
    private static let passTime = "UPDATE embedding_failure SET next_attempt_at = now() - interval '1 second'"

    @Test("names the class and the code of every failure, and holds no text of a row")
    func recordsClassAndCode() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(40)
            for (id, marker) in StubEncoder.Marker.allCases.enumerated() {
                try await database.run(
                    "UPDATE datasets SET description = 'secret \(marker.rawValue)' WHERE id = \(id + 1)")
            }
            try await database.run("UPDATE datasets SET title = ' ', description = NULL WHERE id = 10")
            try await database.refuseWrites(of: [20, 30])
            let report = try await fixture.drain(StubEncoder()) { $0.batchSize = 40 }
            #expect(report.processed == 31 && report.failed == 9 && report.quarantined == 9 && report.remaining == 0)
            let expected = [
                "1 ENCODER Failure 1", "2 VECTOR NOT_FINITE 1", "3 VECTOR NOT_FINITE 1", "4 VECTOR ZERO 1",
                "5 VECTOR LENGTH 1", "6 VECTOR NORM 1", "10 EMPTY NO_TEXT 1", "20 WRITE 23514 1", "30 WRITE 23514 1",
            ]
            #expect(try await database.texts(Self.entries) == expected)
            let rows = try await database.texts("SELECT f::text FROM embedding_failure f")
            let leaks = rows.filter { row in ["secret", "MARKER", "Dataset", "number"].contains { row.contains($0) } }
            #expect(rows.count == 9 && leaks == [])
            try await checker.expectIntact(report)
        }
    }

    @Test("doubles the pause from half an hour to a week with every attempt")
    func backsOff() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await poisonedFixture(database)
            for (attempt, pause) in [1, 2, 4, 8, 16, 32, 64, 128, 256, 336, 336].enumerated() {
                let report = try await fixture.drain(StubEncoder(), connections: 1)
                #expect(report.failed == 1 && report.quarantined == 1 && report.remaining == 0)
                #expect(try await database.texts(Self.pauses) == ["\(pause)"])
                #expect(try await database.texts(Self.entries) == ["1 VECTOR ZERO \(attempt + 1)"])
                try await database.run(Self.passTime)
            }
        }
    }

    @Test("lets a row without text wait a week at once")
    func emptyWaitsAWeek() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run("INSERT INTO datasets (title, enrichment_status) VALUES (E'\\t', 'enriched')")
            for attempt in 1...3 {
                #expect(try await fixture.drain(StubEncoder(), connections: 1).failed == 1)
                #expect(try await database.texts(Self.pauses) == ["336"])
                #expect(try await database.texts(Self.entries) == ["1 EMPTY NO_TEXT \(attempt)"])
                try await database.run(Self.passTime)
            }
        }
    }

    @Test("holds a row back until its time has come")
    func holdsRowBack() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await poisonedFixture(database)
            _ = try await fixture.drain(StubEncoder())
            let seen = Recorder()
            let encoder = StubEncoder { await seen.add($0.filter { $0.contains(Self.poison) }) }
            try await database.run("UPDATE embedding_failure SET next_attempt_at = now() + interval '1 minute'")
            let early = try await fixture.drain(encoder)
            #expect(early.failed == 0 && early.quarantined == 1 && early.remaining == 0)
            #expect(early.exitReason == .drained)
            #expect(await seen.texts.isEmpty)
            try await database.run(Self.passTime)
            #expect(try await fixture.drain(encoder).failed == 1)
            #expect(await seen.texts.count == 1)
        }
    }

    @Test("lets an edited row go at once and counts its attempts anew")
    func editRevives() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await poisonedFixture(database)
            for _ in 1...3 {
                _ = try await fixture.drain(StubEncoder())
                try await database.run(Self.passTime)
            }
            #expect(try await database.texts(Self.entries) == ["1 VECTOR ZERO 3"])
            let edit = "UPDATE datasets SET description = '\(StubEncoder.Marker.notANumber.rawValue)' WHERE id = 1"
            try await database.run("UPDATE embedding_failure SET next_attempt_at = now() + interval '7 days'; \(edit)")
            #expect(try await fixture.drain(StubEncoder()).failed == 1)
            #expect(try await database.texts(Self.entries) == ["1 VECTOR NOT_FINITE 1"])
            #expect(try await database.texts(Self.pauses) == ["1"])
        }
    }

    @Test("lets a row go at once for another model, each with an entry of its own")
    func otherModelRevives() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await poisonedFixture(database)
            _ = try await fixture.drain(StubEncoder())
            let other = try await fixture.drain(StubEncoder(), model: Fingerprint([UInt8](repeating: 9, count: 32)))
            #expect(other.failed == 1 && other.quarantined == 1)
            #expect(try await database.texts(Self.entries) == ["1 VECTOR ZERO 1", "1 VECTOR ZERO 1"])
        }
    }

    @Test("forgets a row that was written, and only that one")
    func successClearsEntry() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(30)
            try await database.refuseWrites(of: [3, 4])
            let first = try await fixture.drain(StubEncoder())
            #expect(first.processed == 28 && first.failed == 2)
            try await database.run("\(Self.passTime) WHERE dataset_id = 3; DROP TRIGGER refuse ON datasets")
            let second = try await fixture.drain(StubEncoder())
            #expect(second.processed == 1 && second.quarantined == 1)
            #expect(try await database.texts(Self.entries) == ["4 WRITE 23514 1"])
            try await checker.expectIntact(first, second)
        }
    }

    @Test("counts apart what it holds back and what remains")
    func countsQuarantined() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(10)
            try await fixture.insert(3, titled: StubEncoder.Marker.zero.rawValue)
            #expect(try await fixture.drain(StubEncoder()).quarantined == 3)
            try await fixture.insert(30, titled: "Later")
            let report = try await fixture.drain(StubEncoder()) { ($0.batchSize, $0.limit) = (10, 10) }
            #expect(report.processed == 10 && report.quarantined == 3 && report.remaining == 20)
            // A row that is out of service is not held back by the ledger.
            try await database.run("UPDATE datasets SET is_active = false WHERE title LIKE 'MARKER%1'")
            let rest = try await fixture.drain(StubEncoder())
            #expect(rest.processed == 20 && rest.quarantined == 2 && rest.remaining == 0)
        }
    }

    @Test("forgets the rows it is told to", arguments: [["2"], ["1", "3"], ["99"], [], nil])
    func forgets(keys: [String]?) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(3, titled: StubEncoder.Marker.zero.rawValue)
            _ = try await fixture.drain(StubEncoder())
            let session = try await database.connect()
            let preflight = Preflight(session: session, names: fixture.names, log: fixture.log)
            let table = try await preflight.check(for: .ledger)
            let all = ["1", "2", "3"]
            let forgotten = all.filter { keys?.contains($0) ?? true }
            let outcome = try await FailureLedger(table).forget(keys, session)
            #expect(outcome.count == forgotten.count)
            #expect(outcome.unknownKeys == (keys ?? []).filter { !all.contains($0) })
            await session.close()
            let left = try await database.texts("SELECT dataset_id FROM embedding_failure ORDER BY 1")
            let kept = all.filter { !forgotten.contains($0) }
            #expect(left == kept)
            #expect(try await fixture.drain(StubEncoder()).failed == forgotten.count)
        }
    }

    /// A type, a key of it, another way to write that, one that has not failed, and what is no key of the type.
    static let keySpellings = [
        (
            "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12", "nonsense"
        ),
        ("bigint", "42", " 042 ", "43", "99999999999999999999"),
        ("numeric", "1.50", "1.5", "2", "x'; DROP TABLE datasets"),
    ]

    @Test("forgets a row by its key in any spelling, and refuses what is none", arguments: keySpellings)
    func spellings(type: String, key: String, other: String, unknown: String, mistake: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                DROP TABLE datasets;
                CREATE TABLE datasets (id \(type) PRIMARY KEY, title text, description text, enrichment_status text,
                    is_active boolean, embedding vector(4));
                INSERT INTO datasets VALUES ('\(key)', '\(StubEncoder.Marker.zero.rawValue)', NULL, 'enriched', true);
                ALTER TABLE embedding_failure ALTER COLUMN dataset_id TYPE \(type) USING NULL;
                ALTER TABLE embedding_state ALTER COLUMN dataset_id TYPE \(type) USING NULL
                """)
            #expect(try await fixture.drain(StubEncoder()).failed == 1)
            let session = try await database.connect()
            let preflight = Preflight(session: session, names: fixture.names, log: fixture.log)
            let ledger = FailureLedger(try await preflight.check(for: .ledger))
            let refusal = await #expect(throws: RunFailure.self) { try await ledger.forget([other, mistake], session) }
            #expect(refusal?.reason == .usage)
            #expect(
                refusal?.description.contains("--id \(mistake) is no key of public.datasets, whose id is \(type)")
                    == true)
            #expect(try await database.number("SELECT count(*) FROM embedding_failure") == 1)
            let forgotten = try await ledger.forget([other, unknown], session)
            #expect(forgotten.count == 1 && forgotten.unknownKeys == [unknown])
            await session.close()
        }
    }

    @Test("works with keys of other types", arguments: ["uuid", "text", "int"])
    func supportsKeyTypes(type: String) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let key = type == "uuid" ? "('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid" : "i::\(type)"
            try await database.run(
                """
                DROP TABLE datasets;
                CREATE TABLE datasets (id \(type) PRIMARY KEY, title text, description text, enrichment_status text,
                    is_active boolean, embedding vector(4));
                INSERT INTO datasets SELECT \(key), 'Title ' || i, NULL, 'enriched', true, NULL FROM generate_series(1, 9) i;
                UPDATE datasets SET description = '\(StubEncoder.Marker.zero.rawValue)' WHERE title IN ('Title 4', 'Title 7');
                ALTER TABLE embedding_failure ALTER COLUMN dataset_id TYPE \(type) USING NULL;
                ALTER TABLE embedding_state ALTER COLUMN dataset_id TYPE \(type) USING NULL
                """)
            let first = try await fixture.drain(StubEncoder())
            #expect(first.processed == 7 && first.failed == 2 && first.quarantined == 2)
            #expect(try await fixture.drain(StubEncoder()).failed == 0)
            let poisoned = "SELECT id FROM datasets WHERE description IS NOT NULL ORDER BY 1"
            let keys = try await database.texts(poisoned)
            #expect(try await database.texts("SELECT dataset_id FROM embedding_failure ORDER BY 1") == keys)
            let states = "SELECT count(*) FROM embedding_state e JOIN datasets d ON d.id = e.dataset_id"
            #expect(try await database.number(states) == 7)

            let session = try await database.connect()
            let preflight = Preflight(session: session, names: fixture.names, log: fixture.log)
            let table = try await preflight.check(for: .ledger)
            #expect(try await FailureLedger(table).forget([keys[0]], session).count == 1)
            await session.close()
            #expect(try await fixture.drain(StubEncoder()).failed == 1)
        }
    }

    /// A table with one row, which cannot be embedded.
    private func poisonedFixture(_ database: TemporaryDatabase) async throws -> DatasetFixture {
        let fixture = try await DatasetFixture(database)
        try await fixture.insert(1, titled: StubEncoder.Marker.zero.rawValue)
        return fixture
    }
}

extension LedgerTests {
    @Test("holds rows back without a transaction for every hundred of them", arguments: [false, true])
    func claimsNothing(isEdited: Bool) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(300)
            try await database.run("UPDATE datasets SET title = '', description = NULL")
            #expect(try await fixture.drain(StubEncoder()).failed == 300)
            if isEdited { try await database.run("UPDATE datasets SET title = 'Edited' WHERE id = 150") }
            try await withFaultProxy(to: database.url) { proxy in
                let report = try await fixture.drain(
                    StubEncoder(), connections: 1, url: try proxy.url(from: database.url)
                ) { $0.batchSize = 10 }
                #expect(report.processed == (isEdited ? 1 : 0) && report.exitReason == .drained)
                #expect(report.quarantined == (isEdited ? 299 : 300) && report.remaining == 0)
                // The name of the statement stands before its text.
                let claims = proxy.occurrences(of: "pg_try_advisory_xact_lock", .clientToServer)
                #expect(claims == (isEdited ? 1 : 0))
            }
        }
    }
}

extension TemporaryDatabase {
    /// Makes a trigger refuse every update of these rows, as a CHECK would.
    func refuseWrites(of ids: [Int]) async throws {
        try await run(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation'; END $$;
            CREATE TRIGGER refuse BEFORE UPDATE ON datasets FOR EACH ROW
                WHEN (NEW.id IN (\(ids.map(String.init).joined(separator: ",")))) EXECUTE FUNCTION refuse()
            """)
    }
}
