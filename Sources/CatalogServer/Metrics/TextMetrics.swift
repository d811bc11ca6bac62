import CommandSupport
import Metrics
import Synchronization

/// A backend of swift-metrics that shows everything in the text format of Prometheus, version 0.0.4.
///
/// Names get the prefix `catalog_` and letters that the format knows; a timer is a histogram in seconds.
final class TextMetrics: MetricsFactory {
    /// The upper bounds of a histogram's buckets, in seconds.
    private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct Key: Hashable {
        let name: String
        let labels: String
    }

    private struct Histogram {
        var counts = [UInt64](repeating: 0, count: bounds.count + 1)
        var sum = 0.0
    }

    private struct State {
        var counters: [Key: Double] = [:]
        var gauges: [Key: Double] = [:]
        var histograms: [Key: Histogram] = [:]
    }

    private let state = Mutex(State())

    // MARK: - Exposition

    /// All that was counted, sorted by name.
    var text: String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        func section(_ kind: String, _ keys: some Collection<Key>, _ show: (Key) -> [String]) {
            var name: String?
            for key in keys.sorted(by: { ($0.name, $0.labels) < ($1.name, $1.labels) }) {
                if name != key.name { lines.append("# TYPE \(key.name) \(kind)") }
                name = key.name
                lines += show(key)
            }
        }
        section("counter", state.counters.keys) {
            ["\(PrometheusText.series($0.name, $0.labels)) \(PrometheusText.number(state.counters[$0] ?? 0))"]
        }
        section("gauge", state.gauges.keys) {
            ["\(PrometheusText.series($0.name, $0.labels)) \(PrometheusText.number(state.gauges[$0] ?? 0))"]
        }
        section("histogram", state.histograms.keys) { key in
            guard let histogram = state.histograms[key] else { return [] }
            var total: UInt64 = 0
            var lines = zip(Self.bounds.map { "\($0)" } + ["+Inf"], histogram.counts).map { bound, count in
                total += count
                let labels = key.labels.isEmpty ? "" : key.labels + ","
                return "\(key.name)_bucket{\(labels)le=\"\(bound)\"} \(total)"
            }
            lines.append("\(PrometheusText.series(key.name + "_sum", key.labels)) \(histogram.sum)")
            lines.append("\(PrometheusText.series(key.name + "_count", key.labels)) \(total)")
            return lines
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func key(_ label: String, _ dimensions: [(String, String)], suffix: String) -> Key {
        let name = "catalog_\(word(label))\(suffix)"
        let labels = PrometheusText.list(dimensions.map { (word($0), $1) })
        return Key(name: name, labels: labels)
    }

    /// With letters that the format knows.
    private static func word(_ text: String) -> String {
        text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "_" }.joined()
    }

    // MARK: - swift-metrics

    /// A number that only grows.
    private final class CounterValue: CounterHandler, FloatingPointCounterHandler {
        let metrics: TextMetrics
        let key: Key

        init(_ metrics: TextMetrics, _ key: Key) {
            (self.metrics, self.key) = (metrics, key)
            metrics.state.withLock { $0.counters[key, default: 0] += 0 }
        }

        func increment(by amount: Int64) { increment(by: Double(amount)) }
        func increment(by amount: Double) { metrics.state.withLock { $0.counters[key, default: 0] += amount } }
        func reset() { metrics.state.withLock { $0.counters[key] = 0 } }
    }

    /// A number that is set.
    private final class GaugeValue: RecorderHandler, MeterHandler {
        let metrics: TextMetrics
        let key: Key

        init(_ metrics: TextMetrics, _ key: Key) { (self.metrics, self.key) = (metrics, key) }

        func record(_ value: Int64) { set(Double(value)) }
        func record(_ value: Double) { set(value) }
        func set(_ value: Int64) { set(Double(value)) }
        func set(_ value: Double) { metrics.state.withLock { $0.gauges[key] = value } }
        func increment(by amount: Double) { metrics.state.withLock { $0.gauges[key, default: 0] += amount } }
        func decrement(by amount: Double) { increment(by: -amount) }
    }

    /// Durations.
    private final class TimerValue: TimerHandler {
        let metrics: TextMetrics
        let key: Key

        init(_ metrics: TextMetrics, _ key: Key) { (self.metrics, self.key) = (metrics, key) }

        func recordNanoseconds(_ duration: Int64) {
            let seconds = Double(duration) / 1e9
            let bucket = TextMetrics.bounds.firstIndex { seconds <= $0 } ?? TextMetrics.bounds.count
            metrics.state.withLock {
                $0.histograms[key, default: Histogram()].counts[bucket] += 1
                $0.histograms[key, default: Histogram()].sum += seconds
            }
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CounterValue(self, Self.key(label, dimensions, suffix: "_total"))
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        CounterValue(self, Self.key(label, dimensions, suffix: "_total"))
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        GaugeValue(self, Self.key(label, dimensions, suffix: ""))
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        GaugeValue(self, Self.key(label, dimensions, suffix: ""))
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        TimerValue(self, Self.key(label, dimensions, suffix: "_seconds"))
    }

    // Everything is kept, since there are few names and the routes are known.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
