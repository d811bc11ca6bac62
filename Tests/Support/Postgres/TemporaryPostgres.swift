public import Postgres
public import Testing

internal import Foundation

/// The PostgreSQL server that tests may create databases on.
///
/// `Scripts/test` starts a private one and exports its URL. Any other server will do, if the URL's role is a
/// superuser, logs in by password, and pgvector is available.
public enum TemporaryPostgres {
    /// The environment variable that holds the superuser's URL.
    static let environmentVariable = "EMBEDDING_TEST_DATABASE_URL"

    /// The superuser's URL, nil if there is no server.
    public static var url: String? {
        ProcessInfo.processInfo.environment[environmentVariable].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test, visibly, where no server is at hand.
    public static var requiresPostgres: Self {
        .enabled(if: TemporaryPostgres.url != nil, "run Scripts/test, or set EMBEDDING_TEST_DATABASE_URL")
    }
}

/// An empty database with pgvector, for one test.
public struct TemporaryDatabase: Sendable {
    /// The superuser's URL of this database.
    public let url: String
    /// The name of the database.
    public let name: String

    private let serverURL: String

    /// Creates a database with a name of its own and pgvector in it.
    ///
    /// - Parameters:
    ///   - server: Another server than the shared one.
    ///   - encoding: Its encoding; `nil` for the server's default.
    public static func create(
        on server: PrivateServer? = nil, encoding: String? = nil
    ) async throws -> TemporaryDatabase {
        let serverURL = try #require(
            server?.url ?? TemporaryPostgres.url, "run Scripts/test, or set EMBEDDING_TEST_DATABASE_URL")
        let name = "test_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        var components = try #require(URLComponents(string: serverURL), "the test database's URL is malformed")
        components.path = "/" + name
        let database = TemporaryDatabase(
            url: try #require(components.string), name: name, serverURL: serverURL)
        let options = encoding.map { " ENCODING '\($0)' LOCALE 'C' TEMPLATE template0" } ?? ""
        try await run("CREATE DATABASE \(name)\(options)", at: serverURL)
        do {
            try await database.run("CREATE EXTENSION vector")
        } catch {
            try await database.drop()
            throw error
        }
        return database
    }

    /// The same database on private servers of which one follows the other: a connection is to the first that takes writes.
    public func replicated(on servers: PrivateServer...) -> TemporaryDatabase {
        let folders = servers.map(\.folder.path).joined(separator: ",")
        func url(_ name: String) -> String { "postgresql://postgres@localhost/\(name)?host=\(folders)" }
        return TemporaryDatabase(url: url(name), name: name, serverURL: url("postgres"))
    }

    /// Drops the database, ending the connections that are left.
    public func drop() async throws {
        try await Self.run("DROP DATABASE \(name) WITH (FORCE)", at: serverURL)
    }

    /// Runs SQL in the database on a connection of its own: one statement or several, separated by semicolons.
    public func run(_ sql: String) async throws {
        try await Self.run(sql, at: url)
    }

    /// Runs one statement in the database on a connection of its own and returns its rows.
    public func query(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> PostgresResult {
        try await Self.withSession(at: url) { session in
            try await session.execute(
                PostgresStatement(name: "test query", sql: sql), parameters, timeout: Self.patience)
        }
    }

    /// Connects to the database.
    public func connect(applicationName: String = "tests") async throws -> PostgresSession {
        try await PostgresSession.connect(to: url, applicationName: applicationName)
    }

    /// The URL of this database for another role.
    public func url(user: String, password: String) throws -> String {
        var components = try #require(URLComponents(string: url))
        components.user = user
        components.password = password
        return try #require(components.string)
    }

    /// Waits until a condition holds.
    public func wait(until condition: String) async throws {
        let statement = PostgresStatement(name: "test condition", sql: "SELECT (\(condition))::int")
        try await Self.withSession(at: url) { session in
            while try await session.execute(statement).first?.int32(0) != 1 { try Task.checkCancellation() }
        }
    }

    /// Makes a role that may log in, hands its name and connection string to the body and drops it.
    public func withRole(
        password: String = "secret", _ body: (_ role: String, _ url: String) async throws -> Void
    ) async throws {
        let role = "role_\(name)"
        try await run("CREATE ROLE \(role) LOGIN PASSWORD '\(password)'")
        do {
            try await body(role, try url(user: role, password: password))
        } catch {
            try await run("DROP OWNED BY \(role); DROP ROLE \(role)")
            throw error
        }
        try await run("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    /// What makes and fills a table of a hundred thousand rows takes longer than a job's statement may where many tests run.
    private static let patience = Duration.seconds(600)

    private static func run(_ sql: String, at url: String) async throws {
        try await withSession(at: url) { session in
            try await session.executeScript(PostgresStatement(name: "test script", sql: sql), timeout: patience)
        }
    }

    /// Closes the connection even if the body throws.
    private static func withSession<Result: Sendable>(
        at url: String, _ body: (PostgresSession) async throws -> Result
    ) async throws -> Result {
        let session = try await PostgresSession.connect(to: url, applicationName: "test set-up")
        do {
            let result = try await body(session)
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }
}

/// Creates a database, hands it to the body and drops it, whether or not the body throws.
///
/// Only so many exist at a time, because tests run in parallel and a server has a limited number of connections.
public func withTemporaryDatabase(
    encoding: String? = nil, _ body: (TemporaryDatabase) async throws -> Void
) async throws {
    await databasePermits.acquire()
    do {
        try await withUnlimitedDatabase(encoding, body)
    } catch {
        await databasePermits.release()
        throw error
    }
    await databasePermits.release()
}

/// So many temporary databases exist at a time.
private let databasePermits = Permits(24)

private func withUnlimitedDatabase(
    _ encoding: String?, _ body: (TemporaryDatabase) async throws -> Void
) async throws {
    let database = try await TemporaryDatabase.create(encoding: encoding)
    do {
        try await body(database)
    } catch {
        try await database.drop()
        throw error
    }
    try await database.drop()
}

extension TemporaryDatabase {
    /// The one integer that a query returns.
    public func number(_ sql: String) async throws -> Int {
        let row = try #require(try await query("SELECT (\(sql))::bigint").first)
        return Int(try row.int64(0))
    }

    /// The first column of all rows as text, NULL as `NULL`.
    public func texts(_ sql: String) async throws -> [String] {
        let rows = try await query("SELECT coalesce(t::text, 'NULL') FROM (\(sql)) AS q(t)")
        var texts: [String] = []
        for row in rows { texts.append(try row.text(0)) }
        return texts
    }
}
