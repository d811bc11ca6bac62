import Logging
import Postgres

/// A table beside the user's that a run can do without.
enum SideTable: String, Sendable, CaseIterable {
    /// Which rows failed, and when they are tried again.
    case ledger = "embedding_failure"
    /// What each stored vector was made from.
    case state = "embedding_state"

    /// What the catalog says about a side table.
    enum Finding: Sendable {
        /// It can be used under this name, quoted by the server.
        case usable(quoted: String)
        case unusable(reason: String)
    }

    /// Looks the table up, beside the user's table or on the search path.
    func lookUp(for table: DatasetTable, _ session: PostgresSession) async throws(PostgresError) -> Finding {
        let statement = PostgresStatement(name: SQLFile.catalogSideTable.rawValue, sql: SQLFile.catalogSideTable.text)
        let result = try await session.execute(
            statement, [.text(rawValue), .oid(table.oid), .oid(table.key.typeOID)])
        guard let row = result.first else { return .unusable(reason: "it does not exist") }
        guard try row.bool("key_matches") else {
            return .unusable(reason: "its dataset_id is not of the key's type")
        }
        let mayDelete = try row.bool("may_delete")
        // A success deletes the row's entry in the ledger; a state is only replaced.
        guard try row.bool("may_write"), mayDelete || self == .state else {
            return .unusable(reason: "this role may not write it")
        }
        return .usable(quoted: try row.text("quoted"))
    }
}

/// Warns about each side table once a run, however many lanes miss it.
actor SideTableWarnings {
    private let log: Logger
    private var warned: Set<SideTable> = []

    init(log: Logger) {
        self.log = log
    }

    /// Says that the run goes on without the table.
    func warn(_ table: SideTable, reason: String) {
        guard warned.insert(table).inserted else { return }
        log.warning(
            "going on without the side table \(table.rawValue)",
            metadata: metadata([.error: reason, .remedy: "embedding-job schema prints its DDL and grants"]))
    }
}

extension RunFailure {
    /// Vectors can only be compared with their rows if the state table says what they were made from.
    static let staleNeedsState = RunFailure(
        .configuration,
        "--stale needs the table embedding_state, writable by this role; embedding-job schema prints its DDL")
}
