import DatasetTable

/// Ends a run that would take the vectors of many rows away because of a new rule or a changed interface, not of new texts.
///
/// Rows that their source does not claim to have modified have no reason to change; of these, and of the first 2,000 rows of any
/// kind, at most a fifth may.
struct TextChangeGuard: Sendable {
    let isOff: Bool
    private var unmodified = Share(from: 200)
    private var all = Share(from: 2000)

    private struct Share {
        /// From how many rows on it is looked at.
        let least: Int
        var rows = 0
        var changed = 0

        init(from least: Int) {
            self.least = least
        }

        mutating func note(_ isChange: Bool) {
            rows += 1
            if isChange { changed += 1 }
        }
    }

    init(isOff: Bool) {
        self.isOff = isOff
    }

    /// Takes a row that is known, before it is changed.
    mutating func note(changesText: Bool, isUnmodified: Bool) throws(RunFailure) {
        guard !isOff else { return }
        if isUnmodified {
            unmodified.note(changesText)
            try check(unmodified, "rows that their source has not modified")
        }
        guard all.rows < all.least else { return }
        all.note(changesText)
        try check(all, "rows")
    }

    private func check(_ share: Share, _ noun: String) throws(RunFailure) {
        guard share.rows >= share.least, 5 * share.changed > share.rows else { return }
        throw RunFailure(
            .tooManyChanges,
            "the text of \(share.changed) of \(share.rows) \(noun) would change, and their vectors go, as after a change of the source's interface or of the cleaning; look at some of them, then allow it with --accept-changes"
        )
    }
}
