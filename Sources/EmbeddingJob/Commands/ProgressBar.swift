import Glibc
import SystemPackage

/// A bar on standard error that appears only on a terminal and only for work of more than two seconds.
struct ProgressBar {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var lastDrawn: ContinuousClock.Instant?
    private let total: Int

    /// Starts counting.
    init(total: Int) {
        self.total = total
    }

    /// Draws at most ten times a second.
    mutating func update(done: Int) {
        let now = ContinuousClock.now
        guard isTerminal, now - start > .seconds(2), now - (lastDrawn ?? start) > .milliseconds(100) else { return }
        lastDrawn = now
        let share = Double(done) / Double(max(1, total))
        let filled = Int(share * 30)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        let seconds = (now - start) / .seconds(1)
        let rate = Double(done) / seconds
        let left = rate > 0 ? Int((Double(total - done) / rate).rounded(.up)) : 0
        write("\r\(bar) \(done)/\(total)  \(Int(rate)) texts/s  \(left) s left  ")
    }

    /// Removes the bar.
    func clear() {
        if lastDrawn != nil { write("\r\u{1B}[2K") }
    }

    private func write(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}
