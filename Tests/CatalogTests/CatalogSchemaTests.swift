import Catalog
import DatasetTable
import FoundationEssentials
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

@Suite("The schema of a catalog", .requiresPostgres, .timeLimit(.minutes(30)))
struct CatalogSchemaTests {
    @Test("applied twice changes nothing, and the printed script makes the same")
    func repeats() async throws {
        try await withCatalog { fixture async throws in
            let catalog = """
                SELECT c.relname || ' ' || coalesce(c.reloptions::text, '') || ' ' || (
                        SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull), ', ' ORDER BY attnum)
                        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)
                FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i') ORDER BY 1
                """
            let before = try await fixture.database.texts(catalog)
            #expect(before.contains { $0.hasPrefix("datasets {fillfactor=85}") })
            try await fixture.applySchema()
            #expect(try await fixture.database.texts(catalog) == before)
            try await withTemporaryDatabase { database in
                let schema = try TableSchema(names: DatasetNames(), dimension: 4, hnsw: false)
                let script = schema.script + "\n" + CatalogSchema(of: schema, DatasetNames()).script
                let statements = script.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: "\n")
                for statement in statements.split(separator: ";") where statement.contains(/\S/) {
                    try await database.run(String(statement))
                }
                #expect(try await database.texts(catalog) == before)
            }
        }
    }

    @Test("gives rows of before the reference that their address tells")
    func adoption() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.database.run(
                """
                INSERT INTO datasets (title, source, source_ref, source_url) VALUES
                    ('1', 'HuggingFace', NULL, 'https://huggingface.co/datasets/owner/name'),
                    ('2', NULL, NULL, 'http://www.huggingface.co/datasets/squad/?a=b#c'),
                    ('3', 'Kaggle', NULL, 'https://www.kaggle.com/owner/old-form'),
                    ('4', 'kaggle', NULL, 'https://www.kaggle.com/datasets/owner/new-form/'),
                    ('5', 'kaggle', NULL, 'https://www.kaggle.com/datasets/owner/new-form'),
                    ('6', 'ours', NULL, 'https://huggingface.co/datasets/owner/other'),
                    ('7', NULL, NULL, 'https://huggingface.co/datasets/a/b/c'),
                    ('8', NULL, NULL, 'https://huggingface.co.example.org/datasets/a/b'),
                    ('9', 'huggingface', 'owner/taken', 'https://huggingface.co/datasets/owner/taken'),
                    ('A', 'hf', NULL, 'https://huggingface.co/datasets/owner/taken'),
                    ('B', NULL, NULL, NULL), ('C', 'kaggle', NULL, 'https://www.kaggle.com/competitions/titanic'),
                    ('D', 'kaggle', NULL, 'https://www.kaggle.com/datasets/foo'), ('E', 'kaggle', NULL, 'https://www.kaggle.com/datasets/../..'),
                    ('F', NULL, NULL, 'https://huggingface.co/datasets/glue/viewer'), ('G', NULL, NULL, 'HTTPS://WWW.Kaggle.com/code/joe')
                """)
            try await fixture.applySchema()
            let rows =
                "SELECT title || ' ' || coalesce(source, '-') || ' ' || coalesce(source_ref, '-') FROM datasets ORDER BY title"
            let expected = [
                "1 huggingface owner/name", "2 huggingface squad", "3 kaggle owner/old-form", "4 kaggle owner/new-form",
                "5 kaggle -", "6 ours -", "7 - -", "8 - -", "9 huggingface owner/taken", "A hf -", "B - -",
                "C kaggle -", "D kaggle -", "E kaggle -", "F - -", "G - -",
            ]
            #expect(try await fixture.database.texts(rows) == expected)
            let notes = fixture.log.entries(containing: "rows of before")
            #expect(notes.last?.values == ["adopted": "4", "left_as_they_are": "11"])
            try await fixture.applySchema()
            #expect(try await fixture.database.texts(rows) == expected)
            // They are these rows for the source from now on.
            #expect(try await fixture.write([record(), record(.kaggle, "owner/new-form")]).updated == 2)
        }
    }

    @Test("replaces what is left of an index that could not be built, and says why it cannot")
    func invalidIndex() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.database.run(
                "DROP INDEX datasets_source_ref; INSERT INTO datasets (title, source, source_ref) VALUES ('a', 's', 'r'), ('b', 's', 'r')"
            )
            await #expect {
                try await fixture.applySchema()
            } throws: { error in
                (error as? RunFailure)?.description.contains("SQLSTATE 23505") == true
            }
            #expect(
                try await fixture.database.texts(
                    "SELECT indisvalid FROM pg_index WHERE indexrelid = 'datasets_source_ref'::regclass") == ["false"])
            try await fixture.database.run("DELETE FROM datasets WHERE title = 'b'")
            try await fixture.applySchema()
            #expect(
                try await fixture.database.texts(
                    "SELECT indisvalid FROM pg_index WHERE indexrelid = 'datasets_source_ref'::regclass") == ["true"])
        }
    }

    @Test("serves a database of another encoding")
    func latin1() async throws {
        try await withTemporaryDatabase(encoding: "LATIN1") { database async throws in
            let fixture = try await CatalogFixture(database)
            #expect(try await fixture.write([record { $0.description = "na\u{EF}ve" }]).inserted == 1)
        }
    }

    @Test("serves tables of other names and types")
    func otherTypes() async throws {
        try await withTemporaryDatabase { database in
            try await database.run(
                """
                CREATE TYPE state AS ENUM ('new', 'pending', 'ready'); CREATE TYPE origin AS ENUM ('huggingface', 'kaggle');
                CREATE SCHEMA "My App";
                CREATE TABLE "My App"."Data Sets" ("Key" uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(300) NOT NULL,
                    "About" text, state state NOT NULL DEFAULT 'new', live boolean NOT NULL DEFAULT true, vec halfvec(4),
                    origin origin, tags jsonb, license varchar(80), download_count int, updated_at timestamp NOT NULL DEFAULT now());
                """)
            var names = DatasetNames()
            (names.table, names.id, names.title, names.description) = (
                "\"My App\".\"Data Sets\"", "Key", "name", "About"
            )
            (names.status, names.statusValue, names.active) = ("state", "ready", "live")
            (names.column, names.source) = ("vec", "origin")
            let fixture = try await CatalogFixture(database, names: names)
            let records = [record(), record(.kaggle, "o/p") { ($0.description, $0.isFinal) = (nil, false) }]
            #expect(try await fixture.write(records).inserted == 2)
            #expect(try await fixture.write(records).unchanged == 2)
            #expect(try await fixture.write([record { ($0.description, $0.tags) = ("new", ["z"]) }]).textChanged == 1)
            let rows = try await database.texts(
                """
                SELECT concat_ws(' | ', name, "About", state, live, origin, source_ref, tags, license, download_count,
                    abs(extract(epoch FROM now() AT TIME ZONE 'UTC' - updated_at)) < 60)
                FROM "My App"."Data Sets" ORDER BY source_ref
                """)
            #expect(
                rows == [
                    "Title of o/p | pending | t | kaggle | o/p | [\"a\", \"b, c\"] | mit | 1000 | t",
                    "Title of owner/name | new | ready | t | huggingface | owner/name | [\"z\"] | mit | 1000 | t",
                ])
            let claimed = try await fixture.withCatalog {
                try await CatalogQueue($0, of: .kaggle).claim(5).map(\.reference)
            }
            #expect(claimed == ["o/p"])
        }
    }

    @Test("the printed rights are enough for a role, and without one of them it is told so")
    func rights() async throws {
        try await withCatalog { fixture async throws in
            let schema = try TableSchema(names: DatasetNames(), dimension: 4, hnsw: false)
            let script = CatalogSchema(of: schema, DatasetNames()).script
            let grants = script.split(separator: "\n").filter { $0.hasPrefix("-- GRANT ") }.map {
                String($0.dropFirst(3))
            }
            #expect(grants.count == 4)
            try await fixture.database.withRole { role, url in
                var fixture = fixture
                fixture.url = url
                for (index, grant) in grants.enumerated() {
                    if index > 0 {
                        await #expect(throws: RunFailure.self) { try await fixture.write([record()]) }
                    }
                    try await fixture.database.run(grant.replacing("ROLE", with: role))
                }
                try await fixture.write([
                    record(), record(.kaggle, "a/b") { ($0.description, $0.isFinal) = (nil, false) },
                ])
                try await fixture.write([record { $0.description = "new" }])
                try await fixture.withCatalog { catalog in
                    let queue = CatalogQueue(catalog, of: .kaggle)
                    let item = try #require(try await queue.claim(1).first)
                    _ = try await queue.fail(item, code: "503", isMissing: false)
                    try await queue.giveBack([item])
                    var cursor = SourceCursor()
                    cursor.watermark = Date(timeIntervalSince1970: 1_710_000_000.25)
                    try await catalog.note(cursor, of: .kaggle, task: "latest")
                }
                try await fixture.write([record { $0.isActive = false }])
                try await fixture.write([record(.kaggle, "a/c") { $0.upstreamID = "id of a/b" }])
            }
        }
    }

    @Test("is asked for where it is missing")
    func missing() async throws {
        try await withCatalog { fixture async throws in
            func refusal() async throws -> String {
                do {
                    try await fixture.write([record()])
                    return ""
                } catch let failure as RunFailure {
                    #expect(failure.reason == .configuration)
                    return failure.description
                }
            }
            try await fixture.database.run("ALTER TABLE datasets DROP like_count")
            #expect(
                try await refusal()
                    == "public.datasets has no column like_count; embedding-job schema --catalog --apply adds what is missing"
            )
            try await fixture.applySchema()
            #expect(try await refusal() == "")
            try await fixture.database.run("DROP INDEX datasets_source_ref")
            #expect(try await refusal().contains("no valid unique index on source and source_ref"))
            try await fixture.applySchema()
            try await fixture.database.run("DROP TABLE source_cursor")
            #expect(
                try await refusal().hasPrefix("there is no dataset_fetch or no source_cursor beside public.datasets"))
            try await fixture.applySchema()
            try await fixture.database.run("DROP TABLE dataset_fetch; CREATE TABLE dataset_fetch (dataset_id uuid)")
            #expect(try await refusal().contains("made for keys of another type"))
        }
    }

    @Test("keeps where each task goes on, to the microsecond")
    func cursors() async throws {
        try await withCatalog { fixture async throws in
            var cursor = SourceCursor()
            (cursor.cursor, cursor.fileName, cursor.byteOffset) = (
                "/api?cursor=x%3D", "DatasetVersions.csv 1 2", 1 << 40
            )
            cursor.watermark = Date(timeIntervalSince1970: 1_710_000_000.123456)
            cursor.nextWatermark = Date(timeIntervalSince1970: 1_720_000_000.5)
            let read = try await fixture.withCatalog { [cursor] catalog in
                #expect(try await catalog.cursor(of: .kaggle, task: "a") == SourceCursor())
                try await catalog.note(SourceCursor(), of: .kaggle, task: "a")
                try await catalog.note(cursor, of: .kaggle, task: "a")
                var other = try await catalog.cursor(of: .kaggle, task: "b")
                #expect(other == SourceCursor())
                other = try await catalog.cursor(of: .huggingFace, task: "a")
                #expect(other == SourceCursor())
                return try await catalog.cursor(of: .kaggle, task: "a")
            }
            #expect(
                read.cursor == cursor.cursor && read.fileName == cursor.fileName && read.byteOffset == cursor.byteOffset
            )
            let difference = try #require(read.watermark).timeIntervalSince(try #require(cursor.watermark))
            #expect(abs(difference) < 2e-6 && read.nextWatermark == cursor.nextWatermark)
            #expect(read.age < .seconds(3600))
        }
    }
}
