import ArgumentParser
import Benchmarking
import CPUCompute
import CommandSupport
import FoundationEssentials
import ModelLoading
import SentenceEncoding

/// `embedding-job bench`: how fast which batch size is on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Compare batch sizes on this machine, without a database.",
        discussion: """
            Encodes the same texts at every batch size in turn, tokenization included, and prints rows and tokens a second, \
            the share of what sgemm alone achieves, processor time, peak memory and the largest difference to the vector of \
            the text on its own. The last line recommends a batch size.

            With --baseline, an earlier --json output, the exit status is 65 if a batch size has lost more of its share of \
            the sgemm rate than --tolerance allows.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "JSON lines, or - for standard input (default: \(BenchCommand.sample)). [EMBEDDING_INPUT]",
            valueName: "file"))
    var input: String?

    @Option(help: ArgumentHelp("Texts in a batch, separated by commas.", valueName: "sizes"))
    var batchSizes = BatchSizes(EncodingBenchmark.Options().batchSizes)

    @Option(help: ArgumentHelp("How often each batch size is measured.", valueName: "count"))
    var repetitions = PositiveCount(EncodingBenchmark.Options().repetitions)

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Option(help: ArgumentHelp("Draw throughput over batch size as SVG.", valueName: "file.svg"))
    var chart: String?

    @Option(help: ArgumentHelp("Compare with an earlier --json output.", valueName: "file"))
    var baseline: String?

    @Option(help: ArgumentHelp("How much of its share a batch size may lose, in percent.", valueName: "percent"))
    var tolerance = PositiveCount(10)

    private static let sample = "Scripts/sample/datasets.jsonl"

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let input = try settings.value(input, "EMBEDDING_INPUT") ?? Self.sample
            let before = try baseline.map(Self.readReport)
            let model = try model.loadable(settings)
            let texts = try await TextLines(contentsOf: input).map { try $0.get().text }
            guard !texts.isEmpty else { throw InputError.unreadable(input, reason: "it holds no text") }

            let encoder = try model.load()
            var options = EncodingBenchmark.Options()
            options.batchSizes = batchSizes.values
            options.repetitions = repetitions.value
            let benchmark = EncodingBenchmark(
                texts: texts, encoder: encoder, model: model.folder.configuration,
                workerCount: model.allowance.workerCount,
                options: options)
            var bar = ProgressBar(total: benchmark.turnCount)
            let results = try await benchmark.run { bar.update(done: $0) }
            bar.clear()
            let report = BenchmarkReport(
                model: model.folder.name, device: encoder.deviceDescription, threads: "\(model.allowance)",
                texts: texts.count,
                tokens: benchmark.tokenCount, results: results)

            print(json ? try report.json() : BenchmarkTable(report).description)
            if let chart { try Self.write(ThroughputChart(report).svg, to: chart) }
            guard let before else { return }
            let regressions = report.regressions(against: before, tolerance: Double(tolerance.value) / 100)
            guard regressions.isEmpty else {
                throw InputError.slower(regressions.map(\.description).joined(separator: "; "))
            }
        }
    }

    private static func readReport(_ path: String) throws -> BenchmarkReport {
        let text: String
        do {
            text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        } catch {
            throw InputError.unreadable(path, reason: "name a file that bench --json has printed")
        }
        do {
            return try BenchmarkReport(json: text)
        } catch {
            throw InputError.malformedLine(file: path, number: 1, reason: "it is not what bench --json prints")
        }
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            throw InputError.unwritable(path, reason: "\(error)")
        }
    }
}

/// Batch sizes such as `1,8,64`.
struct BatchSizes: ExpressibleByArgument {
    let values: [Int]

    init(_ values: [Int]) {
        self.values = values
    }

    init?(argument: String) {
        let sizes = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            PositiveCount(argument: String($0))
        }
        let values = sizes.compactMap { $0?.value }
        guard values.count == sizes.count, Set(values).count == values.count else { return nil }
        self.values = values
    }

    var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
