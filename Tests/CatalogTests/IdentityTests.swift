import Catalog
import FoundationEssentials
import Postgres
import PostgresTestSupport
import Testing

@Suite("Which row a record is about", .requiresPostgres, .timeLimit(.minutes(30)))
struct IdentityTests {
    @Test("a dataset that was renamed keeps its row and its vector")
    func renamed() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([record(.kaggle, "Old/Name", title: "T")])
            try await fixture.embed()
            let id = try await fixture.values("id")
            let renamed = record(.kaggle, "old/name-2", title: "T") {
                ($0.upstreamID, $0.description) = ("id of Old/Name", "About Old/Name")
            }
            let counts = try await fixture.write([renamed])
            #expect(counts.inserted == 0 && counts.updated == 1 && counts.textChanged == 0)
            #expect(try await fixture.values("id") == id)
            #expect(
                try await fixture.values("source_ref || ' ' || source_url || ' ' || (embedding IS NULL)")
                    == ["old/name-2 https://example.org/old/name-2 false"])
        }
    }

    @Test(
        "of two rows that are one dataset the older one stays, whichever was known by its identifier",
        arguments: [true, false])
    func twins(isOlderKnown: Bool) async throws {
        try await withCatalog { fixture async throws in
            func known(_ reference: String) -> CatalogRecord { record(.kaggle, reference) { $0.upstreamID = "7" } }
            func unknown(_ reference: String) -> CatalogRecord { record(.kaggle, reference) { $0.upstreamID = nil } }
            try await fixture.write([isOlderKnown ? known("a/1") : unknown("a/1")])
            try await fixture.write([isOlderKnown ? unknown("a/2") : known("a/2")])
            let first = try await fixture.database.texts("SELECT min(id) FROM datasets")
            // The one that is known gets the reference of the other.
            try await fixture.write([known(isOlderKnown ? "a/2" : "a/1")])
            let rows = try await fixture.database.texts(
                "SELECT id || ' ' || source_ref FROM datasets WHERE is_active AND source_ref IS NOT NULL")
            #expect(rows == ["\(first[0]) \(isOlderKnown ? "a/2" : "a/1")"])
            #expect(
                try await fixture.database.texts(
                    "SELECT coalesce(error_code, upstream_id) FROM dataset_fetch ORDER BY dataset_id")
                    == ["7", "duplicate"])
            // It is settled.
            let versions = try await fixture.versions()
            try await fixture.write([known(isOlderKnown ? "a/2" : "a/1")])
            #expect(try await fixture.versions() == versions)
            #expect(try await fixture.database.number("SELECT count(*) FROM datasets") == 2)
        }
    }

    @Test("references are compared exactly where the source has no identifier")
    func exact() async throws {
        try await withCatalog { fixture async throws in
            func plain(_ reference: String) -> CatalogRecord { record(reference) { $0.upstreamID = nil } }
            #expect(try await fixture.write([plain("a/b"), plain("a/B"), plain("a/b ")]).inserted == 3)
        }
    }

    @Test("a row that was deleted by hand comes back")
    func deleted() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([record(), record("x")])
            try await fixture.database.run("DELETE FROM datasets WHERE source_ref = 'x'")
            #expect(try await fixture.write([record(), record("x")]).inserted == 1)
            #expect(try await fixture.database.number("SELECT count(*) FROM dataset_fetch") == 2)
        }
    }

    @Test("what its source hides goes out of service and comes back with it, what somebody else took out does not")
    func hidden() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([record("hidden"), record("ours")])
            try await fixture.database.run("UPDATE datasets SET is_active = false WHERE source_ref = 'ours'")
            func write(_ isActive: Bool) async throws -> [String] {
                try await fixture.write([record("hidden") { $0.isActive = isActive }, record("ours")])
                return try await fixture.values("is_active")
            }
            #expect(try await write(false) == ["false", "false"])
            #expect(
                try await fixture.database.texts("SELECT error_code FROM dataset_fetch ORDER BY 1") == ["gone", "NULL"])
            #expect(try await write(true) == ["true", "false"])
            #expect(try await fixture.database.texts("SELECT error_code FROM dataset_fetch") == ["NULL", "NULL"])
        }
    }

    @Test("eight writers of the same datasets make one row of each and wait for nobody for good")
    func concurrent() async throws {
        try await withCatalog { fixture async throws in
            let all = (0..<400).map { number in record("owner/\(number)") }
            let counts = try await withThrowingTaskGroup(of: CatalogCounts.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        let records = all.map { record in
                            var record = record
                            record.license = "licence \(writer)"
                            return record
                        }
                        return try await fixture.write(records.shuffled())
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.map(\.inserted).reduce(0, +) == 400)
            #expect(counts.allSatisfy { $0.failed.isEmpty })
            #expect(try await fixture.database.number("SELECT count(DISTINCT source_ref) FROM datasets") == 400)
            #expect(try await fixture.database.number("SELECT count(*) FROM datasets") == 400)
        }
    }

    @Test("a text that somebody edits meanwhile never keeps the vector of another one")
    func edited() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([record { $0.description = "old" }])
            try await fixture.embed()
            let session = try await fixture.database.connect(applicationName: "editor")
            try await session.executeScript(
                .init(name: "edit", sql: "BEGIN; UPDATE datasets SET description = 'edited', embedding = '[0,1,0,0]'"))
            async let counts = fixture.write([record { $0.description = "new" }])
            try await fixture.database.wait(
                until:
                    "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'catalog' AND wait_event_type = 'Lock' AND datname = current_database())"
            )
            try await session.execute(.commit)
            await session.close()
            #expect(try await counts.updated == 1)
            #expect(try await fixture.values("description || (embedding IS NULL)") == ["newtrue"])
        }
    }
}
