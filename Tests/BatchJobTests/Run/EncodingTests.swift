import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// SQL_ASCII is what `initdb` chooses in the locale C: text is whatever bytes its clients have sent.
@Suite("In a database without encoding,", .requiresPostgres)
struct EncodingTests {
    let encoder = StubEncoder()

    private static let entries = """
        SELECT concat_ws(' ', dataset_id, error_class, error_code, attempts, next_attempt_at - last_failed_at)
        FROM embedding_failure ORDER BY dataset_id
        """

    /// An SQL expression of these bytes as text, which no literal of a UTF-8 client can give.
    private static func text(_ bytes: String) -> String {
        "convert_from('\\x\(bytes)', 'SQL_ASCII')"
    }

    /// 40 ordinary rows, and from number 41 on these.
    private func fill(_ database: TemporaryDatabase) async throws -> DatasetFixture {
        let fixture = try await DatasetFixture(database)
        try await fixture.insert(40)
        try await database.run(
            """
            INSERT INTO datasets (title, description, enrichment_status) VALUES
                ('東京都の気温', '日本語の説明。한국어도 있다.', 'enriched'), ('🐙 👩‍👩‍👧 🇳🇴', NULL, 'enriched'),
                (E'\u{FFFD} is text', 'مجموعة بيانات', 'enriched'),
                ('Caf' || \(Self.text("e9")), 'Latin-1', 'enriched'),
                ('Cut off', 'after ' || \(Self.text("e69d")), 'enriched'),
                (\(Self.text("eda080")), 'a surrogate', 'enriched'),
                ('Not ready', NULL, \(Self.text("ff")))
            """)
        return fixture
    }

