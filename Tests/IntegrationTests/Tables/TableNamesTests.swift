import DatasetTable
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Runs on tables other than the one that `schema` makes, with the toy model.
@Suite("embedding-job run, on a table of other names and types,", .requiresPostgres)
struct TableNamesTests {
    @Test(
        "takes keys of every supported type",
        arguments: [
            ("integer", "i"), ("bigint", "i * 4000000000"), ("uuid", "md5(i::text)::uuid"),
            ("text", "(ARRAY['', 'a''b', 'ключ', 'x;y', '\"', 'NULL', '{}', E'\\\\'])[i]"),
        ])
    func keys(type: String, expression: String) async throws {
        try await withTemporaryDatabase { database in
            let datasets = Datasets(database: database, job: try BuiltExecutable())
            try await database.run(
                """
                CREATE TABLE datasets (id \(type) PRIMARY KEY, title text, description text, enrichment_status text,
                    is_active boolean, embedding vector(32));
                INSERT INTO datasets SELECT \(expression), 'Sea ' || i, NULL, 'enriched', true FROM generate_series(1, 8) i
                """)
            let outcome = try await datasets.run(["run", "--batch-size", "3"])
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.processed == 8)
            #expect(report.remaining == 0)
            #expect(try await datasets.database.number("SELECT count(*) FROM datasets WHERE embedding IS NULL") == 0)
        }
    }

    @Test("finds table and columns by the options, however they are written")
    func quotedNames() async throws {
        try await withTemporaryDatabase { database in
            let datasets = Datasets(database: database, job: try BuiltExecutable())
            // The status is an enumeration, whose value is a literal of the statement.
            try await database.run(
                #"""
                CREATE SCHEMA "We ird";
                CREATE TYPE "We ird".state AS ENUM ('new', 'it''s ready');
                CREATE TABLE "We ird"."Data; ""sets""" ("select" uuid DEFAULT gen_random_uuid() UNIQUE, "Ti""tle" text,
                    "de scription" varchar(80), "Status" "We ird".state, "Active?" boolean, "vec'tor" vector(32));
                INSERT INTO "We ird"."Data; ""sets""" ("Ti""tle", "de scription", "Status", "Active?")
                    VALUES ('sea', 'ice', 'it''s ready', true), ('sea', 'ice', 'new', true),
                        ('sea', 'ice', 'it''s ready', false)
                """#)
            let arguments = [
                "--table", "We ird.Data; \"sets\"", "--id-column", "select", "--title-column", "Ti\"tle",
                "--description-column", "de scription", "--status-column", "Status", "--status-value", "it's ready",
                "--active-column", "Active?", "--column", "vec'tor",
            ]
            let outcome = try await datasets.run(["run"] + arguments)
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.processed == 1)
            #expect(report.failed == 0)
            #expect(
                try await datasets.database.number(
                    #"""
                    SELECT count(*) FROM "We ird"."Data; ""sets""" WHERE "vec'tor" IS NOT NULL AND "Active?"
                        AND "Status" = 'it''s ready'
                    """#) == 1)
            let status = try await datasets.run(["status"] + arguments)
            #expect(status.exitStatus == 0, "\(status.standardError)")
            #expect(status.outputLines.contains("embedded        1"), "\(status.output)")
        }
    }

    @Test("takes the table that the schema names, not its namesake on the search path")
    func schemaQualified() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                """
                CREATE SCHEMA other;
                CREATE TABLE other.datasets (LIKE datasets INCLUDING ALL);
                INSERT INTO datasets (title, enrichment_status) VALUES ('Sea', 'enriched');
                INSERT INTO other.datasets (title, enrichment_status) VALUES ('Sea', 'enriched'), ('Ice', 'enriched')
                """)
            let outcome = try await datasets.run(["run", "--table", "other.datasets"])
            #expect(try RunReportLine(outcome).processed == 2)
            #expect(try await datasets.database.number("SELECT count(embedding) FROM datasets") == 0)
            #expect(try await datasets.database.number("SELECT count(embedding) FROM other.datasets") == 2)
        }
    }

    @Test("attempts no more rows than its limit")
    func limit() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status) SELECT 'Sea ' || i, 'enriched' FROM generate_series(1, 9) i"
            )
            let outcome = try await datasets.run(["run", "--limit", "4", "--batch-size", "3"])
            #expect(outcome.exitStatus == 0)
            let report = try RunReportLine(outcome)
            #expect(report.processed == 4)
            #expect(report.remaining == 5)
            #expect(report.exitReason == "limit")
            #expect(try await datasets.database.number("SELECT count(embedding) FROM datasets") == 4)
        }
    }

    @Test("finishes its work when nobody reads its report")
    func brokenPipe() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('Sea', 'enriched')")
            let outcome = try await datasets.run(output: .brokenPipe)
            #expect(outcome.exitStatus == 0)
            #expect(try await datasets.database.number("SELECT count(embedding) FROM datasets") == 1)
        }
    }
}
