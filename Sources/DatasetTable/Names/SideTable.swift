package import Logging
package import Postgres

/// A table beside the user's that a run can do without; several of the user's can share it.
///
/// A new one has `table_name` in its key as well, spelled as ``ResolvedTable/quoted``: an oid would change on restore.
package enum SideTable: String, Sendable, CaseIterable {
    /// Which rows failed, and when they are tried again.
    case ledger = "embedding_failure"
    /// What each stored vector was made from.
    case state = "embedding_state"
    /// The words of each row that has a vector.
    case document = "embedding_document"

    /// Those that every table is to have, which earlier versions made as well; the others are for searches.
    static let usual: [SideTable] = [.ledger, .state]

    /// All ways of leaving some of them out, the fewest first.
    package static let omissions: [[SideTable]] = (1..<1 << allCases.count).map { bits in
        allCases.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)
    }.sorted { $0.count < $1.count }

    /// What the catalog says about a side table.
    package enum Finding: Sendable {
        /// It can be used under this name, quoted by the server.
        case usable(quoted: String)
        case unusable(Problem)
    }

    /// Why a side table cannot be used.
    package enum Problem: Sendable, Equatable, CustomStringConvertible {
        case absent, otherKeyType, notReadable, notWritable
        /// Its rows do not say which table they are about.
        case earlierVersion
        /// It has no unique index over the columns of its key, on which every write rests.
        case lacksKey
        /// The server puts something else in the place of what is written; the names are separated by commas.
        case rules(String)
        /// What the server says of a statement about it.
        case refused(PostgresError.ServerError)
        /// What is noted about rows that were written fails there: a column of its own, a partition, a trigger.
        case refusesEntries(PostgresError.ServerError)
        /// Somebody has altered it; the names are separated by commas.
        case lacksColumns(String)
        /// Row-level security keeps this role from its rows; the statement creates a policy.
        case lacksPolicy(String)

        package var description: String {
            switch self {
            case .absent: "it does not exist"
            case .otherKeyType: "its dataset_id is not of the key's type"
            case .notReadable: "this role may not read it"
            case .notWritable: "this role may not write it"
            case .earlierVersion: "an earlier version made it, and its rows do not say which table they are about"
            case .lacksKey: "it has no unique index over the columns of its key"
            case .rules(let names): "what is written to it is rewritten by the rules \(names)"
            case .refused(let error): error.message
            case .refusesEntries(let error):
                "it refuses what is noted there\(error.subject.map { ", by \($0)" } ?? "") (SQLSTATE \(error.sqlState))"
            case .lacksColumns(let names): "it has no column \(names)"
            case .lacksPolicy: "row-level security closes it to this role"
            }
        }

        /// What to do about it.
        package var remedy: String {
            switch self {
            case .earlierVersion: "embedding-job schema --apply, as its owner and once for all tables that share it"
            case .lacksKey: "embedding-job schema --apply, as its owner, makes its key again"
            case .lacksColumns: "embedding-job schema --apply adds what a table of an earlier version lacks"
            case .lacksPolicy(let statement): statement
            case .refusesEntries: "give columns of your own a default, add the partition, or remove the trigger"
            case .rules: "put triggers in the place of the rules"
            case .refused(let error): error.hint ?? "embedding-job schema prints its DDL and grants"
            case .absent, .otherKeyType, .notReadable, .notWritable: "embedding-job schema prints its DDL and grants"
            }
        }
    }

    /// What a command does with side tables.
    package enum Access: Sendable {
        case read, write
    }

    /// Looks the table up, beside the user's table or on the search path.
    ///
    /// - Parameters:
    ///   - table: The user's table.
    ///   - access: What the command does with the side table.
    ///   - refusal: What a statement failed of that may have been about the side table. A policy of row-level security that
    ///     has a condition is only known by what it does.
    ///   - session: A connection to the database.
    package func lookUp(
        for table: ResolvedTable, to access: Access = .write, after refusal: PostgresError? = nil,
        _ session: PostgresSession
    ) async throws(PostgresError) -> Finding {
        let entry = try await entry(table: table.oid, keyType: table.key.typeOID, to: access, session)
        guard let entry else { return .unusable(.absent) }
        guard entry.keyMatches else { return .unusable(.otherKeyType) }
        let hasEarlierVersion = Self.usual.contains(self)
        guard entry.tellsTablesApart || !hasEarlierVersion else { return .unusable(.earlierVersion) }
        guard entry.missingColumns.isEmpty else { return .unusable(.lacksColumns(entry.missingColumns)) }
        // Somebody may have added the column alone.
        guard entry.hasKey || access == .read else {
            return .unusable(entry.hasEarlierKey && hasEarlierVersion ? .earlierVersion : .lacksKey)
        }
        switch access {
        case .read: guard entry.mayRead else { return .unusable(.notReadable) }
        // A success deletes the row's entry in the ledger, and documents go with their rows; a state is only replaced.
        case .write: guard entry.mayWrite, entry.mayDelete || self == .state else { return .unusable(.notWritable) }
        }
        guard entry.rules.isEmpty || access == .read else { return .unusable(.rules(entry.rules)) }
        let isRefused = entry.hasRowSecurity && isSubject(of: refusal)
        guard !isRefused, !entry.lacksPolicy else { return .unusable(.lacksPolicy(entry.policy)) }
        return .usable(quoted: entry.quoted)
    }

    /// Whether row-level security has refused a row of this table; the message names it in any language.
    private func isSubject(of refusal: PostgresError?) -> Bool {
        guard case .serverError(let error)? = refusal, error.sqlState == .insufficientPrivilege else { return false }
        return error.message.contains(rawValue)
    }

    /// The last column of the key, which begins with `table_name` and `dataset_id`.
    var lastKeyColumn: String {
        switch self {
        case .ledger: "model_fingerprint"
        case .state: "column_name"
        case .document: "dataset_id"
        }
    }

    /// The columns that statements name, besides `table_name` and `dataset_id`; commands that only read do with fewer.
    func columns(for access: Access) -> [String] {
        switch (self, access) {
        case (.ledger, .read): ["model_fingerprint", "source_fingerprint", "error_class", "next_attempt_at"]
        case (.ledger, .write):
            columns(for: .read) + ["attempts", "error_code", "first_failed_at", "last_failed_at"]
        case (.state, .read): ["column_name", "model_fingerprint", "source_fingerprint"]
        case (.state, .write): columns(for: .read) + ["tokens", "truncated", "tokens_lost", "embedded_at"]
        case (.document, _): ["table_name", "source_fingerprint", "extras_hash", "document"]
        }
    }

    /// What is done to the rows of the table, as the catalog abbreviates the commands of a policy.
    func commands(for access: Access) -> [String] {
        switch (self, access) {
        case (_, .read): ["r"]
        case (.state, .write): ["r", "a", "w"]
        case (.ledger, .write), (.document, .write): ["r", "a", "w", "d"]
        }
    }
}

