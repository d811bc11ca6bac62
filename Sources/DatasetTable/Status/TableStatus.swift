public import Postgres

/// How far a table has come: what `embedding-job status` prints.
///
/// All numbers are of the same moment, and exact.
public struct TableStatus: Sendable, Equatable {
    /// The rows of one status.
    public struct Count: Sendable, Equatable {
        /// The value of the status column; empty for NULL.
        public let status: String
        /// All rows of the status.
        public let rows: Int
    }

    /// What the table `embedding_failure` holds.
    public struct Ledger: Sendable, Equatable {
        /// Failures of one class.
        public struct Failures: Sendable, Equatable {
            /// The class, such as `EMPTY`.
            public let errorClass: String
            /// All entries of the class, whatever their model and whether or not their row waits.
            public let count: Int
        }

        /// Failures by class, in the order of their names.
        public let failures: [Failures]
        /// Eligible rows without a vector that the ledger holds back for now, on behalf of any model.
        public let quarantined: Int
        /// Entries whose row is gone.
        public let orphans: Int
    }

    /// What the table `embedding_state` holds.
    public struct Provenance: Sendable, Equatable {
        /// The vectors of one model.
        public struct Vectors: Sendable, Equatable {
            /// The model fingerprint.
            public let model: Fingerprint
            /// All vectors of the column that came from it.
            public let count: Int
        }

        /// Vectors by model, the most frequent first.
        public let vectors: [Vectors]
        /// Entries whose row is gone.
        public let orphans: Int
    }

    /// Rows by status, in the order of their names.
    public let counts: [Count]
    /// Rows that qualify for a vector, with or without one.
    public let eligible: Int
    /// Eligible rows that have one.
    public let embedded: Int
    /// When the oldest row without a vector was created; `nil` if none waits or the table does not say.
    public let oldestPending: String?
    /// Why the column for it does not say when a row was created; `nil` if it does, or if there is none.
    public let unknownAge: String?
    /// `nil` if there is no ledger that this role may read.
    public let ledger: Ledger?
    /// `nil` if there is no state table that this role may read.
    public let provenance: Provenance?

    /// Eligible rows without a vector.
    public var pending: Int { eligible - embedded }

    /// The share of eligible rows that have a vector, 0 to 1; 1 when nothing is eligible.
    public var coverage: Double { eligible == 0 ? 1 : Double(embedded) / Double(eligible) }

    /// Counts the rows of a table in a transaction that can write nothing.
    public init(of table: ResolvedTable, session: PostgresSession) async throws {
        self = try await session.readOnly { try await TableStatus(reading: table, session) }
    }

    private init(reading table: ResolvedTable, _ session: PostgresSession) async throws(PostgresError) {
        let rows = try await session.execute(table.statement(.statusCounts), timeout: .tableScan)
        var counts: [Count] = []
        var (eligible, embedded) = (0, 0)
        for row in rows {
            counts.append(Count(status: try row.printable("status"), rows: try row.count("rows")))
            eligible += try row.count("eligible")
            embedded += try row.count("embedded")
        }
        self.counts = counts
        self.eligible = eligible
        self.embedded = embedded

        unknownAge = Self.unknownAge(in: table)
        var oldest: String?
        if unknownAge == nil, table.columns[table.names.created] != nil,
            let row = try await session.execute(table.statement(.statusOldest), timeout: .tableScan).first
        {
            oldest = try row.isNull("oldest") ? nil : try row.text("oldest")
        }
        oldestPending = oldest
        ledger = table.ledger == nil ? nil : try await Ledger(of: table, session)
        provenance = table.state == nil ? nil : try await Provenance(of: table, session)
    }
}

extension TableStatus {
    /// Why a column says nothing about when a row was created.
    private static func unknownAge(in table: ResolvedTable) -> String? {
        let name = "\(table.quoted).\(table.names.created)"
        guard let created = table.columns[table.names.created] else { return nil }
        guard ["date", "timestamp", "timestamptz"].contains(created.typeName) else {
            return "\(name) is \(created.type), neither a date nor a timestamp"
        }
        return created.maySelect ? nil : "this role may not read \(name)"
    }

    /// What the server is to look at before.
    static func trials(_ table: ResolvedTable) -> [StatementTrial] {
        let column = PostgresValue.text(table.vectorColumn.stateKey)
        var trials = [StatementTrial(table.statement(.statusCounts))]
        if unknownAge(in: table) == nil, table.columns[table.names.created] != nil {
            trials.append(StatementTrial(table.statement(.statusOldest)))
        }
        if table.ledger != nil {
            trials.append(StatementTrial(table.statement(.statusLedger)))
            trials.append(StatementTrial(table.statement(.quarantined), [.null(PostgresTypeOID.bytea), column]))
        }
        if table.state != nil { trials.append(StatementTrial(table.statement(.statusModels), [column])) }
        return trials
    }
}

extension TableStatus.Ledger {
    fileprivate init(of table: ResolvedTable, _ session: PostgresSession) async throws(PostgresError) {
        var failures: [Failures] = []
        var orphans = 0
        for row in try await session.execute(table.statement(.statusLedger), timeout: .tableScan) {
            failures.append(Failures(errorClass: try row.text("class"), count: try row.count("failures")))
            orphans += try row.count("orphans")
        }
        let rows = try await session.execute(
            table.statement(.quarantined), [.null(PostgresTypeOID.bytea), .text(table.vectorColumn.stateKey)],
            timeout: .tableScan)
        quarantined = Int(try rows.first?.int64("rows") ?? 0)
        (self.failures, self.orphans) = (failures, orphans)
    }
}

extension TableStatus.Provenance {
    fileprivate init(of table: ResolvedTable, _ session: PostgresSession) async throws(PostgresError) {
        var vectors: [Vectors] = []
        var orphans = 0
        let rows = try await session.execute(
            table.statement(.statusModels), [.text(table.vectorColumn.stateKey)], timeout: .tableScan)
        for row in rows {
            let count = try row.count("vectors")
            if count > 0 { vectors.append(Vectors(model: try row.fingerprint("model"), count: count)) }
            orphans += try row.count("orphans")
        }
        (self.vectors, self.orphans) = (vectors, orphans)
    }
}
