import BatchJob
import CommandSupport
import Synchronization

/// How far a run has come, on a terminal.
final class RunProgressBar: Sendable {
    private let bar = Mutex(ProgressBar(unit: "rows"))

    /// Draws, unless it has just been drawn; removes what was drawn when the run is over.
    @Sendable
    func show(_ progress: RunProgress?) {
        bar.withLock { bar in
            guard let progress else { return bar.clear() }
            var details = ["\(Int(progress.tokensPerSecond).grouped) tokens/s"]
            if progress.failed > 0 { details.append("\(progress.failed.grouped) failed") }
            bar.update(done: progress.rows, share: progress.share, elapsed: progress.elapsed, details: details)
        }
    }
}
