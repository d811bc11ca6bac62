import BatchJob
import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Documents of rows that have their vector already.
@Suite("A run that finds documents missing or out of date", .requiresPostgres, .timeLimit(.minutes(30)))
struct DocumentFillTests {
    /// Every version of every row that has a vector.
    private static let versions = "SELECT ctid || ' ' || xmin FROM datasets ORDER BY id"
    private static let updated = "documents brought up to date"

    /// Rows embedded before there were documents.
    private func withEmbedded(_ count: Int, _ body: (DatasetFixture) async throws -> Void) async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(count)
            #expect(try await fixture.drain(StubEncoder()).processed == count)
            try await fixture.prepareSearch()
            try await body(fixture)
        }
    }

    /// Runs once without finding a row to embed, and says what became of documents.
    private func fill(
        _ fixture: DatasetFixture, url: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [String?] {
        let log = RecordedLog()
        let versions = try await fixture.database.texts(Self.versions)
        let report = try await fixture.drain(StubEncoder(), url: url, log: log.logger)
        #expect(report.exitReason == .drained && report.processed == 0, sourceLocation: sourceLocation)
        #expect(log.entries(containing: "side table").isEmpty, sourceLocation: sourceLocation)
        // No vector was touched.
        #expect(try await fixture.database.texts(Self.versions) == versions, sourceLocation: sourceLocation)
        let note = log.entries(Self.updated).first?.values
        return [note?["rows"], note?["removed"]]
    }

    @Test("writes those of rows embedded before, where the text is still the one that was encoded")
    func embeddedBefore() async throws {
        try await withEmbedded(20) { fixture in
            try await fixture.database.run(
                """
                UPDATE datasets SET title = 'Edited' WHERE id = 3;
                UPDATE datasets SET is_active = false WHERE id = 4;
                UPDATE datasets SET enrichment_status = 'pending' WHERE id = 5;
                DELETE FROM embedding_state WHERE dataset_id = 6
                """)
            #expect(try await fill(fixture) == ["16", "0"])
            try await fixture.expectDocuments(16)
            #expect(
                try await fixture.database.number(
                    "SELECT count(*) FROM embedding_document WHERE dataset_id BETWEEN 3 AND 6") == 0)
            #expect(try await fill(fixture) == [nil, nil])

            // The vector and the document of the new text come together.
            let report = try await fixture.drain(StubEncoder()) { $0.replacesOutdated = true }
            #expect(report.processed == 1)
            try await fixture.expectDocuments(17)
        }
    }

    @Test("writes several pages of them")
    func pages() async throws {
        try await withEmbedded(1) { fixture in
            try await fixture.database.run(
                """
                INSERT INTO datasets (title, enrichment_status, embedding)
                SELECT 'Dataset ' || i, 'enriched', '[1, 0, 0, 0]' FROM generate_series(2, 10_700) AS i;
                INSERT INTO embedding_state
                    (table_name, dataset_id, column_name, model_fingerprint, source_fingerprint, tokens, truncated)
                SELECT 'public.datasets', id, 'embedding', decode(repeat('07', 32), 'hex'),
                    sha256(convert_to(title || ' ' || title, 'UTF8')), 9, false
                FROM datasets WHERE id > 1
                """)
            #expect(try await fill(fixture) == ["10700", "0"])
            try await fixture.expectDocuments(10_700)
        }
    }

    @Test(
        "renews those of other tags, another source or another owner, and of no other name of the same owner",
        arguments: [
            ("tags = ARRAY['new']", true), ("tags = NULL", true), ("source = 'zenodo'", true),
            ("source_ref = 'other/name'", true), ("source_ref = 'owner/other'", false), ("download_count = 9", false),
        ])
    func extras(change: String, isRenewed: Bool) async throws {
        try await withDocuments { fixture in
            try await fixture.insert(10)
            try await fixture.database.run(
                """
                ALTER TABLE datasets ADD tags text[], ADD source_ref text;
                UPDATE datasets SET tags = ARRAY['old', 'ice'], source = 'noaa', source_ref = 'owner/name'
                """)
            #expect(try await fixture.drain(StubEncoder()).processed == 10)
            try await fixture.expectDocuments(10)
            try await fixture.database.run("UPDATE datasets SET \(change) WHERE id IN (2, 3)")
            #expect(try await fill(fixture) == (isRenewed ? ["2", "0"] : [nil, nil]))
            try await fixture.expectDocuments(10)
        }
    }

    @Test("leaves a row that the application keeps locked to the next run")
    func locked() async throws {
        try await withEmbedded(20) { fixture in
            let application = try await fixture.database.connect()
            try await application.executeScript(
                .init(name: "lock", sql: "BEGIN; SELECT FROM datasets WHERE id = 5 FOR UPDATE"))
            #expect(try await fill(fixture) == ["19", "0"])
            await application.close()
            #expect(try await fill(fixture) == ["1", "0"])
            try await fixture.expectDocuments(20)
        }
    }

    @Test("removes those of rows that are gone")
    func orphans() async throws {
        try await withEmbedded(20) { fixture in
            #expect(try await fill(fixture) == ["20", "0"])
            try await fixture.database.run(
                """
                DELETE FROM datasets WHERE id <= 3;
                INSERT INTO embedding_document SELECT 'public.others', 1, '\\x', 1, ''
                """)
            #expect(try await fill(fixture) == ["0", "3"])
            // What is noted about other tables is theirs.
            try await fixture.database.run("DELETE FROM embedding_document WHERE table_name = 'public.others'")
            try await fixture.expectDocuments(17)
        }
    }

    @Test("removes none where policies may hide rows")
    func hiddenRows() async throws {
        try await withEmbedded(20) { fixture in
            #expect(try await fill(fixture) == ["20", "0"])
            try await fixture.database.withEmbedder { role, url in
                try await fixture.database.run(
                    """
                    GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_document TO \(role);
                    GRANT SELECT (source) ON datasets TO \(role);
                    ALTER TABLE datasets ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY visible ON datasets TO \(role) USING (id > 10);
                    DELETE FROM datasets WHERE id = 11
                    """)
                #expect(try await fill(fixture, url: url) == [nil, nil])
                #expect(try await fixture.database.number("SELECT count(*) FROM embedding_document") == 20)
            }
            // Who sees all rows knows better.
            #expect(try await fill(fixture) == ["0", "1"])
            try await fixture.expectDocuments(19)
        }
    }

    @Test("as another does at the same time: each document is written, and all are of the rows as they are")
    func together() async throws {
        try await withEmbedded(1200) { fixture in
            async let first = fixture.drain(StubEncoder())
            async let second = fixture.drain(StubEncoder())
            let reports = try await [first, second]
            #expect(reports.map(\.exitReason) == [.drained, .drained])
            // One skips what the other has locked.
            _ = try await fixture.drain(StubEncoder())
            try await fixture.expectDocuments(1200)
            #expect(try await fill(fixture) == [nil, nil])
        }
    }

    @Test("of the new model while the column that searches use has another leaves them alone until the cutover")
    func modelChange() async throws {
        try await withEmbedded(20) { fixture in
            let next = StubEncoder(dimension: 6, seed: 77)
            #expect(await fixture.change().fill(next).exitReason == .drained)
            try await fixture.expectDocuments(0)

            #expect(try await fill(fixture) == ["20", "0"])
            try await fixture.database.run("UPDATE datasets SET title = 'Edited' WHERE id <= 3")
            try await fixture.insert(2, titled: "New")
            let before = try await fixture.database.texts("SELECT e::text FROM embedding_document e ORDER BY 1")
            #expect(await fixture.change { $0.replacesOutdated = true }.fill(next).exitReason == .drained)
            #expect(try await fixture.database.texts("SELECT e::text FROM embedding_document e ORDER BY 1") == before)

            #expect(await fixture.change().cutOver(next).exitReason == .drained)
            #expect(try await fixture.database.texts("SELECT e::text FROM embedding_document e ORDER BY 1") == before)
            let report = try await fixture.drain(next, model: DatasetFixture.nextModel) { $0.replacesOutdated = true }
            #expect(report.exitReason == .drained)
            try await fixture.expectDocuments(22)
        }
    }

    @Test("warns of rows that have none, because nobody knows what their vectors were made from")
    func unknownOrigin() async throws {
        try await withEmbedded(3) { fixture in
            try await fixture.database.run("DELETE FROM embedding_state WHERE dataset_id < 3")
            let log = RecordedLog()
            #expect(try await fixture.drain(StubEncoder(), log: log.logger).exitReason == .drained)
            let warning = log.entries(containing: "found by their vectors alone").first
            #expect(warning?.values["rows"] == "2")
            #expect(warning?.values["remedy"]?.contains("--include-unknown") == true)
            let report = try await fixture.drain(StubEncoder(), log: log.logger) {
                ($0.replacesOutdated, $0.replacesUnknown, $0.replacesMany) = (true, true, true)
            }
            #expect(report.processed == 2)
            #expect(try await fixture.database.number("SELECT count(*) FROM embedding_document") == 3)
            #expect(log.entries(containing: "found by their vectors alone").count == 1)
        }
    }
}
