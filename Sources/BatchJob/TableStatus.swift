public import Postgres

/// How far a table has come: what `embedding-job status` prints.
public struct TableStatus: Sendable, Equatable {
    /// The rows of one status.
    public struct Count: Sendable, Equatable {
        /// The value of the status column; empty for NULL.
        public let status: String
        /// All rows of the status.
        public let rows: Int
    }

    /// Rows by status, in the order of their names.
    public let counts: [Count]
    /// Rows that qualify for a vector, with or without one.
    public let eligible: Int
    /// Eligible rows that have one.
    public let embedded: Int
    /// When the oldest row without a vector was created; `nil` if none waits or the table does not say.
    public let oldestPending: String?

    /// Eligible rows without a vector.
    public var pending: Int { eligible - embedded }

    /// The share of eligible rows that have a vector, 0 to 1; 1 when nothing is eligible.
    public var coverage: Double { eligible == 0 ? 1 : Double(embedded) / Double(eligible) }

    /// Counts the rows of a table.
    public init(of table: DatasetTable, session: PostgresSession) async throws(PostgresError) {
        let rows = try await session.execute(table.statement(.statusCounts), timeout: .seconds(300))
        var counts: [Count] = []
        var (eligible, embedded) = (0, 0)
        for row in rows {
            counts.append(Count(status: try row.text("status"), rows: Int(try row.int64("rows"))))
            eligible += Int(try row.int64("eligible"))
            embedded += Int(try row.int64("embedded"))
        }
        self.counts = counts
        self.eligible = eligible
        self.embedded = embedded

        var oldest: String?
        if let created = table.columns[table.names.created], created.maySelect,
            let row = try await session.execute(table.statement(.statusOldest), timeout: .seconds(300)).first
        {
            oldest = try row.isNull("oldest") ? nil : try row.text("oldest")
        }
        oldestPending = oldest
    }
}
