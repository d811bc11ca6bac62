import BatchJob
import Foundation
import Postgres
import TestSupport
import Testing

/// A database with the table that `schema --apply` makes, and an executable that is told where both are.
struct Datasets: Sendable {
    let database: TemporaryDatabase
    let job: BuiltExecutable

    /// Runs a command on this database, with the toy model unless the arguments name another.
    func run(
        _ arguments: [String] = ["run"], url: String? = nil, output: BuiltExecutable.Output = .kept
    ) async throws -> BuiltExecutable.Outcome {
        let environment = ["DATABASE_URL": url ?? database.url, "EMBEDDING_MODEL": Fixtures.toyModel]
        return try await job.run(arguments, environment: environment, output: output)
    }

    /// One number of the database.
    func number(_ sql: String) async throws -> Int {
        let row = try #require(try await database.query("SELECT (\(sql))::bigint AS n").first)
        return Int(try row.int64("n"))
    }

    /// Makes a role that may log in, hands its connection string to the body and drops it.
    func withRole(_ body: (_ role: String, _ url: String) async throws -> Void) async throws {
        let role = database.name + "_role"
        let password = BuiltExecutable.Outcome.password
        try await database.run("CREATE ROLE \(role) LOGIN PASSWORD '\(password)'")
        do {
            try await body(role, try database.url(user: role, password: password))
        } catch {
            try await database.run("DROP OWNED BY \(role); DROP ROLE \(role)")
            throw error
        }
        try await database.run("DROP OWNED BY \(role); DROP ROLE \(role)")
    }
}

/// Makes a database with an empty `datasets` table, hands it to the body and drops it.
func withDatasets(
    dimension: Int = Goldens.toyDimension, _ body: (Datasets) async throws -> Void
) async throws {
    try await withTemporaryDatabase { database in
        let datasets = Datasets(database: database, job: try BuiltExecutable())
        let session = try await database.connect()
        try await TableSchema(names: DatasetNames(), dimension: dimension, hnsw: false).apply(session)
        await session.close()
        try await body(datasets)
    }
}
