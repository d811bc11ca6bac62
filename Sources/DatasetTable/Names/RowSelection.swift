/// Which eligible rows a drain is about.
package enum RowSelection: Sendable, Equatable {
    /// Rows without a vector.
    case missing
    /// Rows whose vector came from another text or another model, by `embedding_state`.
    ///
    /// A vector that the state table does not know is left alone unless `includingUnknown` is set: somebody else may have
    /// written it on purpose.
    case outdated(includingUnknown: Bool)
    /// Rows with a vector, whatever it came from.
    case embedded
    /// All eligible rows.
    case every

    /// The condition on a row `d`, its input `s.source` and its state `e`.
    var condition: String {
        switch self {
        case .missing:
            "d.{COLUMN} IS NULL"
        case .outdated(let includingUnknown):
            SQLFile.fill(
                SQLFile.outdated.text, ["{OR_UNKNOWN}": includingUnknown ? " OR e.dataset_id IS NULL" : ""])
        case .embedded:
            "d.{COLUMN} IS NOT NULL"
        case .every:
            "true"
        }
    }

    /// Whether the condition looks at the state table.
    package var needsState: Bool { self != .missing }
}
