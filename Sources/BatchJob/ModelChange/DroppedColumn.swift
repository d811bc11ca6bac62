import DatasetTable

/// What `embedding-job backfill drop-old` has removed, or would.
public struct DroppedColumn: Sendable, Equatable {
    /// The name of the column.
    public let column: String
    /// Entries of `embedding_state` about it.
    public let states: Int
    /// Whether it was done.
    public let isDone: Bool

    /// One line of JSON without a line feed.
    public var json: String {
        JSONLine.object([
            ("column", JSONLine.text(column)), ("states", JSONLine.number(states)),
            ("dropped", isDone ? "true" : "false"),
        ])
    }
}
