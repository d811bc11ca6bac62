import HTTPTypes
import Synchronization

/// A token bucket for each caller: so many requests at once, and then so many a second.
final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    /// More callers than this are forgotten, those first whose buckets are full again.
    private static let mostCallers = 10_000
    private let perSecond: Double
    private let burst: Double
    private let buckets = Mutex<[String: Bucket]>([:])

    /// `perSecond` requests a second on average, `burst` at once.
    init(perSecond: Double, burst: Double) {
        (self.perSecond, self.burst) = (perSecond, burst)
    }

    /// Throws 429 if the caller comes too often.
    func admit(_ caller: String, at now: ContinuousClock.Instant = .now) throws(Problem) {
        let wait = buckets.withLock { buckets -> Double? in
            if buckets.count >= Self.mostCallers, buckets[caller] == nil {
                buckets = buckets.filter { self.tokens(of: $0.value, at: now) < burst }
                if buckets.count >= Self.mostCallers { buckets.removeAll() }
            }
            let tokens = buckets[caller].map { self.tokens(of: $0, at: now) } ?? burst
            guard tokens >= 1 else { return (1 - tokens) / perSecond }
            buckets[caller] = Bucket(tokens: tokens - 1, filled: now)
            return nil
        }
        guard let wait else { return }
        throw Problem(
            .tooManyRequests, "too many requests; wait as long as Retry-After says",
            [.retryAfter: "\(max(1, Int(wait.rounded(.up))))"])
    }

    private func tokens(of bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        min(burst, bucket.tokens + (now - bucket.filled) / .seconds(1) * perSecond)
    }
}
