import ComputeTestSupport
import DatasetTable
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("The privileges that embedding-job schema --search prints", .requiresPostgres, .timeLimit(.minutes(30)))
struct SearchRoleTests {
    /// The statements under a heading of the printed script, for a role.
    private func grants(
        _ searchable: Searchable, under heading: String, to role: String
    ) async throws -> [String] {
        let printed = try await searchable.datasets.run(["schema", "--search", "--model", searchable.model])
        #expect(printed.exitStatus == 0, "\(printed.standardError)")
        let lines = printed.outputLines.drop { !$0.contains(heading) }.dropFirst()
        return lines.prefix { $0.hasPrefix("-- GRANT ") }.map {
            String($0.dropFirst(3)).replacing("TO ROLE;", with: "TO \(role)")
        }
    }

    /// The same, each privilege by itself.
    private func single(_ grant: String) throws -> [String] {
        if let columns = grant.firstMatch(of: /^GRANT SELECT \((.+)\) (ON .+)$/)?.output {
            return columns.1.split(separator: ", ").map { "GRANT SELECT (\($0)) \(columns.2)" }
        }
        if let tables = grant.firstMatch(of: /^GRANT SELECT ON (.+) (TO .+)$/)?.output {
            return tables.1.split(separator: ", ").map { "GRANT SELECT ON \($0) \(tables.2)" }
        }
        return [grant]
    }

    @Test("are enough to search, and each of them is needed")
    func searching() async throws {
        try await withSearchable { searchable in
            try await searchable.database.run("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            try await searchable.datasets.withRole { role, url in
                let statements = try await grants(searchable, under: "a role which searches needs", to: role)
                #expect(statements.count == 3)
                for statement in statements { try await searchable.database.run(statement) }
                let outcome = try await searchable.search(["sea ice"], url: url)
                #expect(outcome.exitStatus == 0 && outcome.standardError.isEmpty, "\(outcome.standardError)")
                #expect(try outcome.hits.count == 4)
                // The SQL function needs no more.
                try await searchable.database.run(
                    """
                    SET ROLE \(role);
                    SELECT 1 / count(*) FROM search_datasets('sea', array_fill(0.1, ARRAY[32])::vector)
                    """)

                let privileges = try statements.flatMap(single)
                #expect(privileges.count >= 13)
                for grant in privileges {
                    let revoke = grant.replacing("GRANT", with: "REVOKE").replacing(" TO ", with: " FROM ")
                    try await searchable.database.run(revoke)
                    // The column or the table that it is about, or else the schema.
                    let subject = try #require(
                        grant.firstMatch(of: /\((.+)\)/)?.output.1
                            ?? grant.firstMatch(of: /ON (?:SCHEMA )?(\S+)/)?.output.1
                    )
                    let name = String(subject.split(separator: ".").last ?? subject)
                    try await searchable.search(["sea"], url: url).expectNoSearch(78, naming: [name, "GRANT"])
                    try await searchable.database.run(grant)
                }
                #expect(try await searchable.titles(["sea"], url: url).count == 4)
            }
        }
    }

    @Test("come from an owner who need be no superuser, even if nothing in the session has used pgvector yet")
    func owner() async throws {
        try await withDatasets { datasets in
            try await datasets.withRole { role, url in
                try await datasets.database.run(
                    "DROP TABLE datasets, embedding_failure, embedding_state; GRANT CREATE ON SCHEMA public TO \(role)")
                // The second finds nothing to make for which a vector is read.
                for options in [[], ["--search"]] {
                    let outcome = try await datasets.run(["schema", "--apply"] + options, url: url)
                    #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
                }
                #expect(
                    try await datasets.database.number(
                        "SELECT count(*) FROM pg_proc WHERE proname = 'search_datasets'") == 1)
            }
        }
    }

    @Test("let a run write documents")
    func running() async throws {
        let columns = "ALTER TABLE datasets ADD tags text[], ADD source_ref text"
        try await withSearchable(preparing: columns) { searchable in
            try await searchable.database.run(
                """
                REVOKE ALL ON SCHEMA public FROM PUBLIC;
                UPDATE datasets SET embedding = NULL, tags = ARRAY['polar'];
                DELETE FROM embedding_document
                """)
            try await searchable.datasets.withRole { role, url in
                for heading in [
                    "role of embedding-job run needs, for a superuser", "role of embedding-job run needs besides",
                ] {
                    let statements = try await grants(searchable, under: heading, to: role)
                    #expect(!statements.isEmpty)
                    for statement in statements { try await searchable.database.run(statement) }
                }
                for _ in 1...2 {
                    let run = try await searchable.datasets.run(["run", "--model", searchable.model], url: url)
                    #expect(run.exitStatus == 0, "\(run.standardError)")
                    #expect(!run.standardError.contains("side table"), "\(run.standardError)")
                    let polar = "SELECT count(*) FROM embedding_document WHERE document @@ 'polar'"
                    #expect(try await searchable.database.number(polar) == 4)
                    try await searchable.database.run("DELETE FROM embedding_document")
                }
            }
        }
    }
}
