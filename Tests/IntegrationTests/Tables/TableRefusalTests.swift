import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Tables that a run cannot use; each is found before a row is read.
@Suite("embedding-job run, looking at its table,", .requiresPostgres)
struct TableRefusalTests {
    /// A change to the table, the arguments of the run, and what the message must name.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var change = ""
        var arguments: [String] = []
        let mentions: [String]
    }

    private static let tables = [
        Case(
            testDescription: "a table that does not exist", arguments: ["--table", "absent"],
            mentions: ["table absent does not exist", "--table", "schema --apply"]),
        Case(
            testDescription: "a table off the search path",
            change: "CREATE SCHEMA other; ALTER TABLE datasets SET SCHEMA other",
            mentions: ["table datasets does not exist or is not on the search path"]),
        Case(
            testDescription: "a view", change: "CREATE VIEW shown AS SELECT * FROM datasets",
            arguments: ["--table", "shown"],
            mentions: ["public.shown is not a table"]),
        Case(
            testDescription: "a database without pgvector", change: "DROP EXTENSION vector CASCADE",
            mentions: ["pgvector is not installed", "CREATE EXTENSION vector"]),
        Case(
            testDescription: "vectors of another length",
            change: "ALTER TABLE datasets ALTER embedding TYPE vector(768)",
            mentions: ["public.datasets.embedding holds vectors of 768 components, the model gives 32"]),
        Case(
            testDescription: "text in place of vectors", change: "ALTER TABLE datasets ALTER embedding TYPE text",
            mentions: ["public.datasets.embedding is text, not vector"]),
        Case(
            testDescription: "a key without a unique index",
            change: "ALTER TABLE datasets DROP CONSTRAINT datasets_pkey",
            mentions: ["public.datasets.id has no unique index of its own"]),
        Case(
            testDescription: "a key that is only unique together with another column",
            change: "ALTER TABLE datasets DROP CONSTRAINT datasets_pkey, ADD PRIMARY KEY (id, created_at)",
            mentions: ["public.datasets.id has no unique index of its own"]),
        Case(
            testDescription: "a key of a type whose text depends on the session",
            change: "ALTER TABLE datasets DROP COLUMN id, ADD COLUMN id bytea PRIMARY KEY DEFAULT '\\x00'",
            mentions: ["public.datasets.id is bytea; a key is smallint, integer, bigint, numeric, uuid, text"]),
        Case(
            testDescription: "an active column that is no boolean",
            change: "DROP INDEX datasets_embedding_pending; ALTER TABLE datasets ALTER is_active DROP DEFAULT, "
                + "ALTER is_active TYPE text",
            mentions: ["public.datasets.is_active is text, not boolean"]),
        Case(
            testDescription: "a materialized view", change: "CREATE MATERIALIZED VIEW shown AS SELECT * FROM datasets",
            arguments: ["--table", "shown"],
            mentions: ["public.shown is not a table but a materialized view"]),
        Case(
            testDescription: "a name that can be read in two ways",
            change: "CREATE SCHEMA a; CREATE SCHEMA \"a.b\"; CREATE TABLE a.\"b.c\" (); CREATE TABLE \"a.b\".c ()",
            arguments: ["--table", "a.b.c"],
            mentions: [#"--table a.b.c can mean "a.b".c or a."b.c""#]),
        Case(
            testDescription: "a name in another case", change: "ALTER TABLE datasets RENAME TO \"DataSets\"",
            mentions: [#"there is public."DataSets", which --table can name like that"#]),
        Case(
            testDescription: "a name of another schema",
            change: "CREATE SCHEMA \"My Data\"; ALTER TABLE datasets SET SCHEMA \"My Data\"",
            mentions: [#"there is "My Data".datasets, which"#]),
        Case(
            testDescription: "an enum without the value",
            change: "CREATE TYPE state AS ENUM ('PENDING', 'ENRICHED'); DROP INDEX datasets_embedding_pending;"
                + "ALTER TABLE datasets DROP COLUMN enrichment_status, ADD COLUMN enrichment_status state",
            mentions: [
                "public.datasets.enrichment_status is state and has no value enriched; its values are PENDING, ENRICHED; "
                    + "set --status-value"
            ]),
        Case(
            testDescription: "a number for a status",
            change: "DROP INDEX datasets_embedding_pending;"
                + "ALTER TABLE datasets DROP COLUMN enrichment_status, ADD COLUMN enrichment_status int",
            mentions: [
                "public.datasets.enrichment_status is integer and cannot be compared with enriched: "
                    + "invalid input syntax for type integer", "set --status-value",
            ]),
        Case(
            testDescription: "a status that is too short",
            change: "ALTER TABLE datasets ALTER enrichment_status DROP DEFAULT, "
                + "ALTER enrichment_status TYPE varchar(8)",
            arguments: ["--status-value", "\"enriched\""],
            mentions: [
                "public.datasets.enrichment_status is character varying(8) and too short to be \"enriched\"; "
                    + "set --status-value"
            ]),
        Case(
            testDescription: "a status whose domain takes other values",
            change: "CREATE DOMAIN state AS text CHECK (value IN ('new', 'enriched'));"
                + "ALTER TABLE datasets ALTER enrichment_status TYPE state",
            arguments: ["--status-value", "ENRICHED"],
            mentions: [
                "public.datasets.enrichment_status is state, which cannot be ENRICHED: value for domain state violates",
                "set --status-value",
            ]),
        Case(
            testDescription: "a generated vector column",
            change: "ALTER TABLE datasets ADD COLUMN raw vector(32), DROP COLUMN embedding, "
                + "ADD COLUMN embedding vector(32) GENERATED ALWAYS AS (raw) STORED",
            mentions: ["public.datasets.embedding is a generated column"]),
        Case(
            testDescription: "a title that is no text",
            change: "ALTER TABLE datasets ALTER title TYPE jsonb USING to_jsonb(title)",
            mentions: [
                "public.datasets.title is jsonb and cannot be read as text: function pg_catalog.left(jsonb, integer) does not exist",
                "the server's hint: No function matches", "name a text column with --title-column",
            ]),
        Case(
            testDescription: "a table that is published and has no replica identity",
            change: "ALTER TABLE datasets REPLICA IDENTITY NOTHING; CREATE PUBLICATION p FOR TABLE datasets",
            mentions: [
                "does not have a replica identity",
                "ALTER TABLE public.datasets REPLICA IDENTITY USING INDEX datasets_pkey",
            ]),
        Case(
            testDescription: "a rule", change: "CREATE RULE silent AS ON UPDATE TO datasets DO INSTEAD NOTHING",
            mentions: ["public.datasets.embedding is vector(32) and cannot be written", "the rules silent"]),
        Case(
            testDescription: "rows without a key",
            change: "ALTER TABLE datasets DROP COLUMN id, ADD COLUMN id bigint UNIQUE",
            mentions: ["public.datasets.id is NULL in rows that wait", "ALTER COLUMN id SET NOT NULL"]),
        Case(
            testDescription: "what the catalog says together with what the server says",
            change: "ALTER TABLE datasets DROP CONSTRAINT datasets_pkey, DROP COLUMN enrichment_status CASCADE, "
                + "ADD COLUMN enrichment_status int, ALTER title TYPE jsonb USING to_jsonb(title)",
            arguments: ["--description-column", "prose"],
            mentions: ["no column prose", "no unique index", "title is jsonb", "cannot be compared with enriched"]),
        Case(
            testDescription: "everything at once", change: "ALTER TABLE datasets DROP CONSTRAINT datasets_pkey",
            arguments: ["--title-column", "name", "--column", "description"],
            mentions: ["no unique index", "no column name", "description is text, not vector"]),
    ]

    @Test("refuses", arguments: tables)
    func table(_ refused: Case) async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('Sea ice', 'enriched')")
            if !refused.change.isEmpty { try await datasets.database.run(refused.change) }
            let outcome = try await datasets.run(["run"] + refused.arguments)
            try outcome.expectRefusal(78, "configuration", naming: refused.mentions)
            #expect(!outcome.standardError.contains("Sea ice"))
        }
    }

    @Test(
        "names a missing column and the option that names another",
        arguments: [
            ("id", "--id-column"), ("title", "--title-column"), ("description", "--description-column"),
            ("enrichment_status", "--status-column"), ("is_active", "--active-column"), ("embedding", "--column"),
        ])
    func missingColumn(column: String, option: String) async throws {
        try await withDatasets { datasets in
            try await datasets.database.run("ALTER TABLE datasets DROP COLUMN \(column) CASCADE")
            let outcome = try await datasets.run()
            try outcome.expectRefusal(
                78, "configuration", naming: ["public.datasets has no column \(column)", "name it with \(option)"])
        }
    }

    @Test(
        "takes names for names, never for SQL",
        arguments: [
            "datasets; DROP TABLE datasets", "datasets'; DROP TABLE datasets; --", "We ird\"", "datasets\" d; --", "$1",
            "{TABLE}", "public.datasets d, datasets", "%s", "ключ",
        ])
    func injection(name: String) async throws {
        try await withDatasets { datasets in
            let table = try await datasets.run(["run", "--table", name])
            try table.expectRefusal(78, "configuration", naming: ["table \(name) does not exist"])
            let columns = ["--id-column", "--title-column", "--status-column", "--column"]
            let outcome = try await datasets.run(["run"] + columns.flatMap { [$0, name] })
            try outcome.expectRefusal(
                78, "configuration", naming: columns.map { "has no column \(name); name it with \($0)" })
            #expect(try await datasets.database.number("SELECT count(*) FROM pg_class WHERE relname = 'datasets'") == 1)
        }
    }

    @Test(
        "names the privilege that the role lacks, and how to grant it",
        arguments: [
            (
                "GRANT SELECT (id, title, enrichment_status, is_active, embedding), UPDATE (embedding) ON datasets TO",
                ["may not read public.datasets.description", "GRANT SELECT (description) ON public.datasets"]
            ),
            (
                "GRANT SELECT ON datasets TO",
                ["may not write public.datasets.embedding", "GRANT UPDATE (embedding) ON public.datasets"]
            ),
            (
                "GRANT UPDATE ON datasets TO",
                ["may not read public.datasets.id", "may not read public.datasets.embedding"]
            ),
        ])
    func privileges(grant: String, mentions: [String]) async throws {
        try await withDatasets { datasets in
            try await datasets.withRole { role, url in
                try await datasets.database.run("\(grant) \(role)")
                try await datasets.run(url: url).expectRefusal(78, "configuration", naming: mentions)
            }
        }
    }

    @Test("needs no more privileges than the documentation grants")
    func leastPrivilege() async throws {
        try await withDatasets { datasets in
            try await datasets.withRole { role, url in
                try await datasets.database.run(
                    """
                    INSERT INTO datasets (title, enrichment_status) VALUES ('Sea ice', 'enriched');
                    GRANT SELECT (id, title, description, enrichment_status, is_active, embedding), UPDATE (embedding)
                        ON datasets TO \(role)
                    """)
                let outcome = try await datasets.run(url: url)
                #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
                #expect(try RunReportLine(outcome).processed == 1)
                outcome.expectNoSecretAndNoTrace()
            }
        }
    }
}
