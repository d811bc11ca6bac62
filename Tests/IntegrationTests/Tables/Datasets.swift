import ComputeTestSupport
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
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

    /// Lends a role that may log in, with the password that must be seen nowhere.
    func withRole(_ body: (_ role: String, _ url: String) async throws -> Void) async throws {
        try await database.withRole(password: BuiltExecutable.Outcome.password, body)
    }
}

/// Makes a database with an empty `datasets` table, hands it to the body and drops it.
func withDatasets(
    dimension: Int = Goldens.toyDimension, _ body: (Datasets) async throws -> Void
) async throws {
    try await withTemporaryDatabase { database in
        let datasets = Datasets(database: database, job: try BuiltExecutable())
        _ = try await DatasetFixture(database, dimension: dimension)
        try await body(datasets)
    }
}
