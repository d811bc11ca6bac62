import Catalog
import DatasetTable
import FoundationEssentials
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("Writing what sources say", .requiresPostgres, .timeLimit(.minutes(30)))
struct WritingTests {
    @Test("makes a row with every field, ready for the job")
    func inserts() async throws {
        try await withCatalog { fixture async throws in
            let counts = try await fixture.write([record { $0.views = 0 }])
            #expect(counts.inserted == 1 && counts.updated == 0 && counts.unchanged == 0 && counts.failed.isEmpty)
            #expect(
                try await fixture.rows() == [
                    "huggingface | owner/name | Title of owner/name | About owner/name | https://example.org/owner/name"
                        + " | 1000 | 0 | 20 | mit | {a,\"b, c\"} | 4096 | 2023-11-14 22:13:20 | 2024-03-09 16:00:00.5 | enriched | t"
                ])
            #expect(
                try await fixture.database.texts("SELECT upstream_id || (next_attempt_at IS NULL) FROM dataset_fetch")
                    == ["id of owner/nametrue"])
        }
    }

    @Test("writes nothing the second time")
    func repeats() async throws {
        try await withCatalog { fixture async throws in
            let records = (0..<1200).map { number in
                record("owner/\(number)") { record in
                    if number % 3 == 0 { record.description = "" }
                    if number % 7 == 0 { (record.upstreamID, record.updated) = (nil, nil) }
                    if number % 11 == 0 { record.isActive = false }
                    record.usability = 0.1 + Double(number % 10) / 11
                }
            }
            #expect(try await fixture.write(records).inserted == 1200)
            let versions = try await fixture.versions()
            #expect(versions.count == 2400)
            var expected = CatalogCounts()
            expected.unchanged = 1200
            #expect(try await fixture.write(records.reversed()) == expected)
            #expect(try await fixture.versions() == versions)
        }
    }

    @Test("takes the vector with the text, and with nothing else", arguments: [true, false])
    func vectors(isNewTitle: Bool) async throws {
        try await withCatalog { fixture async throws in
            let texts = ["text", "white space", "tags", "licence", "counts", "address"]
            try await fixture.write(texts.map { record($0) })
            try await fixture.embed()
            let changed = [
                isNewTitle
                    ? record(.huggingFace, "text", title: "Another title")
                    : record("text") { $0.description = "Another text" },
                record("white space") { $0.description = "  About white space\n" },
                record("tags") { $0.tags = ["z"] }, record("licence") { $0.license = "" },
                record("counts") { $0.downloads = 5000 },
                record("address") { $0.updated = Date(timeIntervalSince1970: 1_720_000_000) },
            ]
            let counts = try await fixture.write(changed)
            #expect(counts.updated == 6 && counts.textChanged == 1)
            let kept = try await fixture.database.texts(
                "SELECT source_ref FROM datasets WHERE embedding IS NOT NULL ORDER BY 1")
            #expect(kept == ["address", "counts", "licence", "tags", "white space"])
            #expect(try await fixture.values("license || ''") == ["mit", "mit", "NULL", "mit", "mit", "mit"])
            let pending = try await fixture.database.texts(
                "SELECT source_ref FROM datasets WHERE enrichment_status = 'enriched' AND is_active AND embedding IS NULL"
            )
            #expect(pending == ["text"])
        }
    }

    @Test("leaves vectors to run --stale if told to")
    func keepsVectors() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([record()])
            try await fixture.embed()
            let counts = try await fixture.write([record { $0.description = "Another text" }]) {
                $0.keepsVectors = true
            }
            #expect(counts.textChanged == 1)
            #expect(try await fixture.values("description || embedding::text") == ["Another text[1,0,0,0]"])
        }
    }

    @Test("a drain embeds what changed, and nothing else")
    func drains() async throws {
        try await withCatalog { fixture async throws in
            let job = try await DatasetFixture(fixture.database)
            let encoder = StubEncoder()
            try await fixture.write((0..<40).map { record("owner/\($0)") })
            #expect(try await job.drain(encoder).processed == 40)
            try await fixture.write(
                (0..<40).map { number in
                    record("owner/\(number)") { record in
                        if number == 7 { record.description = "Another text" }
                        record.downloads = 100_000
                    }
                })
            #expect(try await job.drain(encoder).processed == 1)
            #expect(try await job.expectNoStaleVector(encoder) == 40)
        }
    }

    @Test("writes counts if they have moved, or if the row is written anyway")
    func counts() async throws {
        try await withCatalog { fixture async throws in
            func write(_ downloads: Int64, _ likes: Int64, license: String = "mit") async throws -> String {
                try await fixture.write([
                    record { ($0.downloads, $0.likes, $0.license) = (downloads, likes, license) }
                ])
                return try await fixture.values("download_count || '/' || like_count").first ?? ""
            }
            #expect(try await write(1000, 20) == "1000/20")
            #expect(try await write(1019, 29) == "1000/20")
            #expect(try await write(1020, 29) == "1020/29")
            #expect(try await write(1021, 30) == "1020/29")
            #expect(try await write(1021, 39) == "1021/39")
            #expect(try await write(1022, 40, license: "apache-2.0") == "1022/40")
            #expect(try await write(0, 0) == "0/0")
        }
    }

    @Test("keeps what an answer does not tell, and empties what it tells to be empty")
    func told() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.write([record(), record("other")])
            var silent = CatalogRecord(
                .huggingFace, "owner/name", title: "New title", url: "https://example.org/owner/name")
            silent.isFinal = false
            let empty = record("other") { ($0.description, $0.license, $0.tags) = ("", "", []) }
            try await fixture.write([silent, empty])
            #expect(
                try await fixture.values(
                    "title || coalesce(description, '-') || coalesce(license, '-') || coalesce(tags::text, '-')")
                    == ["Title of other---", "New titleAbout owner/namemit{a,\"b, c\"}"])
            #expect(try await fixture.values("enrichment_status") == ["enriched", "enriched"])
        }
    }

    @Test("a dump fills gaps, and replaces what is older than it")
    func precedence() async throws {
        try await withCatalog { fixture async throws in
            let later = Date(timeIntervalSince1970: 1_730_000_000)
            func dump(_ reference: String, _ updated: Date?) -> CatalogRecord {
                record(.kaggle, reference, title: "Dump") {
                    ($0.description, $0.license, $0.views, $0.downloads) = ("Dump", "dump", 77, 900)
                    ($0.updated, $0.isFinal) = (updated, true)
                }
            }
            try await fixture.write([
                record(.kaggle, "a/older"), record(.kaggle, "a/newer"), record(.kaggle, "a/unknown"),
                record(.kaggle, "a/gaps") { ($0.description, $0.license) = ("", nil) },
            ])
            try await fixture.embed()
            let same = Date(timeIntervalSince1970: 1_710_000_000)
            let counts = try await fixture.write(
                [dump("a/older", same), dump("a/newer", later), dump("a/unknown", nil), dump("a/gaps", same)],
                isAuthoritative: false)
            #expect(counts.updated == 4 && counts.textChanged == 2)
            #expect(
                try await fixture.values(
                    "title || '/' || description || '/' || license || '/' || view_count || '/' || download_count") == [
                        "Title of a/gaps/Dump/dump/77/1000", "Dump/Dump/dump/77/1000",
                        "Title of a/older/About a/older/mit/77/1000", "Title of a/unknown/About a/unknown/mit/77/1000",
                    ])
            #expect(try await fixture.values("embedding IS NULL") == ["true", "true", "false", "false"])
            // Again, there is nothing new.
            let versions = try await fixture.versions()
            try await fixture.write(
                [dump("a/older", same), dump("a/newer", later), dump("a/unknown", nil), dump("a/gaps", same)],
                isAuthoritative: false)
            #expect(try await fixture.versions() == versions)
        }
    }

    @Test("a record that the database refuses costs no other one")
    func badRow() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.database.run(
                "ALTER TABLE datasets ALTER license TYPE varchar(5), ALTER download_count TYPE int")
            let records = (0..<100).map { number in
                record("owner/\(number)") { record in
                    if number == 13 { record.license = "longer than that" }
                    if number == 77 { record.downloads = 1 << 40 }
                }
            }
            let counts = try await fixture.write(records)
            #expect(counts.inserted == 98 && counts.failed == ["22001": 1, "22003": 1])
            #expect(try await fixture.database.number("SELECT count(*) FROM datasets") == 98)
            #expect(
                fixture.log.entries("a record cannot be stored").map { $0.values["reference"] } == [
                    "owner/13", "owner/77",
                ])
        }
    }

    @Test("a table that takes no record at all is no fault of the records")
    func noSuccess() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.database.run("ALTER TABLE datasets ADD ours int NOT NULL")
            await #expect {
                try await fixture.write((0..<100).map { record("owner/\($0)") })
            } throws: { ($0 as? RunFailure)?.reason == .noSuccess }
        }
    }

    @Test("of several records about one dataset, the last one counts")
    func duplicates() async throws {
        try await withCatalog { fixture async throws in
            let counts = try await fixture.write([
                record { $0.license = "first" }, record("x"), record { $0.license = "last" },
            ])
            #expect(counts.inserted == 2)
            #expect(try await fixture.values("license") == ["last", "mit"])
        }
    }

    @Test("two sources may use one name")
    func sources() async throws {
        try await withCatalog { fixture async throws in
            #expect(try await fixture.write([record(.kaggle, "a/b"), record(.huggingFace, "a/b")]).inserted == 2)
            #expect(try await fixture.values("source") == ["huggingface", "kaggle"])
        }
    }
}