/// Warns about each side table once a run, however many connections miss it.
package actor SideTableWarnings {
    private let log: Logger
    private var warned: Set<SideTable> = []

    package init(log: Logger) {
        self.log = log
    }

    /// Says that the run goes on without the table.
    package func warn(_ table: SideTable, _ problem: SideTable.Problem) {
        guard warned.insert(table).inserted else { return }
        let isRefusal = if case .refusesEntries = problem { true } else { false }
        log.warning(
            isRefusal
                ? "storing vectors without what the side table \(table.rawValue) is to note about them"
                : "going on without the side table \(table.rawValue)",
            metadata: metadata([.error: problem.description, .remedy: problem.remedy]))
    }
}

extension RunFailure {
    /// Vectors can only be compared with their rows if the state table says what they were made from.
    package static let staleNeedsState = RunFailure(
        .configuration,
        "--stale needs the table embedding_state, with all its columns and writable by this role; embedding-job schema prints its DDL"
    )

    /// Without the state a run could mix models, and without the ledger it would try again, and blame again, all that is
    /// held back: neither is done on the quiet because of an upgrade.
    static func earlierVersion(_ table: SideTable) -> RunFailure {
        let problem = SideTable.Problem.earlierVersion
        return RunFailure(.configuration, "\(table.rawValue) cannot be used, \(problem); run \(problem.remedy)")
    }
}
