import ComputeTestSupport
import Foundation
import FoundationNetworking
import JobTestSupport
import PostgresTestSupport
import Testing

/// A `catalog-server` over a table with a few rows, on a port of its own.
struct ServedCatalog: Sendable {
    let searchable: Searchable
    let process: RunningJob
    let port: Int

    var datasets: Datasets { searchable.datasets }

    /// What a request got.
    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: Data

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The body as an object of JSON.
        var object: [String: Any] {
            get throws { try #require(JSONSerialization.jsonObject(with: body) as? [String: Any], "\(text)") }
        }
    }

    /// Sends a request and waits for its answer; redirects are not followed, and nothing is cached.
    func send(
        _ path: String, _ method: String = "GET", body: String? = nil, headers: [String: String] = [:], port: Int? = nil
    ) async throws -> Answer {
        let url = try #require(URL(string: "http://127.0.0.1:\(port ?? self.port)\(path)"))
        var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: 60)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        let answer = try #require(response as? HTTPURLResponse)
        let fields = answer.allHeaderFields.compactMap { name, value in
            (name as? String).map { ($0.lowercased(), "\(value)") }
        }
        return Answer(status: answer.statusCode, headers: Dictionary(fields) { first, _ in first }, body: data)
    }

    /// Queues a task with JSON as the body.
    func queue(_ json: String? = nil, headers: [String: String] = [:]) async throws -> Answer {
        let type = json == nil ? [:] : ["Content-Type": "application/json"]
        return try await send(
            "/api/tasks/generate-embeddings", "POST", body: json, headers: type.merging(headers) { $1 })
    }

    /// Tells the server to stop, and waits until it has.
    func stop() async throws -> BuiltExecutable.Outcome {
        process.send(SIGTERM)
        return try await process.outcome()
    }
}

/// Serves a table that can be searched, hands the server to the body, and ends it.
///
/// - Parameters:
///   - arguments: Further options of the server.
///   - hasBoard: Whether there is a board of tasks.
///   - isPooled: Whether the server reaches its database through pgbouncer.
///   - rows: What an INSERT of titles, descriptions and sources says after VALUES.
///   - environment: Variables besides those of database and model.
func withServedCatalog(
    _ arguments: [String] = [], hasBoard: Bool = true, isPooled: Bool = false, rows: String = Searchable.weather,
    environment: [String: String] = [:], _ body: (ServedCatalog) async throws -> Void
) async throws {
    try await withSearchable(rows) { searchable in
        if hasBoard {
            let schema = try await searchable.datasets.run(
                ["schema", "--tasks", "--apply", "--model", searchable.model])
            #expect(schema.exitStatus == 0, "\(schema.standardError)")
        }
        let server = try BuiltExecutable("catalog-server")
        let process = try server.start(
            ["--port", "0"] + arguments,
            environment: environment.merging(
                [
                    "DATABASE_URL": try isPooled
                        ? Pgbouncer.url(of: searchable.database) : searchable.database.url,
                    "EMBEDDING_MODEL": searchable.model,
                ]) { own, _ in own })
        try await process.waitUntil(logged: "\"message\":\"listening\"")
        let port = try #require(try process.port(of: "listening"))
        try await body(ServedCatalog(searchable: searchable, process: process, port: port))
        withExtendedLifetime(server) {}
    }
}

extension RunningJob {
    /// The port that the server says it listens on.
    func port(of message: String) throws -> Int? {
        let records = try standardError.split(separator: "\n").map {
            try JSONDecoder().decode([String: String].self, from: Data($0.utf8))
        }
        return records.first { $0["message"] == message }?["port"].flatMap { Int($0) }
    }
}
