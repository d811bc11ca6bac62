/// The header `RateLimit`, as in `"api";r=<requests left>;t=<seconds until more>`.
package struct RateLimitHeader: Sendable, Equatable {
    /// Windows longer than an hour are not believed.
    private static let longestWindow = 3600

    /// How many requests are left in the window.
    package let remaining: Int
    /// How many seconds the window still lasts.
    package let seconds: Int

    /// Takes the numbers.
    package init(remaining: Int, seconds: Int) {
        (self.remaining, self.seconds) = (remaining, seconds)
    }

    /// Reads a value, leniently since servers differ.
    ///
    /// `nil` results if it does not name both numbers. Of several limits, the strictest
    /// counts.
    package init?(_ value: String) {
        let limits = value.split(separator: ",").compactMap { Self.limit($0) }
        guard let strictest = limits.min(by: { $0.remaining * max(1, $1.seconds) < $1.remaining * max(1, $0.seconds) })
        else { return nil }
        self = strictest
    }

    private static func limit(_ text: Substring) -> Self? {
        var (remaining, seconds): (Int?, Int?)
        for parameter in text.split(separator: ";") {
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let number = Int(parts[1].trimmingBlanks), (0...1_000_000_000).contains(number)
            else { continue }
            switch parts[0].trimmingBlanks.lowercased() {
            case "r": remaining = number
            case "t": seconds = number
            default: break
            }
        }
        guard let remaining, let seconds, seconds <= longestWindow else { return nil }
        return Self(remaining: remaining, seconds: seconds)
    }

    /// How long to wait until the window ends, if it leaves no request.
    package var waitUntilMore: Duration? {
        remaining == 0 ? .seconds(seconds + 1) : nil
    }

    /// How far apart requests must begin so that a tenth of what is left stays unused.
    package var spacing: Duration {
        // The whole part of nine tenths.
        let usable = remaining * 9 / 10
        return usable == 0 ? .seconds(seconds + 1) : .seconds(seconds) / usable
    }
}
