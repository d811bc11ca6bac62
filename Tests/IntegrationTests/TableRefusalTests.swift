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
            testDescription: "a key of a type without a binary form here",
            change: "ALTER TABLE datasets ALTER id DROP IDENTITY; ALTER TABLE datasets ALTER id TYPE numeric",
            mentions: ["public.datasets.id is numeric; a key is integer, bigint, uuid or text"]),
        Case(
            testDescription: "an active column that is no boolean",
            change: "DROP INDEX datasets_embedding_pending; ALTER TABLE datasets ALTER is_active DROP DEFAULT, "
                + "ALTER is_active TYPE text",
            mentions: ["public.datasets.is_active is text, not boolean"]),
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
