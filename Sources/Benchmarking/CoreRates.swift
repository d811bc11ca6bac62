internal import CCoreRate

/// What the core does for this thread at the moment.
///
/// On a shared machine another guest often sits on the second hardware thread of a core. Then the core issues about half as many
/// instructions for ours, while the multipliers are as good as ours alone: a program is as fast as it has few instructions.
/// Measurements of two programs can be compared only where both found the core in the same state.
public struct CoreRates: Codable, Equatable, Sendable {
    /// Instructions a nanosecond, of those that do nothing.
    public let instructions: Double
    /// Operations a nanosecond of AVX2's or NEON's multiply-adds in registers, two each lane: GFLOP/s.
    public let multiplyAdds: Double

    package init(instructions: Double, multiplyAdds: Double) {
        (self.instructions, self.multiplyAdds) = (instructions, multiplyAdds)
    }

    /// Measures for some milliseconds; of three times each the best counts, for an interruption makes no core slower.
    public static func measure() -> CoreRates {
        CoreRates(
            instructions: rate(operations: 64, turns: 300_000) { ccr_run_instructions($0) },
            multiplyAdds: rate(operations: 120 * 16, turns: 60_000) { ccr_run_multiply_adds($0) })
    }

    /// Operations a nanosecond.
    private static func rate(operations: Int, turns: Int, _ run: (Int) -> Void) -> Double {
        let clock = ContinuousClock()
        let time = (0..<3).map { _ in clock.measure { run(turns) } }.min() ?? .zero
        return Double(operations * turns) / (time / .nanoseconds(1))
    }
}
