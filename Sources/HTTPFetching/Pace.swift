/// How fast requests may follow one another.
public enum Pace: Sendable, Equatable {
    /// So many requests a second at most.
    case perSecond(Double)
    /// As the header `RateLimit` of the answers allows, of which a tenth is kept back.
    case rateLimitHeader
}

/// When the next request may begin.
struct Pacer: Sendable {
    private let pace: Pace
    private var next: ContinuousClock.Instant?

    init(_ pace: Pace) {
        self.pace = pace
    }

    /// How long to wait before the next request.
    func wait(now: ContinuousClock.Instant) -> Duration {
        max(.zero, next.map { now.duration(to: $0) } ?? .zero)
    }

    mutating func begin(now: ContinuousClock.Instant) {
        switch pace {
        case .perSecond(let rate): next = now + .seconds(1) / rate
        case .rateLimitHeader: next = nil
        }
    }

    mutating func observe(_ limit: RateLimitHeader?, begun: ContinuousClock.Instant, now: ContinuousClock.Instant) {
        guard pace == .rateLimitHeader, let limit else { return }
        // The window is over `seconds` after the answer, whereas requests are spread from beginning to beginning.
        next = limit.remaining * 9 / 10 == 0 ? now + limit.spacing : begun + limit.spacing
    }
}
