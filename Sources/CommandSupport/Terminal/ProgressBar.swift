import Glibc
import SystemPackage

/// A bar on standard error that appears only on a terminal and only for work of more than two seconds.
public struct ProgressBar {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var lastDrawn: ContinuousClock.Instant?
    private let unit: String

    /// Starts counting things of a kind.
    public init(unit: String) {
        self.unit = unit
    }

    /// Draws at most ten times a second.
    ///
    /// - Parameters:
    ///   - done: How many things are done.
    ///   - share: The share of all work, from 0 to 1; nil where nobody knows how much there is, as in a pipe.
    public mutating func update(done: Int, share: Double?) {
        let now = ContinuousClock.now
        guard isTerminal, now - start > .seconds(2), now - (lastDrawn ?? start) > .milliseconds(100) else { return }
        lastDrawn = now
        let seconds = (now - start) / .seconds(1)
        let rate = "\(done) \(unit)  \(Int(Double(done) / seconds)) \(unit)/s"
        guard let share, share > 0 else { return write("\r\(rate)  ") }
        let filled = Int(share * 30)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        write("\r\(bar) \(rate)  \(Int((seconds * (1 - share) / share).rounded(.up))) s left  ")
    }

    /// Removes the bar.
    public func clear() {
        if lastDrawn != nil { write("\r\u{1B}[2K") }
    }

    private func write(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}