    @Test("rows whose bytes are not text go to the ledger, once, and all others get their vectors")
    func blamesUndecodableRows() async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let fixture = try await fill(database)
            let checker = try await InvariantChecker(fixture)
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, log: log.logger) { $0.batchSize = 20 }
            #expect(report.processed == 43 && report.failed == 3 && report.exitReason == .drained)
            #expect(report.quarantined == 3 && report.remaining == 0)
            let expected = (44...46).map { "\($0) ENCODING INVALID_UTF8 1 7 days" }
            #expect(try await database.texts(Self.entries) == expected)
            #expect(log.entries(containing: "has no encoding").count == 1)
            try await checker.expectIntact(report)

            let status = try await fixture.status()
            #expect(status.counts.map(\.status) == ["enriched", "\\xff"])
            #expect(status.ledger?.failures.map(\.errorClass) == ["ENCODING"])
        }
    }

    @Test("an edit lets a row that was not text go at once, and a row that is still none is blamed anew")
    func editRevives() async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let fixture = try await fill(database)
            let checker = try await InvariantChecker(fixture)
            let first = try await fixture.drain(encoder)
            try await database.run(
                """
                UPDATE datasets SET title = 'Café' WHERE id = 44;
                UPDATE datasets SET description = \(Self.text("c0af")) WHERE id = 45
                """)
            let second = try await fixture.drain(encoder)
            #expect(second.processed == 1 && second.failed == 1 && second.quarantined == 2)
            let left = (45...46).map { "\($0) ENCODING INVALID_UTF8 1 7 days" }
            #expect(try await database.texts(Self.entries) == left)
            try await checker.expectIntact(first, second)
        }
    }

    @Test("the server's cut, which counts bytes, never makes text of several bytes a character invalid")
    func cutsBetweenCharacters() async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let fixture = try await DatasetFixture(database)
            let texts = (0..<4).flatMap { shift in
                ["é", "京", "👩"].map { String(repeating: "x", count: shift) + String(repeating: $0, count: 9000) }
            }
            let session = try await database.connect()
            let insert = PostgresStatement(
                name: "insert",
                sql: "INSERT INTO datasets (title, description, enrichment_status) VALUES ($1, $2, 'enriched')")
            // As long as the limit, one byte longer, and the cut in one column only.
            let exact = String(repeating: "é", count: 1024)
            let rows = texts.map { ($0, $0) } + [(exact, "d"), (exact + "y", "d"), ("京", texts[1])]
            for (title, description) in rows { try await session.execute(insert, [.text(title), .text(description)]) }
            await session.close()

            let report = try await fixture.drain(encoder) { $0.batchSize = 5 }
            #expect(report.processed == rows.count && report.failed == 0)
            #expect(try await fixture.drain(encoder).processed == 0)
            let stored = try await database.query("SELECT embedding FROM datasets ORDER BY id")
            for (row, (title, description)) in zip(stored, rows) {
                let title = Self.prefix(title, 2048)
                let source = "\(title) \(title) \(Self.prefix(description, 16384))"
                let vector = try row.vector(0)
                let isExpected = zip(vector, encoder.vector(of: source)).allSatisfy { abs($0 - $1) < 1e-6 }
                #expect(isExpected, "\(title.prefix(4)) \(title.utf8.count)")
            }
        }
    }

    /// As many whole characters as fit into so many bytes.
    private static func prefix(_ text: String, _ limit: Int) -> String {
        var result = String.UnicodeScalarView()
        var size = 0
        for scalar in text.unicodeScalars {
            size += UTF8.width(scalar)
            guard size <= limit else { break }
            result.append(scalar)
        }
        return String(result)
    }

    @Test(
        "bytes that are not text count before the cut, and not after it",
        arguments: [
            ("repeat('a', 2047) || BYTE || 'b'", 1), ("repeat('a', 2046) || BYTE || 'bc'", 1),
            ("repeat('a', 2044) || BYTE || 'bcdef'", 1), ("repeat('a', 2044) || repeat(BYTE, 9)", 1),
            ("repeat('a', 2048) || BYTE", 0), ("repeat('a', 2100) || BYTE", 0), ("repeat('a', 2047) || BYTE", 1),
        ])
    func bytesAroundCut(title: String, failed: Int) async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let fixture = try await DatasetFixture(database)
            for byte in ["ff", "80"] {
                let title = title.replacing("BYTE", with: Self.text(byte))
                try await database.run("INSERT INTO datasets (title, enrichment_status) VALUES (\(title), 'enriched')")
            }
            let report = try await fixture.drain(encoder)
            // A stray continuation byte right after the cut looks like a part of the character before it.
            #expect(report.failed == 2 * failed && report.processed == 2 * (1 - failed))
        }
    }

    @Test("a dry run counts the rows that are not text, and verification names them")
    func otherReaders() async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let fixture = try await fill(database)
            let log = RecordedLog()
            let forecast = try await fixture.forecast(encoder, log: log.logger)
            #expect(forecast.exitReason == .dryRun && forecast.remaining == 46)
            let summary = try #require(log.entries("dry run").first).values
            #expect(summary["rows"] == "46" && summary["undecodable"] == "3" && summary["empty"] == "0")

            let report = try await fixture.drain(encoder)
            #expect(forecast.tokens == report.tokens)
            #expect(try await fixture.verify(encoder).exitReason == .verified)
            try await database.run("UPDATE datasets SET description = \(Self.text("ff")) WHERE id = 7")
            let verification = try await fixture.verify(encoder, log: log.logger)
            #expect(verification.checked == 43 && verification.different == 1 && verification.states?.stale == 1)
            let named = try #require(log.entries("vector differs").first).values
            #expect(named["row"] == "7" && named["code"] == "INVALID_UTF8")
        }
    }

    @Test("a vector is not replaced if the row's new text is none, and those of the other edited rows are")
    func replacesOutdated() async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let fixture = try await fill(database)
            _ = try await fixture.drain(encoder)
            try await database.run(
                """
                UPDATE datasets SET title = 'Температура' WHERE id IN (1, 2, 3);
                UPDATE datasets SET title = \(Self.text("d0ff")) WHERE id = 4
                """)
            let vector = "SELECT embedding FROM datasets WHERE id = 4"
            let before = try await database.texts(vector)
            let report = try await fixture.drain(encoder) { $0.replacesOutdated = true }
            #expect(report.processed == 3 && report.failed == 1 && report.exitReason == .drained)
            #expect(try await database.texts(vector) == before)
            let rerun = try await fixture.drain(encoder) { $0.replacesOutdated = true }
            #expect(rerun.processed == 0 && rerun.failed == 0)
        }
    }

    @Test("keys that are not text are read, written and blamed like others", arguments: [1, 3, 100])
    func keys(batchSize: Int) async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                """
                DROP TABLE datasets;
                CREATE TABLE datasets (id text PRIMARY KEY, title text, description text, enrichment_status text,
                    is_active boolean, embedding vector(4));
                INSERT INTO datasets SELECT \(Self.text("61ff")) || i, 'Title ' || i, NULL, 'enriched', true
                    FROM generate_series(1, 9) i;
                UPDATE datasets SET description = '\(StubEncoder.Marker.zero.rawValue)' WHERE title = 'Title 4';
                ALTER TABLE embedding_failure ALTER COLUMN dataset_id TYPE text;
                ALTER TABLE embedding_state ALTER COLUMN dataset_id TYPE text
                """)
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, log: log.logger) { $0.batchSize = batchSize }
            #expect(report.processed == 8 && report.failed == 1 && report.quarantined == 1)
            #expect(log.entries("row failed").map { $0.values["row"] } == ["\\x61ff34"])
            try await fixture.expectNoStaleVector(encoder)
            let states = "SELECT count(*) FROM embedding_state e JOIN datasets d ON d.id = e.dataset_id"
            #expect(try await database.number(states) == 8)
            #expect(try await fixture.verify(encoder).exact == 8)

            try await database.run("UPDATE datasets SET title = 'Edited' WHERE title = 'Title 2'")
            let second = try await fixture.drain(encoder) { $0.replacesOutdated = true }
            #expect(second.processed == 1 && second.failed == 0)
        }
    }

    @Test("and in no other, U+FFFD is blamed")
    func replacementCharacter() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('a \u{FFFD} b', 'enriched')")
            let log = RecordedLog()
            let report = try await fixture.drain(encoder, log: log.logger)
            #expect(report.processed == 1 && report.failed == 0)
            #expect(log.entries(containing: "encoding").isEmpty)
            try await fixture.expectNoStaleVector(encoder)
        }
    }
}
