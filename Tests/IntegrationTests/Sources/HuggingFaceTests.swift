import Foundation
import HTTPTestSupport
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("catalog-fetch huggingface", .requiresPostgres, .timeLimit(.minutes(30)))
struct HuggingFaceTests {
    private func datasets(_ count: Int, minutesApart: Int = 1) -> [StubDataset] {
        (0..<count).map { StubDataset("owner/name-\($0)", minutesAgo: $0 * minutesApart) }
    }

    @Test("fetches all pages once, and a second run writes nothing")
    func pages() async throws {
        try await withFetchedCatalog { catalog async throws in
            let stub = try stubOfHuggingFace(datasets(30), pageSize: 10)
            let first = try await catalog.run("huggingface", from: stub)
            #expect(first.exitStatus == 0 && first.exitReason == "complete" && first.isComplete == true)
            #expect(first["inserted"] == 30 && first["pages"] == 3 && first["requests"] == 3 && first["items"] == 30)
            #expect(stub.requests.allSatisfy { $0.header("Authorization") == "Bearer \(FetchedCatalog.key)" })
            #expect(stub.requests.allSatisfy { $0.header("User-Agent")?.hasPrefix("catalog-fetch/") == true })
            let versions = try await catalog.versions()
            let second = try await catalog.run("huggingface", from: stub)
            #expect(second["inserted"] == 0 && second["updated"] == 0 && second["unchanged"] == 30)
            #expect(try await catalog.versions() == versions)
            #expect(
                first.keys == [
                    "cleaning", "complete", "deactivated", "errors", "exit_reason", "failed", "inserted", "items",
                    "pages",
                    "requests", "retries", "seconds", "skipped", "source", "text_changed", "unchanged", "updated",
                    "waited_seconds",
                ])
        }
    }

    @Test("is known to the server by its own name")
    func name() async throws {
        try await withFetchedCatalog { catalog async throws in
            try await catalog.database.run(
                "ALTER TABLE datasets ADD writer text DEFAULT pg_catalog.current_setting('application_name')")
            _ = try await catalog.run("huggingface", from: try stubOfHuggingFace(datasets(1), pageSize: 10))
            #expect(try await catalog.database.texts("SELECT writer FROM datasets") == ["catalog-fetch"])
        }
    }

    @Test("goes back to what the last run has seen, however long ago that was, and no further")
    func watermark() async throws {
        try await withFetchedCatalog { catalog async throws in
            // Half a day apart each: a first run goes back a day, which is three of them.
            let all = datasets(20, minutesApart: 720)
            let first = try await catalog.run("huggingface", from: try stubOfHuggingFace(Array(all[6...]), pageSize: 4))
            #expect(first["inserted"] == 0 && first["pages"] == 1)
            let second = try await catalog.run(
                "huggingface", "--days-back", "4", from: try stubOfHuggingFace(Array(all[6...]), pageSize: 4))
            #expect(second["inserted"] == 2 && second.isComplete == true)
            // Three days later, with a day's worth asked for.
            let third = try await catalog.run("huggingface", from: try stubOfHuggingFace(all, pageSize: 4))
            #expect(third["inserted"] == 6 && third["unchanged"] == 1 && third["pages"] == 2)
        }
    }

    @Test("loses nothing when the limit comes first: the next run goes on there, then begins anew")
    func limit() async throws {
        try await withFetchedCatalog { catalog async throws in
            let all = datasets(60)
            let first = try await catalog.run(
                "huggingface", "--limit", "10", from: try stubOfHuggingFace(Array(all[50...]), pageSize: 10))
            #expect(first["inserted"] == 10)
            // Fifty are new by now.
            let stub = try stubOfHuggingFace(all, pageSize: 10)
            let second = try await catalog.run("huggingface", "--limit", "20", from: stub)
            #expect(second.exitReason == "limit" && second["inserted"] == 20 && second.isComplete == false)
            #expect(second.log.contains("raise --limit"))
            let third = try await catalog.run("huggingface", "--limit", "20", from: stub)
            #expect(third.exitReason == "limit" && third["inserted"] == 20)
            let fourth = try await catalog.run("huggingface", from: stub)
            #expect(fourth.exitReason == "complete" && fourth["inserted"] == 10)
            #expect(try await catalog.database.number("SELECT count(*) FROM datasets") == 60)
        }
    }

    @Test("begins anew if the source has forgotten the page where the last run ended")
    func forgotten() async throws {
        try await withFetchedCatalog { catalog async throws in
            let all = datasets(30)
            _ = try await catalog.run("huggingface", from: try stubOfHuggingFace(Array(all[29...]), pageSize: 10))
            let cut = try stubOfHuggingFace(all, pageSize: 10) { $0.number < 3 ? nil : .status(503) }
            let ended = try await catalog.run("huggingface", "--max-runtime", "1", from: cut)
            #expect(ended.exitStatus == 75 && ended["inserted"] == 20)
            let forgetful = try stubOfHuggingFace(all, pageSize: 10) { request in
                request.number == 1 ? .json(#"{"error":"Invalid cursor"}"#, status: 400) : nil
            }
            let last = try await catalog.run("huggingface", from: forgetful)
            #expect(last.exitReason == "complete" && last["inserted"] == 9 && last["unchanged"] == 21)
        }
    }

    @Test("an item that moves between pages, or comes twice, has one row")
    func moving() async throws {
        try await withFetchedCatalog { catalog async throws in
            let all = datasets(20)
            let moving = Array(all[..<10]) + Array(all[5..<15]) + Array(all[10...])
            let run = try await catalog.run("huggingface", from: try stubOfHuggingFace(moving, pageSize: 10))
            #expect(run["inserted"] == 20 && run["failed"] == 0)
            #expect(try await catalog.database.number("SELECT count(*) FROM datasets") == 20)
        }
    }

    @Test("a full listing takes out of service what it does not show, if it began in this run")
    func full() async throws {
        try await withFetchedCatalog { catalog async throws in
            let all = datasets(40, minutesApart: 5000)
            let first = try await catalog.run("huggingface", "--full", from: try stubOfHuggingFace(all, pageSize: 10))
            #expect(first["inserted"] == 40 && first["deactivated"] == 0)
            try await catalog.database.run("UPDATE dataset_fetch SET last_seen_at = now() - interval '1 day'")
            let without = all.filter { $0.reference != "owner/name-17" }
            let part = try await catalog.run(
                "huggingface", "--full", "--limit", "30", from: try stubOfHuggingFace(all, pageSize: 10))
            #expect(part.exitReason == "limit" && part.isComplete == false && part["deactivated"] == 0)
            let other = try await catalog.run("huggingface", "--full", from: try stubOfHuggingFace(all, pageSize: 10))
            #expect(other["items"] == 10 && other.isComplete == true && other["deactivated"] == 0)
            // One that goes on where another has ended does not know what the other has seen.
            let cut = try stubOfHuggingFace(without, pageSize: 10) { $0.number < 3 ? nil : .status(503) }
            #expect(try await catalog.run("huggingface", "--full", "--max-runtime", "1", from: cut).exitStatus == 75)
            let rest = try await catalog.run(
                "huggingface", "--full", from: try stubOfHuggingFace(without, pageSize: 10))
            #expect(rest["items"] == 19 && rest["deactivated"] == 0 && rest.isComplete == true)
            let again = try await catalog.run(
                "huggingface", "--full", from: try stubOfHuggingFace(without, pageSize: 10))
            #expect(again["deactivated"] == 1)
            #expect(
                try await catalog.database.texts("SELECT source_ref FROM datasets WHERE NOT is_active") == [
                    "owner/name-17"
                ])
            let back = try await catalog.run("huggingface", "--full", from: try stubOfHuggingFace(all, pageSize: 10))
            #expect(back["updated"] == 1)
            #expect(try await catalog.database.number("SELECT count(*) FROM datasets WHERE is_active") == 40)
            // Half a catalog is no catalog.
            let half = try await catalog.run(
                "huggingface", "--full", from: try stubOfHuggingFace(Array(all[20...]), pageSize: 10))
            #expect(half.exitStatus == 65 && half.exitReason == "too_many_changes")
        }
    }

    @Test("bad items are counted, and a page of them ends the run")
    func badItems() async throws {
        try await withFetchedCatalog { catalog async throws in
            let good = datasets(20).map(\.huggingFace)
            func page(_ bad: [String]) throws -> SourceStub {
                try SourceStub { _ in .json("[" + (bad + good.dropLast(bad.count)).joined(separator: ",") + "]") }
            }
            let bad = [#"{"no":"id"}"#, "7", #"{"id":"../etc"}"#, #"{"id":"a/b/c"}"#]
            let run = try await catalog.run("huggingface", from: try page(bad))
            #expect(run.exitStatus == 0 && run["inserted"] == 16 && run["skipped"] == 4)
            #expect(run.errors == ["item_without_id": 1, "item_malformed": 1, "id": 2])
            let changed = try await catalog.run("huggingface", from: try page(bad + [#"{"id":null}"#]))
            #expect(changed.exitStatus == 65 && changed.exitReason == "source")
            #expect(changed.log.contains("catalog-fetch record"))
        }
    }

    @Test("an item that no decoder takes costs only itself, and pages without items are no listing")
    func strangeItems() async throws {
        try await withFetchedCatalog { catalog async throws in
            let deep = String(repeating: "[", count: 600) + String(repeating: "]", count: 600)
            let items =
                datasets(30).map(\.huggingFace) + [#"{"id":"a/b","x":NaN}"#, #"{"id":"a/c","cardData":\#(deep)}"#]
            let run = try await catalog.run(
                "huggingface", from: try SourceStub { _ in .json("[\(items.joined(separator: ","))]") })
            #expect(run.exitStatus == 0 && run["inserted"] == 30 && run["skipped"] == 2, "\(run.log)")
            let empty = try SourceStub { .json("[]", [("Link", "</api/datasets?cursor=\($0.number)>; rel=\"next\"")]) }
            let endless = try await catalog.run("huggingface", from: empty)
            #expect(endless.exitStatus == 65 && endless["pages"] == 3, "\(endless.log)")
        }
    }

    @Test("a changed description is embedded anew by the next run, a changed count touches no vector")
    func embedding() async throws {
        try await withFetchedCatalog { catalog async throws in
            var all = datasets(12)
            _ = try await catalog.run("huggingface", from: try stubOfHuggingFace(all, pageSize: 10))
            let drained = try await catalog.datasets.run()
            #expect(drained.output.contains("\"processed\":12,"))
            let before = try await catalog.values("embedding")
            (all[3].description, all[5].downloads) = ("A new text", 10_000)
            let run = try await catalog.run("huggingface", from: try stubOfHuggingFace(all, pageSize: 10))
            #expect(run["updated"] == 2 && run["text_changed"] == 1)
            #expect(try await catalog.values("embedding IS NULL").filter { $0 == "true" }.count == 1)
            #expect(try await catalog.datasets.run().output.contains("\"processed\":1,"))
            let after = try await catalog.values("embedding")
            #expect(zip(before, after).filter { $0 != $1 }.count == 1)
            #expect(try await catalog.datasets.run(["verify"]).exitStatus == 0)
        }
    }

    @Test("a thousand pages are fetched in little memory")
    func manyPages() async throws {
        try await withFetchedCatalog { catalog async throws in
            let template = #"{"id":"o/name","description":"About it","lastModified":"2026-01-02T03:04:05Z","likes":3}"#
            let stub = try SourceStub { request in
                let page = Int(request.parameter("cursor") ?? "0") ?? 0
                let items = (0..<100).map { template.replacing("o/name", with: "o/\(page)-\($0)") }
                let link = page < 999 ? [("Link", "</api/datasets?cursor=\(page + 1)>; rel=\"next\"")] : []
                return .json("[" + items.joined(separator: ",") + "]", link)
            }
            let process = try catalog.fetch.start(["huggingface", "--full"], environment: catalog.environment(stub))
            var peak = 0
            while process.isRunning {
                let status =
                    (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
                peak = status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.output.1) } ?? peak
                try await Task.sleep(for: .milliseconds(20))
            }
            let outcome = try FetchOutcome(try await process.outcome())
            #expect(outcome["inserted"] == 100_000 && outcome["pages"] == 1000 && outcome.isComplete == true)
            #expect(peak > 0 && peak < 150_000, "\(peak) kB")
        }
    }
}
