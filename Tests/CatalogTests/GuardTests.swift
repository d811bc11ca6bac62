import Catalog
import DatasetTable
import FoundationEssentials
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("More changes than a run may make", .requiresPostgres, .timeLimit(.minutes(30)))
struct GuardTests {
    private func records(_ count: Int, changed: Int = 0, updated: Double = 1_710_000_000) -> [CatalogRecord] {
        (0..<count).map { number in
            record("owner/\(number)") { record in
                // Spread evenly, so that each batch has its share.
                if changed > 0, number % (count / changed) == 0, number / (count / changed) < changed {
                    record.description = "Changed"
                }
                record.updated = Date(timeIntervalSince1970: updated)
            }
        }
    }

    @Test("texts of rows that their source has not modified change only if somebody says so")
    func unmodified() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write(records(200))
            try await fixture.embed()
            let before = try await fixture.versions()
            await #expect {
                try await fixture.write(records(200, changed: 50))
            } throws: { ($0 as? RunFailure)?.reason == .tooManyChanges }
            #expect(try await fixture.versions() == before)
            #expect(try await fixture.write(records(200, changed: 40)).textChanged == 40)
            #expect(try await fixture.write(records(200, changed: 200)) { $0.acceptsChanges = true }.textChanged == 160)
        }
    }

    @Test("rows that their source has modified may all change, as those of a daily run do")
    func modified() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write(records(1000))
            #expect(try await fixture.write(records(1000, changed: 1000, updated: 1_720_000_000)).textChanged == 1000)
        }
    }

    @Test("of the first two thousand a fifth may change, modified or not")
    func all() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write(records(2500))
            await #expect {
                try await fixture.write(records(2500, changed: 625, updated: 1_720_000_000))
            } throws: { ($0 as? RunFailure)?.reason == .tooManyChanges }
            #expect(
                try await fixture.database.number("SELECT count(*) FROM datasets WHERE description = 'Changed'") < 400)
        }
    }

    @Test("what a complete listing does not show goes out of service, unless that is more than one in twenty")
    func absent() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write(records(100))
            try await fixture.write([record(.kaggle, "owner/0")])
            try await fixture.database.run("UPDATE dataset_fetch SET last_seen_at = '2020-01-01'")
            try await fixture.write([record("new")])
            func deactivate(leavingOut count: Int) async throws -> Int {
                try await fixture.withCatalog { catalog in
                    var seen = SeenReferences(start: Date(timeIntervalSince1970: 1_700_000_000))
                    for record in records(100).dropFirst(count) { seen.insert(record.reference) }
                    var writer = CatalogWriter(catalog, log: fixture.log.logger)
                    try await writer.deactivateAbsent(from: .huggingFace, seen: seen)
                    return writer.counts.deactivated
                }
            }
            await #expect {
                _ = try await deactivate(leavingOut: 6)
            } throws: { ($0 as? RunFailure)?.reason == .tooManyChanges }
            #expect(try await fixture.database.number("SELECT count(*) FROM datasets WHERE is_active") == 102)
            #expect(try await deactivate(leavingOut: 5) == 5)
            #expect(
                try await fixture.database.texts(
                    "SELECT source_ref || ' ' || error_code FROM datasets JOIN dataset_fetch ON id = dataset_id WHERE NOT is_active ORDER BY 1"
                )
                    == (0..<5).map { "owner/\($0) gone" })
            // They come back when they are seen again.
            try await fixture.write(records(5))
            #expect(try await fixture.database.number("SELECT count(*) FROM datasets WHERE NOT is_active") == 0)
        }
    }
}
