import JobTestSupport
import PostgresTestSupport
import Testing

/// What a role, a database or a client sets for statements that do not say it themselves.
@Suite("Read-only defaults and time limits of others", .requiresPostgres, .timeLimit(.minutes(30)))
struct RoleDefaultsTests {
    private static let inOrder = [
        ["schema", "--apply", "--hnsw"], ["run"], ["run", "--dry-run"], ["run", "--stale"], ["verify"], ["status"],
        ["retry-failed"], ["schema", "--tasks", "--apply"], ["task", "queue"], ["task", "list"],
        ["run", "--adopt-tasks"],
        ["run", "--adopt-tasks"], ["backfill", "plan"], ["backfill", "run"], ["backfill", "verify"],
        ["backfill", "cutover"], ["backfill", "rollback"], ["backfill", "run"], ["backfill", "cutover"],
        ["backfill", "verify"], ["backfill", "drop-old", "--yes"], ["schema", "--apply"],
    ]

    // The server ends its answer to each statement with whether a transaction is open: `I` if not. That is so after the log-in,
    // after each end of a transaction, and after each statement that is in none.
    @Test("reach no statement of any command: all are in transactions that say their own", arguments: [false, true])
    func transactions(isReadOnly: Bool) async throws {
        try await withTemporaryDatabase { database in
            let datasets = Datasets(database: database, job: try BuiltExecutable())
            let other = try await RandomModel(in: datasets.job, named: "other", ["--seed", "2"])
            try await withFaultProxy(to: database.url) { proxy in
                var url = try proxy.url(from: database.url)
                if isReadOnly { url += "?options=-c%20default_transaction_read_only%3Don" }
                for arguments in Self.inOrder {
                    let model = arguments[0] == "backfill" ? ["--model", other.path] : []
                    let before = Counts(proxy)
                    let outcome = try await datasets.run(arguments + model, url: url)
                    #expect(outcome.exitStatus == 0, "\(arguments): \(outcome.standardError)")
                    let counts = Counts(proxy)
                    #expect(
                        counts.idle - before.idle == counts.allowed - before.allowed,
                        "\(arguments): \(before), \(counts)")
                    if arguments == Self.inOrder[0] {
                        try await database.run(
                            """
                            INSERT INTO datasets (title, enrichment_status)
                            SELECT 'sea ' || translate(i::text, '0123456789', 'abcdefghij'), 'enriched'
                            FROM generate_series(1, 30) i
                            """)
                    }
                }
            }
        }
    }

    private struct Counts {
        /// How often the server was idle afterwards.
        let idle: Int
        /// How often it had to be: at log-ins, ends of transactions, indexes that are built beside them, and what is set for
        /// those.
        let allowed: Int

        init(_ proxy: FaultProxy) {
            idle = proxy.occurrences(of: "Z\0\0\0\u{5}I", .serverToClient)
            let ends = [
                "\0COMMIT\0", "\0ROLLBACK\0", "\0CREATE INDEX CONCURRENTLY", "\nCREATE INDEX CONCURRENTLY",
                "SET default_transaction_read_only = off",
            ]
            allowed = proxy.connectionCount + ends.reduce(0) { $0 + proxy.occurrences(of: $1, .clientToServer) }
        }
    }
}
