import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// What the routes of a service answer, to what they can make sense of and to what they cannot.
@Suite("catalog-server", .requiresPostgres, .timeLimit(.minutes(30)))
struct RouteTests {
    @Test(
        "answers the original's example with the original's fields, and takes a task that waits already for the same one"
    )
    func trigger() async throws {
        try await withServedCatalog { server in
            let first = try await server.queue(#"{"batch_size": 100}"#)
            #expect(first.status == 202)
            let answer = try first.object
            let id = try #require(answer["task_id"] as? String)
            #expect(answer["task_name"] as? String == "enrich.generate_embeddings")
            #expect(answer["status"] as? String == "queued" && answer["deduplicated"] as? Bool == false)
            #expect(answer["message"] as? String == "Task queued with ID: \(id)")
            #expect(first.headers["location"] == "/api/tasks/\(id)")
            // Without a body it is the same task.
            let second = try await server.queue()
            #expect(second.status == 202)
            #expect(try second.object["task_id"] as? String == id && second.object["deduplicated"] as? Bool == true)

            let task = try await server.send("/api/tasks/\(id)")
            #expect(task.status == 200)
            #expect(try task.object["state"] as? String == "queued" && task.object["attempt"] as? Int == 0)
            for (path, count) in [("/api/tasks", 1), ("/api/tasks/scheduled", 1), ("/api/tasks/active", 0)] {
                let list = try await server.send(path)
                #expect(try (list.object["tasks"] as? [[String: Any]])?.count == count, "\(path): \(list.text)")
            }
            let registered = try await server.send("/api/tasks/registered")
            #expect(registered.text == #"{"tasks":["enrich.generate_embeddings"]}"#)

            #expect(try await server.send("/api/tasks/\(id)", "DELETE").status == 202)
            #expect(try await server.send("/api/tasks/\(id)", "DELETE").status == 409)
            #expect(try await server.send("/api/tasks/\(id)").object["state"] as? String == "cancelled")
        }
    }

    @Test("lists tasks page by page")
    func pages() async throws {
        try await withServedCatalog { server in
            for limit in 1...5 { #expect(try await server.queue(#"{"limit": \#(limit)}"#).status == 202) }
            var (cursor, seen): (String?, [String]) = (nil, [])
            repeat {
                let page = try await server.send("/api/tasks?limit=2" + (cursor.map { "&cursor=\($0)" } ?? "")).object
                seen += try #require(page["tasks"] as? [[String: Any]]).compactMap { $0["task_id"] as? String }
                cursor = page["next_cursor"] as? String
            } while cursor != nil
            #expect(seen.count == 5 && Set(seen).count == 5)
        }
    }

    @Test("searches, page by page, with what a catalog shows of each row")
    func search() async throws {
        try await withServedCatalog { server in
            let answer = try await server.send("/api/search?q=sea+ice&limit=2&explain=true").object
            let items = try #require(answer["items"] as? [[String: Any]])
            #expect(items.count == 2 && items[0]["title"] as? String == "sea ice")
            #expect(
                items[0]["source_name"] as? String == "noaa"
                    && items[0]["description"] as? String == "the ice of the sea")
            #expect((items[0]["created_at"] as? String)?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
            #expect(items[0]["explain"] is [String: Any] && items[0]["parts"] is [String: Any])
            #expect(answer["model"] as? String == "calibrated" && answer["keyword"] as? Bool == true)
            #expect(answer["complete"] as? Bool == false)
            let cursor = try #require(answer["next_cursor"] as? String)
            let next = try await server.send("/api/search?q=sea+ice&limit=2&cursor=\(cursor)").object
            let more = try #require(next["items"] as? [[String: Any]])
            #expect(more.count == 2 && next["complete"] as? Bool == true && next["next_cursor"] is NSNull)
            #expect(Set((items + more).compactMap { $0["id"] as? Int }).count == 4)
            #expect(try await server.send("/api/search?q=other&cursor=\(cursor)").status == 400)

            let noaa = try await server.send("/api/search?q=rain&source=noaa").object
            #expect((noaa["items"] as? [[String: Any]])?.allSatisfy { $0["source_name"] as? String == "noaa" } == true)
            let id = try #require(items[0]["id"] as? Int)
            let row = try await server.send("/api/datasets/\(id)").object
            #expect(row["title"] as? String == "sea ice" && row["is_ready_for_search"] as? Bool == true)
            #expect(row["enrichment_status"] as? String == "enriched" && row["is_active"] as? Bool == true)
        }
    }

    @Test("links to nothing but the web")
    func links() async throws {
        let rows = "('sea ice', 'a', 'javascript'), ('sea rain', 'b', 'https')"
        try await withServedCatalog(rows: rows) { server in
            try await server.datasets.database.run(
                """
                UPDATE datasets SET source_url = CASE source WHEN 'https' THEN 'https://example.org/x?a=1&b="2"'
                    ELSE 'javascript:alert(1)' END
                """)
            let items = try #require(
                try await server.send("/api/search?q=sea").object["items"] as? [[String: Any]])
            let links = Dictionary(
                uniqueKeysWithValues: items.map { ($0["source_name"] as? String, $0["url"] as? String) })
            #expect(links["javascript"] == .some(nil) && links["https"] == #"https://example.org/x?a=1&b="2""#)
            // A plus is a blank, as forms write it.
            #expect(try await server.send("/?q=sea+rain").text.contains(#"value="sea rain""#))
            let page = try await server.send("/?q=sea")
            #expect(!page.text.contains("javascript:alert"))
            #expect(page.text.contains(#"href="https://example.org/x?a=1&amp;b=&quot;2&quot;""#))
        }
    }

