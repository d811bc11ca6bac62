public import Postgres

/// The table `embedding_run`, as far as it is about one column of one table: what runs have done, and how they ended.
///
/// It is optional. Nothing depends on it, so whoever writes it goes on if that fails.
public struct RunHistory: Sendable {
    /// A run that has ended.
    public struct Entry: Sendable, Equatable {
        /// The command, such as `run`.
        public let command: String
        /// Host and number of the process.
        public let runner: String
        /// When it ended, in the form of RFC 3339.
        public let finished: String
        /// The status of the process.
        public let exitStatus: Int32
        /// Why it ended.
        public let exitReason: String
        /// Its line of JSON; the database has put the keys in an order of its own.
        public let report: String
    }

    private let table: String
    private let column: String
    private let quoted: String
    private let session: PostgresSession

    /// Looks the history of a table up; `nil` if there is none.
    ///
    /// Throws a ``RunFailure`` if this role may not use it so.
    ///
    /// - Parameters:
    ///   - names: The table and its column.
    ///   - writes: Whether it is to be written, rather than read.
    ///   - session: A connection to the database, which is used from then on.
    public init?(of names: DatasetNames, writes: Bool, session: PostgresSession) async throws {
        let table = try await Preflight(session: session, names: names, log: .silent).identify()
        let found = try await session.readOnly {
            try await session.execute(SQLFile.historyTable.statement, [.oid(table.oid)]).first
        }
        guard let found else { return nil }
        quoted = try found.text("quoted")
        guard try found.bool(writes ? "may_write" : "may_read") else {
            throw RunFailure(
                .configuration,
                "this role may not \(writes ? "write" : "read") \(quoted); GRANT \(writes ? "INSERT" : "SELECT") ON \(quoted), and USAGE on its schema"
            )
        }
        self.table = table.quoted
        column = names.column
        self.session = session
    }

    private func statement(_ file: SQLFile) -> PostgresStatement {
        file.statement(filling: ["{HISTORY}": quoted])
    }

    /// Notes a run that has just ended.
    ///
    /// - Parameters:
    ///   - report: What it did.
    ///   - command: Its command.
    ///   - runner: Host and number of the process.
    public func note(_ report: RunReport, command: String, runner: String) async throws {
        let reason = report.exitReason
        _ = try await session.transaction(.begin) {
            try await session.execute(
                statement(.historyWrite),
                [
                    .text(table), .text(column), .text(command), .text(runner),
                    .float8(report.duration / .seconds(1)), .int4(reason.exitCode), .text(reason.rawValue),
                    .text(report.json),
                ])
        }
    }

    /// The last runs, the latest first.
    public func latest(_ limit: Int) async throws -> [Entry] {
        try await session.readOnly {
            let rows = try await session.execute(
                statement(.historyLatest), [.text(table), .text(column), .int4(Int32(clamping: limit))])
            return try rows.map { row throws(PostgresError) in
                Entry(
                    command: try row.text("command"), runner: try row.text("runner"),
                    finished: try row.text("finished"),
                    exitStatus: try row.int32("exit_status"), exitReason: try row.text("exit_reason"),
                    report: try row.text("report"))
            }
        }
    }
}
