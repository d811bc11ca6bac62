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
        case unusable(Problem)
    }

    /// Why a side table cannot be used.
    enum Problem: String, Sendable {
        case absent = "it does not exist"
        case otherKeyType = "its dataset_id is not of the key's type"
        case notReadable = "this role may not read it"
        case notWritable = "this role may not write it"
    }

    /// What a command does with side tables.
    enum Access: Sendable {
        case read, write
    }

    /// Looks the table up, beside the user's table or on the search path.
    func lookUp(
        for table: DatasetTable, to access: Access = .write, _ session: PostgresSession
    ) async throws(PostgresError) -> Finding {
        let statement = PostgresStatement(name: SQLFile.catalogSideTable.rawValue, sql: SQLFile.catalogSideTable.text)
        let result = try await session.execute(
            statement, [.text(rawValue), .oid(table.oid), .oid(table.key.typeOID)])
        guard let row = result.first else { return .unusable(.absent) }
        guard try row.bool("key_matches") else { return .unusable(.otherKeyType) }
        let quoted = try row.text("quoted")
        if access == .read { return try row.bool("may_read") ? .usable(quoted: quoted) : .unusable(.notReadable) }
        let mayDelete = try row.bool("may_delete")
        // A success deletes the row's entry in the ledger; a state is only replaced.
        guard try row.bool("may_write"), mayDelete || self == .state else { return .unusable(.notWritable) }
        return .usable(quoted: quoted)
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
    func warn(_ table: SideTable, _ problem: SideTable.Problem) {
        guard warned.insert(table).inserted else { return }
        log.warning(
            "going on without the side table \(table.rawValue)",
            metadata: metadata([.error: problem.rawValue, .remedy: "embedding-job schema prints its DDL and grants"]))
    }
}

extension RunFailure {
    /// Vectors can only be compared with their rows if the state table says what they were made from.
    static let staleNeedsState = RunFailure(
        .configuration,
        "--stale needs the table embedding_state, writable by this role; embedding-job schema prints its DDL")
}
