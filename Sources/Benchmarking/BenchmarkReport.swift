internal import FoundationEssentials

/// A benchmark with what is needed to compare it with another.
public struct BenchmarkReport: Codable, Equatable, Sendable {
    /// The model and its fingerprint.
    public let model: String
    /// The device and the kernels in use.
    public let device: String
    /// The number of workers and why.
    public let threads: String
    /// How many texts were encoded, and how many tokens they have after truncation.
    public let texts, tokens: Int
    /// One entry a batch size, in the order in which they were asked for.
    public let results: [BatchSizeResult]

    /// Puts a report together; there must be one result at least.
    public init(
        model: String, device: String, threads: String, texts: Int, tokens: Int, results: [BatchSizeResult]
    ) {
        precondition(!results.isEmpty, "nothing was measured")
        self.model = model
        self.device = device
        self.threads = threads
        self.texts = texts
        self.tokens = tokens
        self.results = results
    }

    /// The smallest batch size that reaches 97 % of the best rate: larger ones only take more memory and lose more when a
    /// batch is given up.
    public var recommendedBatchSize: Int {
        let best = results.map(\.rowsPerSecond.median).max() ?? 0
        let good = results.filter { $0.rowsPerSecond.median >= 0.97 * best }
        return good.map(\.batchSize).min() ?? results[0].batchSize
    }

    /// The report as JSON of several lines, which ``init(json:)`` reads.
    public func json() throws -> String {
        try Self.json(self)
    }

    /// Any report of measurements, or several, as JSON of the same form.
    package static func json(_ report: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    /// Reads what ``json()`` wrote.
    public init(json: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(Self.self, from: Data(json.utf8))
        guard !results.isEmpty else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "it has no results"))
        }
    }
}

extension BenchmarkReport {
    /// A batch size that has become slower than it was.
    public struct Regression: Equatable, Sendable, CustomStringConvertible {
        /// Texts in a batch.
        public let batchSize: Int
        /// The share of the `sgemm` rate then and now.
        public let before, now: Double

        /// What happened to which batch size.
        public var description: String {
            "batch size \(batchSize) reaches \(BenchmarkReport.percent(now)) of the sgemm rate, \(BenchmarkReport.percent(before)) in the baseline"
        }
    }

    /// What keeps a report from being compared with one that is yet to be measured; nil if nothing does.
    ///
    /// - Parameters:
    ///   - model: The name of the model to be measured.
    ///   - batchSizes: The batch sizes to be measured, each of which this report must have.
    public func obstacle(model: String, batchSizes: [Int]) -> String? {
        guard self.model == model else { return "it is of the model \(self.model), not of \(model)" }
        guard results.allSatisfy({ $0.gemmShare != nil }) else {
            return "it is of a GPU, beside which no sgemm was measured"
        }
        let absent = batchSizes.filter { size in !results.contains { $0.batchSize == size } }
        return absent.isEmpty ? nil : "it lacks batch sizes \(absent.map(String.init).joined(separator: ", "))"
    }

    /// What keeps a report from being compared with one of as many texts and tokens; nil if nothing does.
    public func obstacle(texts: Int, tokens: Int) -> String? {
        guard (texts, tokens) != (self.texts, self.tokens) else { return nil }
        return "it is of \(self.texts) texts with \(self.tokens) tokens, not of \(texts) with \(tokens)"
    }

    /// The batch sizes of both reports whose share of the `sgemm` rate has fallen by more than a part of it.
    ///
    /// Ratios measured alternately are compared, not times: the same machine is not equally fast twice.
    public func regressions(against baseline: BenchmarkReport, tolerance: Double) -> [Regression] {
        let shares = baseline.results.compactMap { result in result.gemmShare.map { (result.batchSize, $0.median) } }
        let before = Dictionary(shares) { first, _ in first }
        return results.compactMap { result in
            guard let old = before[result.batchSize], let now = result.gemmShare?.median, now < (1 - tolerance) * old
            else { return nil }
            return Regression(batchSize: result.batchSize, before: old, now: now)
        }
    }

    /// A share as a percentage with one decimal.
    package static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
