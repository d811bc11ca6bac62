internal import FoundationEssentials

/// How a fetcher knows the time, waits and draws lots; tests put their own in.
package struct Timing: Sendable {
    /// The present moment.
    package var now: @Sendable () -> ContinuousClock.Instant
    /// The present time in seconds since 1970.
    package var secondsSince1970: @Sendable () -> Int
    /// Waits, and throws if the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A number from 0 to 1.
    package var random: @Sendable () -> Double

    /// Takes the functions.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant, secondsSince1970: @escaping @Sendable () -> Int,
        sleep: @escaping @Sendable (Duration) async throws -> Void, random: @escaping @Sendable () -> Double
    ) {
        (self.now, self.secondsSince1970, self.sleep, self.random) = (now, secondsSince1970, sleep, random)
    }

    /// Those of the machine.
    package static let real = Timing(
        now: { .now }, secondsSince1970: { Int(Date().timeIntervalSince1970) },
        sleep: { try await Task.sleep(for: $0) }, random: { .random(in: 0...1) })
}
