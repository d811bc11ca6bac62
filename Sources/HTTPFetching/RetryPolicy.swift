/// What is tried again, and when.
package struct RetryPolicy: Sendable {
    /// What a server tells is believed up to this.
    package static let longestWait = Duration.seconds(3600)

    /// How often a request is sent at most.
    package let mostTries: Int

    /// Takes the number of tries.
    package init(mostTries: Int) {
        self.mostTries = mostTries
    }

    /// Whether an answer with this status may become another one by itself.
    package static func isRetried(_ status: Int) -> Bool {
        switch status {
        case 408, 425, 429, 500...599: true
        default: false
        }
    }

    /// How long to wait after a try that failed, `nil` if it was the last one.
    ///
    /// - Parameters:
    ///   - tries: How often the request was sent.
    ///   - told: How long the server asks to wait at least.
    ///   - random: A number from 0 to 1.
    package func wait(after tries: Int, told: Duration?, random: Double) -> Duration? {
        guard tries < mostTries else { return nil }
        let most = tries < 6 ? Double(1 << tries) : 60
        // "Full jitter": clients that were refused at the same moment do not come back at the same moment.
        return max(min(told ?? .zero, Self.longestWait), .seconds(most * random))
    }
}
