/// How fast the encoder is on some rows, for estimates.
struct SampleMeasurement: Sendable {
    /// Rows that were encoded, those that failed among them.
    private(set) var rows = 0
    /// Tokens of the rows that got a vector.
    private(set) var tokens = 0
    /// What failed.
    private(set) var failures: [FailedRow] = []
    private var spent = Duration.zero

    /// Encodes the rows, or as many of them as the time allows; one at least.
    init(of sample: [DatasetRow], _ encoder: RowEncoder, within time: Duration) async throws {
        let start = ContinuousClock.now
        var next = 8
        while rows < sample.count, rows == 0 || spent < time {
            let page = sample[rows..<min(rows + next, sample.count)]
            let batch = try await encoder.encode(Array(page))
            failures += batch.failures
            tokens += batch.rows.reduce(0) { $0 + $1.tokens }
            rows += page.count
            spent = ContinuousClock.now - start
            // As many as the time left should be enough for, at the pace so far.
            next = max(1, Int(min(Double(sample.count), Double(rows) * ((time - spent) / spent))))
        }
    }

    /// 0 if there was nothing to encode.
    var tokensPerSecond: Double { tokens > 0 ? Double(tokens) / (spent / .seconds(1)) : 0 }

    /// 0 if there was nothing to encode.
    var tokensPerRow: Double { rows > 0 ? Double(tokens) / Double(rows) : 0 }
}
