package import Logging
package import Postgres

/// A table beside the user's that a run can do without.
package enum SideTable: String, Sendable, CaseIterable {
    /// Which rows failed, and when they are tried again.
    case ledger = "embedding_failure"
    /// What each stored vector was made from.
    case state = "embedding_state"

    /// What the catalog says about a side table.
    package enum Finding: Sendable {
        /// It can be used under this name, quoted by the server.
        case usable(quoted: String)
        case unusable(Problem)
    }

    /// Why a side table cannot be used.
    package enum Problem: Sendable, CustomStringConvertible {
        case absent, otherKeyType, notReadable, notWritable
        /// An earlier version made it, or somebody else; the names are separated by commas.
        case lacksColumns(String)

        package var description: String {
            switch self {
            case .absent: "it does not exist"
            case .otherKeyType: "its dataset_id is not of the key's type"
            case .notReadable: "this role may not read it"
            case .notWritable: "this role may not write it"
            case .lacksColumns(let names): "it has no column \(names)"
            }
        }

        /// What to do about it.
        var remedy: String {
            switch self {
            case .lacksColumns: "embedding-job schema --apply adds what a table of an earlier version lacks"
            case .absent, .otherKeyType, .notReadable, .notWritable: "embedding-job schema prints its DDL and grants"
            }
        }
    }

    /// What a command does with side tables.
    package enum Access: Sendable {
        case read, write
    }

    /// Looks the table up, beside the user's table or on the search path.
    package func lookUp(
        for table: ResolvedTable, to access: Access = .write, _ session: PostgresSession
    ) async throws(PostgresError) -> Finding {
        let result = try await session.execute(
            SQLFile.catalogSideTable.statement,
            [.text(rawValue), .oid(table.oid), .oid(table.key.typeOID), .textArray(columns(for: access))])
        guard let row = result.first else { return .unusable(.absent) }
        guard try row.bool("key_matches") else { return .unusable(.otherKeyType) }
        let missing = try row.text("missing_columns")
        guard missing.isEmpty else { return .unusable(.lacksColumns(missing)) }
        let quoted = try row.text("quoted")
        if access == .read { return try row.bool("may_read") ? .usable(quoted: quoted) : .unusable(.notReadable) }
        let mayDelete = try row.bool("may_delete")
        // A success deletes the row's entry in the ledger; a state is only replaced.
        guard try row.bool("may_write"), mayDelete || self == .state else { return .unusable(.notWritable) }
        return .usable(quoted: quoted)
    }

    /// The columns that statements name, besides `dataset_id`; commands that only read do with fewer.
    private func columns(for access: Access) -> [String] {
        switch (self, access) {
        case (.ledger, .read): ["model_fingerprint", "source_fingerprint", "error_class", "next_attempt_at"]
        case (.ledger, .write):
            columns(for: .read) + ["attempts", "error_code", "first_failed_at", "last_failed_at"]
        case (.state, .read): ["column_name", "model_fingerprint", "source_fingerprint"]
        case (.state, .write): columns(for: .read) + ["tokens", "truncated", "tokens_lost", "embedded_at"]
        }
    }
}

/// Warns about each side table once a run, however many lanes miss it.
package actor SideTableWarnings {
    private let log: Logger
    private var warned: Set<SideTable> = []

    package init(log: Logger) {
        self.log = log
    }

    /// Says that the run goes on without the table.
    package func warn(_ table: SideTable, _ problem: SideTable.Problem) {
        guard warned.insert(table).inserted else { return }
        log.warning(
            "going on without the side table \(table.rawValue)",
            metadata: metadata([.error: problem.description, .remedy: problem.remedy]))
    }
}

extension RunFailure {
    /// Vectors can only be compared with their rows if the state table says what they were made from.
    package static let staleNeedsState = RunFailure(
        .configuration,
        "--stale needs the table embedding_state, with all its columns and writable by this role; embedding-job schema prints its DDL"
    )
}
