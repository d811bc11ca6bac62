import CommandSupport
import Synchronization

/// How many items have been looked at, on a terminal.
final class FetchProgress: Sendable {
    private let tally: FetchTally
    private let limit: Int?
    private let bar = Mutex(ProgressBar(unit: "datasets"))

    /// Shows a tally, beside the most items that there will be, if that is known.
    init(of tally: FetchTally, limit: Int?) {
        self.tally = tally
        self.limit = limit
    }

    /// Draws, unless it has just been drawn.
    func update() {
        let done = tally.report.items
        bar.withLock { $0.update(done: done, share: limit.map { min(1, Double(done) / Double($0)) }) }
    }

    /// Removes what was drawn.
    func clear() {
        bar.withLock { $0.clear() }
    }
}
