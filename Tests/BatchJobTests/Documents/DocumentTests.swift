import BatchJob
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import Testing

/// The table `embedding_document`: the words of each row that has a vector.
@Suite("The document of a row", .requiresPostgres)
struct DocumentTests {
    /// Rows whose vector, state and document were not written by one command of one transaction.
    private static let apart = """
        SELECT count(*) FROM datasets d JOIN embedding_document e ON e.dataset_id = d.id
        JOIN embedding_state s ON s.dataset_id = d.id
        WHERE (d.xmin, d.cmin::text) IS DISTINCT FROM (e.xmin, e.cmin::text) OR s.xmin <> e.xmin
        """

    @Test("is written in the statement that writes its vector")
    func writtenWithVector() async throws {
        try await withDocuments { fixture in
            try await fixture.insert(30)
            let log = RecordedLog()
            let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.batchSize = 7 }
            #expect(report.processed == 30)
            try await fixture.expectDocuments(30)
            #expect(try await fixture.database.number(Self.apart) == 0)
            #expect(log.entries("documents brought up to date").isEmpty)
        }
    }

    /// What happens to row 5 while it is encoded, and whether it is another text then.
    enum Edit: String, CaseIterable, Sendable {
        case title = "UPDATE datasets SET title = 'Edited' WHERE id = 5"
        case description = "UPDATE datasets SET description = 'Edited' WHERE id = 5"
        case source = "UPDATE datasets SET source = 'edited' WHERE id = 5"
        case editedAndBack =
            "UPDATE datasets SET title = 'x' WHERE id = 5; UPDATE datasets SET title = 'Dataset 5' WHERE id = 5"

        var changesText: Bool { self == .title || self == .description }
    }

    @Test("is never one of another version than the vector's", arguments: Edit.allCases)
    func editedMeanwhile(edit: Edit) async throws {
        try await withDocuments { fixture in
            try await fixture.insert(20)
            let once = Once()
            let encoder = StubEncoder { texts in
                guard texts.contains(where: { $0.contains("number 5") }), await once.first() else { return }
                try await fixture.database.run(edit.rawValue)
            }
            let report = try await fixture.drain(encoder, connections: 1) { ($0.batchSize, $0.limit) = (20, 20) }
            let written = edit.changesText ? 19 : 20
            #expect(report.processed == written)
            try await fixture.expectDocuments(written)
            try await fixture.expectNoStaleVector(encoder)
            #expect(try await fixture.drain(encoder).processed == 20 - written)
            try await fixture.expectDocuments(20)
            #expect(try await fixture.database.number(Self.apart) == 0)
        }
    }

    @Test("is missed by nobody where there is no table for it")
    func withoutTable() async throws {
        try await withTemporaryDatabase { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(20)
            let log = RecordedLog()
            for isStale in [false, true] {
                let report = try await fixture.drain(StubEncoder(), log: log.logger) { $0.replacesOutdated = isStale }
                #expect(report.exitReason == .drained && report.processed == (isStale ? 0 : 20))
            }
            #expect(log.entries(containing: "document").isEmpty)
        }
    }

    @Test("is not written for a vector that a trigger takes away")
    func undone() async throws {
        try await withDocuments { fixture in
            try await fixture.insert(20)
            try await fixture.database.run(
                """
                CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW.id % 5 = 0 THEN NEW.embedding := NULL; END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER take BEFORE UPDATE ON datasets FOR EACH ROW EXECUTE FUNCTION take()
                """)
            let report = try await fixture.drain(StubEncoder())
            #expect(report.processed == 16 && report.failed == 4)
            try await fixture.expectDocuments(16)
        }
    }

    @Test("has the tags, whatever type they are of", arguments: ["text[]", "varchar(40)[]", "text", "jsonb"])
    func tags(type: String) async throws {
        try await withDocuments { fixture in
            try await fixture.insert(3)
            let isArray = type.hasSuffix("[]")
            try await fixture.database.run(
                """
                ALTER TABLE datasets ADD tags \(type), ADD source_ref text;
                UPDATE datasets SET source_ref = 'noaa/sea-ice', tags =
                    '\(isArray ? "{Arctic,\"sea ice\",NULL,1979}" : type == "jsonb" ? #"["Arctic", "sea ice", 1979]"# : "Arctic, sea ice; 1979")'
                WHERE id = 1
                """)
            let log = RecordedLog()
            #expect(try await fixture.drain(StubEncoder(), log: log.logger).processed == 3)
            #expect(log.entries(containing: "side table").isEmpty)
            try await fixture.expectDocuments(3)
            for word in ["arctic", "ice", "1979", "noaa"] {
                let found =
                    "SELECT dataset_id FROM embedding_document WHERE document @@ to_tsquery('simple', '\(word)')"
                #expect(try await fixture.database.texts(found) == ["1"], "\(word)")
            }
        }
    }

    @Test("has 64 tags of 100 characters, and of title and description what the model's input is made of")
    func cut() async throws {
        try await withDocuments { fixture in
            try await fixture.database.run(
                """
                ALTER TABLE datasets ADD tags text[];
                INSERT INTO datasets (title, description, enrichment_status, tags)
                SELECT repeat('t ', 1023) || 'in out', repeat('d ', 8191) || 'in out', 'enriched',
                    array_agg('tag' || i || CASE i WHEN 64 THEN ' ' || repeat('x', 93) || 'yz' ELSE '' END)
                FROM generate_series(1, 65) AS i
                """)
            #expect(try await fixture.drain(StubEncoder()).processed == 1)
            let words = try await fixture.database.texts(
                """
                SELECT w FROM embedding_document, unnest(tsvector_to_array(document)) AS w
                WHERE w ~ '^(in|out|tag6[345]|x+y?z?)$' ORDER BY w COLLATE "C"
                """)
            #expect(words == ["in", "tag63", "tag64", String(repeating: "x", count: 93) + "y"])
        }
    }

    @Test("is made of no text without an encoding")
    func withoutEncoding() async throws {
        try await withTemporaryDatabase(encoding: "SQL_ASCII") { database in
            let fixture = try await DatasetFixture(database)
            try await fixture.insert(5)
            let refusal = await #expect(throws: RunFailure.self) { try await fixture.prepareSearch() }
            #expect(refusal?.reason == .configuration && refusal?.description.contains("SQL_ASCII") == true)
            try await database.run(
                """
                CREATE TABLE embedding_document (table_name text, dataset_id bigint, source_fingerprint bytea,
                    extras_hash bigint, document tsvector, PRIMARY KEY (table_name, dataset_id))
                """)
            let log = RecordedLog()
            #expect(try await fixture.drain(StubEncoder(), log: log.logger).processed == 5)
            try await fixture.expectDocuments(0)
            #expect(log.entries(containing: "document").isEmpty)
        }
    }
}

/// An empty table with what searches need.
func withDocuments(_ body: (DatasetFixture) async throws -> Void) async throws {
    try await withTemporaryDatabase { database in
        let fixture = try await DatasetFixture(database)
        try await fixture.prepareSearch()
        try await body(fixture)
    }
}
