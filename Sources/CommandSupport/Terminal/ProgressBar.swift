/// A bar below the log that appears only on a terminal and only for work of more than two seconds.
public struct ProgressBar {
    /// Whether standard error is a terminal that can show one.
    public static var isVisible: Bool { Terminal.standardError?.replacesLines == true }

    private let terminal = isVisible ? Terminal.standardError : nil
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
    ///   - elapsed: The time that they took; nil for that since the bar was made.
    ///   - details: What else is to be said, in a few words each.
    public mutating func update(done: Int, share: Double?, elapsed: Duration? = nil, details: [String] = []) {
        let now = ContinuousClock.now
        guard let terminal, now - start > .seconds(2), now - (lastDrawn ?? start) > .milliseconds(100) else { return }
        lastDrawn = now
        // The last column stays free: some terminals begin a new line after it.
        let line = Self.line(
            done, unit, share: share, elapsed: elapsed ?? now - start, details: details, width: terminal.width - 1)
        LogStream.show(line)
    }

    /// The bar, as wide as there is room for, and what is counted beside it.
    package static func line(
        _ done: Int, _ unit: String, share: Double?, elapsed: Duration, details: [String], width: Int
    ) -> String {
        let rate = Int(Double(done) / max(elapsed / .seconds(1), 0.001))
        var parts = ["\(done.grouped) \(unit)", "\(rate.grouped) \(unit)/s"] + details
        guard let share, share > 0 else { return String(parts.joined(separator: " · ").prefix(width)) }
        let whole = min(share, 1)
        parts.append("\((elapsed * ((1 - whole) / whole)).inWords) left")
        let text = parts.joined(separator: " · ")
        let cells = min(30, width - text.count - 1)
        guard cells > 0 else { return String(text.prefix(width)) }
        let filled = Int(whole * Double(cells))
        return String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled) + " " + text
    }

    /// Removes the bar.
    public func clear() {
        if lastDrawn != nil { LogStream.show("") }
    }
}
