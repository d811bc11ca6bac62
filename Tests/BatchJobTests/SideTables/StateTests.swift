import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import SentenceEncoding
import Testing

/// The table `embedding_state`: what each stored vector was made from.
@Suite("The state of a vector", .requiresPostgres)
struct StateTests {
    @Test("says which model read which text, how many tokens, and whether all of it")
    func recordsSource() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            // The stub reads 1,000 bytes; the database sends 16,384 characters of a description.
            try await database.run(
                """
                UPDATE datasets SET description = repeat('x', 1500) WHERE id = 3;
                UPDATE datasets SET description = repeat('y ', 10000) WHERE id = 4;
                UPDATE datasets SET description = 'end', title = 'cut' || repeat(' ', 3000) WHERE id = 5
                """)
            let report = try await fixture.drain(StubEncoder()) { $0.batchSize = 7 }
            #expect(report.processed == 20 && report.truncated == 3)
            // `Dataset 3 Dataset 3 ` and 1,500 bytes; `Dataset 4 Dataset 4 ` and 16,383, of which the last is trimmed.
            #expect(report.tokensLost == 520 + 15_403)
            let model = Self.hexadecimal(7)
            let wrong = try await database.texts(
                """
                SELECT e::text FROM datasets d LEFT JOIN embedding_state e ON e.dataset_id = d.id AND e.column_name = 'embedding'
                CROSS JOIN LATERAL (SELECT concat_ws(' ', btrim(left(title, 2048)), btrim(left(title, 2048)),
                    btrim(left(description, 16384))) AS source) s
                WHERE (e.model_fingerprint = '\\x\(model)' AND e.source_fingerprint = sha256(convert_to(s.source, 'UTF8'))
                    AND e.tokens = octet_length(s.source) + 2 AND e.truncated = (d.id IN (3, 4, 5))
                    AND e.tokens_lost = greatest(0, octet_length(s.source) - 1000) AND e.embedded_at <= now()) IS NOT TRUE
                """)
            #expect(wrong == [])
            #expect(try await database.number("SELECT count(*) FROM embedding_state") == 20)
            #expect(try await database.number("SELECT sum(tokens) FROM embedding_state") == report.tokens)
            #expect(try await database.number("SELECT sum(tokens_lost) FROM embedding_state") == report.tokensLost)
        }
    }

    @Test("is of the latest text")
    func isReplaced() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let lost = "SELECT sum(tokens_lost) FROM embedding_state WHERE truncated = (tokens_lost > 0)"
            for (length, expected) in [(1500, 520), (2000, 1020), (5, 0)] {
                try await database.run("UPDATE datasets SET description = repeat('x', \(length)) WHERE id = 3")
                let report = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
                #expect(report.failed == 0 && report.tokensLost == expected)
                #expect(try await database.number(lost) == expected)
            }
        }
    }

    @Test("is written with the vector, and not where the table refuses that")
    func isWrittenWithTheVector() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            let checker = try await InvariantChecker(fixture)
            try await fixture.insert(20)
            try await database.run("ALTER TABLE datasets ADD CHECK (id <> 7 OR embedding IS NULL)")
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 19 && report.failed == 1)
            #expect(try await database.texts("SELECT id FROM datasets WHERE embedding IS NULL") == ["7"])
            #expect(try await database.number("SELECT count(*) FROM embedding_state") == 19)
            #expect(try await database.texts("SELECT error_code FROM embedding_failure") == ["23514"])
            try await checker.expectIntact(report)
        }
    }

    @Test("of another model in more than a fifth of the vectors ends the run before anything is written")
    func refusesToMixModels() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await mixedFixture(database, foreign: 3)
            let failure = await #expect(throws: RunFailure.self) { try await fixture.drain(StubEncoder()) }
            #expect(failure?.reason == .mixedModel && failure?.reason.exitCode == 78)
            let sentence = failure?.description ?? ""
            #expect(sentence.contains("090909090909") && sentence.contains("070707070707"))
            #expect(sentence.contains("3 of 10 vectors"))
            #expect(try await fixture.pending() == 1)
        }
    }

    @Test("of another model in a few vectors is only worth a warning")
    func warnsOfForeignVectors() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await mixedFixture(database, foreign: 2)
            let log = RecordedLog()
            #expect(try await fixture.drain(StubEncoder(), log: log.logger).processed == 1)
            let warnings = log.entries(containing: "another model")
            #expect(warnings.count == 1)
            #expect(warnings.first?.values.values.joined().contains("090909090909 in 2 of 10 vectors") == true)
        }
    }

    @Test("of another model does not stop a run that is to replace such vectors")
    func staleOverridesRefusal() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await mixedFixture(database, foreign: 3)
            let checker = try await InvariantChecker(fixture)
            let report = try await fixture.drain(StubEncoder()) {
                $0.replacesOutdated = true
                $0.replacesMany = true
            }
            #expect(report.exitReason == .drained && report.processed == 4)
            #expect(try await checker.replacements() == 3)
            let models = "SELECT count(DISTINCT model_fingerprint) FROM embedding_state"
            #expect(try await database.number(models) == 1)
        }
    }

    @Test("of another column does not count")
    func otherColumnsDoNotCount() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await mixedFixture(database, foreign: 3)
            try await database.run("UPDATE embedding_state SET column_name = 'old' WHERE dataset_id <= 3")
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
        }
    }

    /// A fingerprint of 32 equal bytes, as the server writes it.
    private static func hexadecimal(_ byte: UInt8) -> String {
        String(repeating: "0\(byte)", count: 32)
    }

    /// Ten vectors, some of them of another model by their state, and a row without a vector.
    private func mixedFixture(_ database: TemporaryDatabase, foreign: Int) async throws -> DatasetFixture {
        let fixture = try await DatasetFixture(database)
        try await fixture.insert(10)
        _ = try await fixture.drain(StubEncoder())
        let model = Self.hexadecimal(9)
        try await database.run(
            "UPDATE embedding_state SET model_fingerprint = '\\x\(model)' WHERE dataset_id <= \(foreign)")
        try await fixture.insert(1, titled: "New")
        return fixture
    }
}
