import Foundation
import Glibc
import HTTPTestSupport
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("catalog-fetch kaggle-latest and kaggle-enrich", .requiresPostgres, .timeLimit(.minutes(30)))
struct KaggleTests {
    private func datasets(_ count: Int, minutesApart: Int = 1) -> [StubDataset] {
        (0..<count).map { StubDataset("owner/name-\($0)", minutesAgo: $0 * minutesApart) }
    }

    private func views(_ stub: SourceStub) -> Int { stub.requests.count { $0.path.contains("/view/") } }

    @Test("asks for what is new, and later for what has changed, and for nothing else")
    func latest() async throws {
        try await withFetchedCatalog { catalog async throws in
            var all = datasets(50)
            let stub = try stubOfKaggle(all)
            let first = try await catalog.run("kaggle-latest", "--limit", "50", from: stub)
            #expect(first.exitStatus == 0 && first["inserted"] == 50 && views(stub) == 50)
            #expect(
                try await catalog.values("enrichment_status || ' ' || description").last
                    == "enriched About owner/name-9")
            let basic = Data("somebody:\(FetchedCatalog.key)".utf8).base64EncodedString()
            #expect(stub.requests.allSatisfy { $0.header("Authorization") == "Basic \(basic)" })
            let versions = try await catalog.versions()
            let quiet = try stubOfKaggle(all)
            #expect(try await catalog.run("kaggle-latest", from: quiet)["updated"] == 0)
            #expect(views(quiet) == 0)
            #expect(try await catalog.versions() == versions)
            all.insert(StubDataset("owner/new"), at: 0)
            all[30].description = "Another text"
            all[30].minutesAgo = -1
            all.insert(all.remove(at: 30), at: 0)
            let third = try await catalog.run("kaggle-latest", from: try stubOfKaggle(all))
            #expect(third["inserted"] == 1 && third["updated"] == 1 && third["text_changed"] == 1)
        }
    }

    @Test("one that cannot be had waits for kaggle-enrich, which goes by the number of downloads")
    func enrich() async throws {
        try await withFetchedCatalog { catalog async throws in
            var all = datasets(20)
            for index in all.indices { all[index].downloads = 10 * index }
            let failing = try stubOfKaggle(all) {
                $0.path.hasSuffix("5") ? .json(#"{"message":"gone for now"}"#, status: 404) : nil
            }
            let first = try await catalog.run("kaggle-latest", from: failing)
            #expect(first["inserted"] == 20 && first["skipped"] == 2 && first.errors == ["404": 2])
            let pending = "SELECT source_ref FROM datasets WHERE enrichment_status = 'pending' ORDER BY 1"
            #expect(try await catalog.database.texts(pending) == ["owner/name-15", "owner/name-5"])
            let stub = try stubOfKaggle(all)
            let one = try await catalog.run("kaggle-enrich", "--limit", "1", from: stub)
            #expect(one.exitReason == "limit" && one["updated"] == 1)
            #expect(stub.requests.map(\.path) == ["/api/v1/datasets/view/owner/name-15"])
            let rest = try await catalog.run("kaggle-enrich", from: stub)
            #expect(rest.exitReason == "complete" && rest["updated"] == 1)
            #expect(try await catalog.database.texts(pending).isEmpty)
        }
    }

    @Test("what is missing on two days goes out of service, what fails is postponed, and nothing else is touched")
    func missing() async throws {
        try await withFetchedCatalog { catalog async throws in
            try await catalog.database.run(
                """
                INSERT INTO datasets (title, source, source_ref, enrichment_status, download_count) VALUES
                    ('a', 'kaggle', 'o/missing', 'pending', 1), ('b', 'kaggle', 'o/broken', 'pending', 2),
                    ('c', 'kaggle', 'o/fine', 'pending', 3)
                """)
            let stub = try stubOfKaggle([StubDataset("o/fine")]) { request in
                request.path.hasSuffix("broken") ? .json(#"{"ref":"o/broken"}"#) : nil
            }
            let first = try await catalog.run("kaggle-enrich", from: stub)
            #expect(first["updated"] == 1 && first["skipped"] == 2 && first["deactivated"] == 0)
            #expect(first.errors == ["404": 1, "item_without_title": 1])
            #expect(try await catalog.values("is_active") == ["true", "true", "true"])
            #expect(try await catalog.run("kaggle-enrich", from: stub)["items"] == 0)
            try await catalog.database.run(
                "UPDATE dataset_fetch SET next_attempt_at = now(), missing_since = missing_since - interval '1 day' WHERE next_attempt_at > now()"
            )
            let second = try await catalog.run("kaggle-enrich", from: stub)
            #expect(second["deactivated"] == 1 && second["skipped"] == 2)
            #expect(
                try await catalog.values("source_ref || ' ' || is_active || ' ' || enrichment_status")
                    == ["o/broken true pending", "o/fine true enriched", "o/missing false pending"])
        }
    }

    @Test(
        "one that always fails costs no other one its turn", arguments: ["500", "page", "elsewhere", "endless", "deep"])
    func poison(kind: String) async throws {
        try await withFetchedCatalog { catalog async throws in
            try await catalog.database.run(
                """
                INSERT INTO datasets (title, source, source_ref, enrichment_status, download_count) VALUES
                    ('a', 'kaggle', 'o/poison', 'pending', 9), ('b', 'kaggle', 'o/fine', 'pending', 1)
                """)
            let deep = String(repeating: "[", count: 600) + String(repeating: "]", count: 600)
            let stub = try stubOfKaggle([StubDataset("o/fine")]) { request in
                guard request.path.hasSuffix("poison") else { return nil }
                return switch kind {
                case "page": .html("<html>no</html>")
                case "elsewhere": .status(302, [("Location", "https://example.org/")])
                case "endless": .status(302, [("Location", request.target)])
                case "deep": .json("{\"x\":\(deep)}", status: 404)
                default: .json(#"{"ref":"o/poison","error":{"code":404,"message":"no"}}"#)
                }
            }
            let run = try await catalog.run("kaggle-enrich", from: stub)
            #expect(run.exitStatus == 0 && run["updated"] == 1 && run["skipped"] == 1, "\(run.log)")
            #expect(
                try await catalog.database.texts("SELECT attempts FROM dataset_fetch ORDER BY dataset_id") == [
                    "1", "0",
                ])
        }
    }

    @Test("a path that has moved, or a key that is wrong, takes nothing out of service", arguments: [401, 403, 404])
    func moved(status: Int) async throws {
        try await withFetchedCatalog { catalog async throws in
            try await catalog.database.run(
                "INSERT INTO datasets (title, source, source_ref, enrichment_status) SELECT i, 'kaggle', 'o/' || i, 'pending' FROM generate_series(1, 12) i"
            )
            for _ in 1...2 {
                let run = try await catalog.run(
                    "kaggle-enrich", from: try SourceStub { _ in .json("{}", status: status) })
                #expect(run.exitStatus == (status == 401 ? 78 : 0) && run["deactivated"] == 0, "\(run.log)")
                try await catalog.database.run(
                    "UPDATE dataset_fetch SET next_attempt_at = now(), missing_since = missing_since - interval '2 days'"
                )
            }
            #expect(try await catalog.database.number("SELECT count(*) FROM datasets WHERE NOT is_active") == 0)
        }
    }

    @Test("a dataset that answers under another name keeps its row, unless the name has one")
    func renamed() async throws {
        try await withFetchedCatalog { catalog async throws in
            try await catalog.database.run(
                """
                INSERT INTO datasets (title, source, source_ref, enrichment_status) VALUES
                    ('a', 'kaggle', 'o/old', 'pending'), ('b', 'kaggle', 'o/older', 'pending')
                """)
            let stub = try stubOfKaggle([StubDataset("o/new")]) { request in
                request.path.contains("/view/o/old")
                    ? .status(301, [("Location", "/api/v1/datasets/view/o/new")]) : nil
            }
            let first = try await catalog.run("kaggle-enrich", from: stub)
            #expect(
                first["updated"] == 1 && first["inserted"] == 0 && first["unchanged"] == 1 && stub.requests.count == 4)
            let rows = "title || ' ' || is_active || ' ' || enrichment_status || ' ' || source_ref"
            #expect(
                try await catalog.values(rows)
                    == ["Title of o/new true enriched o/new", "b true pending o/older"])
            try await catalog.database.run(
                "UPDATE dataset_fetch SET next_attempt_at = now(), missing_since = missing_since - interval '1 day' WHERE missing_since IS NOT NULL"
            )
            #expect(try await catalog.run("kaggle-enrich", from: stub)["deactivated"] == 1)
            #expect(try await catalog.values("is_active") == ["true", "false"])
        }
    }

    @Test("gives back what it has not asked for when it is stopped")
    func stopped() async throws {
        try await withFetchedCatalog { catalog async throws in
            try await catalog.database.run(
                "INSERT INTO datasets (title, source, source_ref, enrichment_status) SELECT i, 'kaggle', 'o/' || i, 'pending' FROM generate_series(1, 30) i"
            )
            let gate = try StubGate()
            let stub = try stubOfKaggle((1...30).map { StubDataset("o/\($0)") }) { request in
                request.number == 4 ? .silent(until: gate, then: .json("{}")) : nil
            }
            let run = try catalog.fetch.start(["kaggle-enrich"], environment: catalog.environment(stub))
            while stub.requests.count < 4 { await Task.yield() }
            run.send(SIGTERM)
            let outcome = try FetchOutcome(try await run.outcome())
            gate.open()
            #expect(outcome.exitStatus == 143 && outcome.exitReason == "signal" && outcome["updated"] == 3)
            let rest = try await catalog.run(
                "kaggle-enrich", from: try stubOfKaggle((1...30).map { StubDataset("o/\($0)") }))
            #expect(rest["updated"] == 27)
        }
    }
}
