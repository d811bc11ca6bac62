import Benchmarking
import DatasetTable

/// What was measured, in the order in which it was asked for.
struct MicrobenchmarkReport: Encodable {
    /// The engines that multiply matrices, with the instructions that they use on this machine.
    let engines: [String]
    let repetitions: Int
    /// What `sgemm` alone did between the turns, in operations a second; absent if nothing was compared with it.
    let gemmRate: Spread?
    let results: [OperationResult]
}

/// The rate of one operation in one unit.
struct OperationResult: Encodable {
    let operation: String
    let unit: Work.Unit
    /// How much of the unit one call does.
    let amount: Double
    /// Units a second.
    let rate: Spread
    /// The rate over that of `sgemm` just before; absent for what is no arithmetic.
    let gemmShare: Spread?

    init(operation: String, work: Work, turns: [Turn]) {
        let rates = turns.map { $0.callsPerSecond * work.amount }
        let gemmRates = turns.compactMap(\.gemmRate)
        self.operation = operation
        unit = work.unit
        amount = work.amount
        rate = Spread(rates)
        gemmShare = unit == .operations ? Spread(zip(rates, gemmRates).map { $0 / $1 }) : nil
    }
}

extension MicrobenchmarkReport {
    /// The report for people.
    var table: String {
        let rows = results.map { result in
            let (divisor, unit) = result.unit.scale
            return [
                result.operation, BenchmarkTable.decimal(result.rate.median / divisor, 1), unit,
                BenchmarkTable.decimal(result.rate.percentAroundMedian, 1),
                result.gemmShare.map { BenchmarkReport.percent($0.median) } ?? "–",
                result.gemmShare.map { BenchmarkTable.decimal($0.percentAroundMedian, 1) } ?? "–",
            ]
        }
        let table = TextTable(
            heading: ["operation", "median", "", "± %", "of sgemm", "± %"], rows: rows, nameColumns: [0])
        let rate = gemmRate.map { ", sgemm at \(BenchmarkTable.decimal($0.median / 1e9, 1)) GFLOP/s" } ?? ""
        let title = "one thread, \(repetitions) repetitions in turn, \(engines.joined(separator: " and "))\(rate)"
        return [title, "", table.description].joined(separator: "\n")
    }
}

extension Work.Unit {
    /// What a rate is divided by to be read, and the unit that it then has.
    fileprivate var scale: (divisor: Double, name: String) {
        switch self {
        case .operations: (1e9, "GFLOP/s")
        case .bytes: (1e6, "MB/s")
        case .tokens: (1e6, "Mtokens/s")
        case .texts: (1, "texts/s")
        }
    }
}
