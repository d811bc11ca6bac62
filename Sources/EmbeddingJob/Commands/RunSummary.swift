import CommandSupport
import DatasetTable

extension RunReport {
    /// What the run did, for people; `nil` if it did not come to anything, of which the log has the reason.
    ///
    /// The line of JSON has the same numbers, and those that are zero.
    func summary(on terminal: Terminal) -> String? {
        guard duration > .zero, exitReason != .dryRun else { return nil }
        let seconds = duration / .seconds(1)
        var lines: [(name: String, value: String)] = [("embedded", Self.count(processed, "row"))]
        func add(_ name: String, _ count: Int?, _ what: String = "", style: Terminal.Style? = nil) {
            guard let count, count > 0 else { return }
            lines.append((name, terminal.styled(Self.count(count, "row") + what, style)))
        }
        add("failed", failed, ", each named above", style: .bad)
        add("skipped", skippedStale, ", edited or gone meanwhile")
        add("skipped", skippedLocked, ", locked by others")
        add("held back", quarantined, ", for now", style: .doubtful)
        add("waiting", remaining, " still", style: .doubtful)
        add("truncated", truncated, tokensLost > 0 ? ", by \(Self.count(tokensLost, "token")) at least" : "")
        add("reused", deduplicated, " with a text that others have, too")
        let time = seconds < 10 ? "\((seconds * 100).rounded() / 100) s" : duration.inWords
        let rates =
            tokens == 0
            ? ""
            : ": \(Int(Double(processed) / seconds).grouped) rows/s, \(Int(Double(tokens) / seconds).grouped) tokens/s"
        lines.append(("took", time + rates))
        let status = exitReason.exitCode
        lines.append(
            ("ended", terminal.styled("\(exitReason.rawValue), exit status \(status)", status == 0 ? .good : .bad)))
        return lines.table
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number.grouped) \(noun)\(number == 1 ? "" : "s")"
    }
}
