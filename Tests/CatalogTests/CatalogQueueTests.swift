import Catalog
import DatasetTable
import FoundationEssentials
import PostgresTestSupport
import Testing

@Suite("Rows whose text is still to be asked for", .requiresPostgres, .timeLimit(.minutes(30)))
struct CatalogQueueTests {
    /// Makes pending rows as Meta Kaggle does, of which each has more downloads than the one before.
    private func fill(_ fixture: CatalogFixture, _ count: Int) async throws {
        try await fixture.write(
            (0..<count).map { number in
                record(.kaggle, "owner/\(number)") {
                    ($0.description, $0.isFinal, $0.downloads) = (nil, false, Int64(number))
                }
            }, isAuthoritative: false)
    }

    private func claim(_ fixture: CatalogFixture, _ limit: Int) async throws -> [CatalogQueue.Item] {
        try await fixture.withCatalog { try await CatalogQueue($0, of: .kaggle).claim(limit) }
    }

    @Test("are pending until there is a text, and then enriched for good")
    func life() async throws {
        try await withCatalog { fixture async throws in
            try await fill(fixture, 2)
            #expect(try await fixture.values("enrichment_status") == ["pending", "pending"])
            try await fixture.write([record(.kaggle, "owner/0"), record(.kaggle, "owner/1") { $0.description = "" }])
            #expect(
                try await fixture.values("enrichment_status || coalesce(description, '-')") == [
                    "enrichedAbout owner/0", "enriched-",
                ])
            #expect(try await claim(fixture, 10).isEmpty)
            // The dump knows less, which takes nothing back.
            try await fill(fixture, 2)
            #expect(try await fixture.values("enrichment_status") == ["enriched", "enriched"])
        }
    }

    @Test("are taken by one run at a time, the most downloaded first, and due again after a quarter of an hour")
    func claims() async throws {
        try await withCatalog { fixture async throws in
            try await fill(fixture, 10)
            let first = try await claim(fixture, 3)
            #expect(first.map(\.reference) == ["owner/9", "owner/8", "owner/7"])
            let second = try await claim(fixture, 3)
            #expect(second.map(\.reference) == ["owner/6", "owner/5", "owner/4"])
            let due = "round(extract(epoch FROM next_attempt_at - now()) / 60)"
            #expect(
                try await fixture.database.number("SELECT count(*) FROM dataset_fetch WHERE \(due) = 15") == 6)
            try await fixture.withCatalog { try await CatalogQueue($0, of: .kaggle).giveBack(first.dropFirst()) }
            #expect(
                try await claim(fixture, 20).map(\.reference) == [
                    "owner/8", "owner/7", "owner/3", "owner/2", "owner/1", "owner/0",
                ])
        }
    }

    @Test("are shared among runs that come at the same time")
    func concurrent() async throws {
        try await withCatalog { fixture async throws in
            try await fill(fixture, 200)
            let claimed = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<8 { group.addTask { try await claim(fixture, 40).map(\.reference) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(claimed).count == claimed.count)
            let rest = try await claim(fixture, 500).map(\.reference)
            #expect(Set(claimed + rest).count == 200)
        }
    }

    @Test("may have been there before the catalog, with nothing noted about them")
    func unnoted() async throws {
        try await withCatalog { fixture async throws in
            try await fixture.database.run(
                """
                INSERT INTO datasets (title, source, source_ref, enrichment_status) VALUES
                    ('a', 'kaggle', 'o/a', 'pending'), ('b', 'kaggle', 'o/b', 'failed'), ('c', 'kaggle', 'o/c', 'enriched'),
                    ('d', 'kaggle', NULL, 'pending'), ('e', 'huggingface', 'o/e', 'pending')
                """)
            #expect(try await claim(fixture, 10).map(\.reference) == ["o/a", "o/b"])
            #expect(try await claim(fixture, 10).isEmpty)
        }
    }

    @Test("are asked for again later and later, then monthly; a text ends that")
    func failures() async throws {
        try await withCatalog { fixture async throws in
            try await fill(fixture, 1)
            for attempt in 1...10 {
                let item = try #require(try await claim(fixture, 1).first)
                let failure = try await fixture.withCatalog {
                    try await CatalogQueue($0, of: .kaggle).fail(item, code: "503", isMissing: false)
                }
                #expect(failure == (attempt < 8 ? .postponed : .givenUp))
                let hours = try await fixture.database.number(
                    "SELECT extract(epoch FROM next_attempt_at - now()) / 3600 FROM dataset_fetch")
                let most = attempt < 8 ? min(1 << attempt, 168) : 720
                #expect(hours <= most && hours >= most * 3 / 4 - 1, "attempt \(attempt)")
                #expect(try await fixture.values("enrichment_status") == [attempt < 8 ? "pending" : "failed"])
                try await fixture.database.run("UPDATE dataset_fetch SET next_attempt_at = now()")
            }
            #expect(try await fixture.database.texts("SELECT error_code || attempts FROM dataset_fetch") == ["50310"])
            try await fixture.write([record(.kaggle, "owner/0")])
            #expect(try await fixture.values("enrichment_status") == ["enriched"])
            #expect(
                try await fixture.database.texts(
                    "SELECT concat(error_code, attempts, next_attempt_at) FROM dataset_fetch") == ["0"])
        }
    }

    @Test("are gone if they are missing in two visits a day apart, and not before")
    func missing() async throws {
        try await withCatalog { fixture async throws in
            try await fill(fixture, 1)
            func visit() async throws -> CatalogQueue.Failure {
                let item = try #require(try await claim(fixture, 1).first)
                return try await fixture.withCatalog {
                    try await CatalogQueue($0, of: .kaggle).fail(item, code: "404", isMissing: true)
                }
            }
            #expect(try await visit() == .postponed)
            #expect(try await claim(fixture, 1).isEmpty)
            #expect(try await fixture.values("is_active") == ["true"])
            try await fixture.database.run(
                "UPDATE dataset_fetch SET next_attempt_at = now(), missing_since = now() - interval '23 hours'")
            #expect(try await visit() == .postponed)
            try await fixture.database.run(
                "UPDATE dataset_fetch SET next_attempt_at = now(), missing_since = now() - interval '25 hours'")
            #expect(try await visit() == .gone)
            #expect(try await fixture.values("is_active") == ["false"])
            #expect(try await claim(fixture, 1).isEmpty)
            // The dump may be older than that.
            try await fill(fixture, 1)
            #expect(try await fixture.values("is_active || enrichment_status") == ["falsepending"])
            #expect(try await fixture.database.texts("SELECT error_code FROM dataset_fetch") == ["gone"])
            // A listing shows it again.
            try await fixture.write([record(.kaggle, "owner/0") { ($0.description, $0.isFinal) = (nil, false) }])
            #expect(try await fixture.values("is_active || enrichment_status") == ["truepending"])
            #expect(try await fixture.database.texts("SELECT error_code FROM dataset_fetch") == ["NULL"])
        }
    }
}
