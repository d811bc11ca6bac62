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

    @Test("names that datasets exchange, hand on or take over cost none its row or its vector")
    func exchanged() async throws {
        func named(_ reference: String, _ id: String) -> CatalogRecord {
            record(.kaggle, reference, title: "T") { ($0.upstreamID, $0.description) = (id, "About \(id)") }
        }
        let steps: [(before: [CatalogRecord], after: [CatalogRecord])] = [
            ([named("o/r1", "a"), named("o/r2", "b")], [named("o/r1", "b"), named("o/r2", "a")]),
            ([named("o/r2", "b"), named("o/r1", "a")], [named("o/r2", "a"), named("o/r3", "b")]),
            (
                [named("o/r1", "a"), named("o/r2", "b"), named("o/r3", "c")],
                [named("o/r2", "a"), named("o/r3", "b"), named("o/r1", "c")]
            ),
        ]
        for step in steps {
            try await withCatalog { fixture async throws in
                for record in step.before { try await fixture.write([record]) }
                try await fixture.embed()
                let rows =
                    "SELECT id || ' ' || upstream_id FROM datasets JOIN dataset_fetch ON id = dataset_id ORDER BY id"
                let before = try await fixture.database.texts(rows)
                let counts = try await fixture.write(step.after)
                #expect(counts.inserted == 0 && counts.textChanged == 0 && counts.failed.isEmpty)
                #expect(try await fixture.database.texts(rows) == before)
                let named = try await fixture.database.texts(
                    "SELECT source_ref || ' ' || upstream_id FROM datasets JOIN dataset_fetch ON id = dataset_id WHERE is_active AND embedding IS NOT NULL ORDER BY 1"
                )
                #expect(named == step.after.map { "\($0.reference) \($0.upstreamID ?? "")" }.sorted())
            }
        }
        // The name is taken first; what was called so comes later.
        try await withCatalog { fixture async throws in
            try await fixture.write([named("o/r1", "a"), named("o/r2", "b")])
            try await fixture.embed()
            try await fixture.write([named("o/r2", "a")])
            #expect(
                try await fixture.values("coalesce(source_ref, '-') || is_active || (embedding IS NULL)") == [
                    "o/r2truefalse", "-truefalse",
                ])
            #expect(try await fixture.write([named("o/r3", "b")]).inserted == 0)
            #expect(
                try await fixture.values("source_ref || is_active || (embedding IS NULL)") == [
                    "o/r2truefalse", "o/r3truefalse",
                ])
        }
    }

    @Test("of one identifier under two names on a page the last one counts")
    func twice() async throws {
        try await withCatalog { fixture async throws in
            func named(_ reference: String) -> CatalogRecord { record(reference) { $0.upstreamID = "a" } }
            try await fixture.write([named("o/r1")])
            #expect(try await fixture.write([named("o/r3"), named("o/r4")]).updated == 1)
            #expect(try await fixture.values("source_ref") == ["o/r4"])
            #expect(try await fixture.write([named("o/r5"), record("o/r4") { $0.upstreamID = nil }]).inserted == 1)
            #expect(try await fixture.values("source_ref") == ["o/r4", "o/r5"])
        }
    }

    @Test("a row that was deleted and made again by hand takes over what was noted")
    func remade() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([record("o/r1")])
            try await fixture.database.run(
                "DELETE FROM datasets; INSERT INTO datasets (title, source, source_ref) VALUES ('t', 'huggingface', 'o/r1')"
            )
            let counts = try await fixture.write([record("o/r1")])
            #expect(counts.updated == 1 && counts.failed.isEmpty)
        }
    }

    @Test("equal texts of other bytes are other names")
    func bytes() async throws {
        try await withCatalog { fixture async throws in
            func plain(_ reference: String) -> CatalogRecord { record(reference) { $0.upstreamID = nil } }
            #expect(try await fixture.write([plain("o/\u{E9}"), plain("o/e\u{301}")]).inserted == 2)
        }
    }

    @Test("an older dump takes no name back and brings nothing back")
    func olderDump() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([
                record(.kaggle, "joe/renamed") { $0.upstreamID = "1" },
                record(.kaggle, "joe/s2") { $0.isActive = false },
            ])
            let dump = [
                record(.kaggle, "joe/s1") {
                    ($0.upstreamID, $0.updated) = ("1", Date(timeIntervalSince1970: 1_600_000_000))
                },
                record(.kaggle, "joe/s2") { $0.updated = Date(timeIntervalSince1970: 1_600_000_000) },
            ]
            #expect(try await fixture.write(dump, isAuthoritative: false).unchanged == 2)
            #expect(try await fixture.values("source_ref || is_active") == ["joe/renamedtrue", "joe/s2false"])
            #expect(
                try await fixture.database.texts("SELECT error_code FROM dataset_fetch ORDER BY 1") == ["gone", "NULL"])
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

    @Test("what somebody took out of service stays so when its source hides it and shows it again")
    func ours() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([record()])
            try await fixture.database.run("UPDATE datasets SET is_active = false")
            for isActive in [false, true] { try await fixture.write([record { $0.isActive = isActive }]) }
            #expect(try await fixture.values("is_active") == ["false"])
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