    @Test("shows what rows say as text, never as markup")
    func markup() async throws {
        let rows = #"('<script>alert(1)</script> sea', '<img src=x onerror=alert(2)> ice', '<b>bold</b>')"#
        try await withServedCatalog(rows: rows) { server in
            let page = try await server.send("/?q=sea%3Cscript%3E&explain=true")
            #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
            for tag in ["<script", "<img", "<b>"] { #expect(!page.text.contains(tag), "\(tag)") }
            #expect(page.text.contains("&lt;script&gt;"))
            #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        }
    }

    private static let refusals: [(method: String, path: String, body: String?, status: Int)] = [
        ("GET", "/nothing", nil, 404), ("GET", "/api/nothing", nil, 404), ("PUT", "/api/search", nil, 405),
        ("POST", "/", nil, 405), ("DELETE", "/api/tasks", nil, 405),
        ("GET", "/api/tasks/generate-embeddings", nil, 405),
        ("GET", "/api/search", nil, 400), ("GET", "/api/search?q=", nil, 400), ("GET", "/api/search?q=%FF", nil, 400),
        ("GET", "/api/search?q=a%00b", nil, 400),
        ("GET", "/api/search?q=a&q=b", nil, 400), ("GET", "/api/search?q=a&sauce=b", nil, 400),
        ("GET", "/api/search?q=a&limit=0", nil, 400), ("GET", "/api/search?q=a&limit=51", nil, 400),
        ("GET", "/api/search?q=a&limit=-1", nil, 400), ("GET", "/api/search?q=a&since=yesterday", nil, 400),
        ("GET", "/api/search?q=a&since=2026-02-30", nil, 400), ("GET", "/api/search?q=a&explain=perhaps", nil, 400),
        ("GET", "/api/search?q=-ice", nil, 400), ("GET", "/api/search?q=a&cursor=400-0000", nil, 400),
        ("GET", "/api/search?q=" + String(repeating: "a", count: 201), nil, 400),
        ("GET", "/api/datasets/99999", nil, 404), ("GET", "/api/datasets/one", nil, 404),
        ("GET", "/api/datasets/99999999999999999999999", nil, 404),
        ("GET", "/api/tasks/no-uuid", nil, 404), ("GET", "/api/tasks/00000000-0000-0000-0000-000000000000", nil, 404),
        ("DELETE", "/api/tasks/00000000-0000-0000-0000-000000000000", nil, 404),
        ("GET", "/api/tasks?state=done", nil, 400), ("GET", "/api/tasks?limit=101", nil, 400),
        ("POST", "/api/tasks/generate-embeddings", #"{"batch_size": 0}"#, 400),
        ("POST", "/api/tasks/generate-embeddings", #"{"batch_size": 1001}"#, 400),
        ("POST", "/api/tasks/generate-embeddings", #"{"batch_size": "100"}"#, 400),
        ("POST", "/api/tasks/generate-embeddings", #"{"batchsize": 100}"#, 400),
        ("POST", "/api/tasks/generate-embeddings", #"{"limit": 1.5}"#, 400),
        ("POST", "/api/tasks/generate-embeddings", "[]", 400), ("POST", "/api/tasks/generate-embeddings", "{", 400),
        (
            "POST", "/api/tasks/generate-embeddings",
            #"{"limit": 1"# + String(repeating: " ", count: 17_000) + "}", 413
        ),
    ]

    @Test("refuses what makes no sense, with a problem document that tells nothing of its inside")
    func refusals() async throws {
        try await withServedCatalog { server in
            for (method, path, body, status) in Self.refusals {
                let answer = try await server.send(
                    path, method, body: body, headers: body == nil ? [:] : ["Content-Type": "application/json"])
                #expect(answer.status == status, "\(method) \(path): \(answer.text)")
                #expect(answer.headers["content-type"] == "application/problem+json", "\(method) \(path)")
                let problem = try answer.object
                #expect(problem["status"] as? Int == status && problem["type"] as? String == "about:blank")
                #expect((problem["detail"] as? String)?.isEmpty == false && problem["title"] is String)
                for inside in ["SELECT", "postgres", "127.0.0.1", "/work", ".swift", "libpq"] {
                    #expect(!answer.text.contains(inside), "\(inside) in \(answer.text)")
                }
                if status == 405 { #expect(answer.headers["allow"]?.isEmpty == false, "\(method) \(path)") }
            }
            let type = try await server.send("/api/tasks/generate-embeddings", "POST", body: "{}")
            #expect(type.status == 415)
        }
    }
}
