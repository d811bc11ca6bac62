import ArgumentParser
import Benchmarking
import CPUCompute
import CommandSupport
import FoundationEssentials
import Logging
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
            the text on its own. The last line recommends a batch size. instr/ns and FMA say what the core did between the \
            turns: instructions that do nothing and multiply-adds in registers (GFLOP/s) a nanosecond. Where the first is \
            half of what it can be, another guest of the machine sits on the core's second hardware thread.

            With several devices, as in --device cpu,cuda, each is measured in turn, with its figures in a table of its own \
            and its line in the chart; one that cannot be used is left out, and the reason is logged.

            With --baseline, an earlier --json output, the exit status is 65 if a batch size has lost more of its share of \
            the sgemm rate than --tolerance allows. It must be of the same model, texts and batch sizes.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "JSON lines, or - for standard input (default: \(BenchCommand.sample)). [EMBEDDING_INPUT]",
            valueName: "file"),
        completion: .file(extensions: ["jsonl"]))
    var input: String?

    @Option(help: ArgumentHelp("Texts in a batch, separated by commas.", valueName: "sizes"))
    var batchSizes = BatchSizes(EncodingBenchmark.Options().batchSizes)

    @Option(help: ArgumentHelp("How often each batch size is measured.", valueName: "count"))
    var repetitions = PositiveCount(EncodingBenchmark.Options().repetitions)

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Option(
        help: ArgumentHelp("Draw throughput over batch size as SVG.", valueName: "file.svg"),
        completion: .file(extensions: ["svg"]))
    var chart: String?

    @Option(help: ArgumentHelp("Compare with an earlier --json output.", valueName: "file"), completion: .file())
    var baseline: String?

    @Option(help: ArgumentHelp("How much of its share a batch size may lose, in percent.", valueName: "percent"))
    var tolerance = PositiveCount(10)

    private static let sample = "Scripts/sample/datasets.jsonl"

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let input = try settings.value(input, "EMBEDDING_INPUT") ?? Self.sample
            let before = try baseline.map { (path: $0, report: try Self.readReport($0)) }
            let texts = try Self.readTexts(input)
            let models = try model.loadables(settings)
            guard let folder = models.first?.folder, before == nil || models.count == 1 else {
                throw ValidationError("a baseline is of one device; give --device one")
            }
            if let before,
                let obstacle = before.report.obstacle(model: folder.name, batchSizes: batchSizes.values)
            {
                throw InputError.notComparable(before.path, reason: obstacle)
            }
            // Before anything is measured in vain.
            let others = [texts.file, before.flatMap { FileIdentity(at: $0.path) }].compactMap(\.self)
            let figure = try chart.map { try OutputFile($0, unlike: models[0].files.union(others)) }

            let log = Logger.standardError()
            var reports: [BenchmarkReport] = []
            for model in models {
                guard let encoder = try encoder(model, isOnly: models.count == 1, log) else { continue }
                reports.append(try await report(model, encoder, texts, before))
            }
            guard !reports.isEmpty else { return }

            if let figure {
                try figure.write(Array(ThroughputChart(reports).svg.utf8))
                try figure.finish()
            }
            let tables = reports.map { BenchmarkTable($0).description }.joined(separator: "\n\n")
            try StandardOutput.print(
                !json ? tables : try reports.count == 1 ? reports[0].json() : BenchmarkReport.json(reports))
            guard let before else { return }
            let regressions = reports[0].regressions(against: before.report, tolerance: Double(tolerance.value) / 100)
            guard regressions.isEmpty else {
                throw InputError.slower(regressions.map(\.description).joined(separator: "; "))
            }
        }
    }

    /// The model on its device; nil, with the reason in the log, for one of several devices that cannot be used.
    private func encoder(_ model: LoadableModel, isOnly: Bool, _ log: Logger) throws -> (any TextEncoder)? {
        do {
            return try model.load(log)
        } catch SentenceEncodingError.device(let reason) where !isOnly {
            log.notice(
                "the device is left out", metadata: ["device": "\(model.device.rawValue)", "reason": "\(reason)"])
            return nil
        }
    }

    private func report(
        _ model: LoadableModel, _ encoder: any TextEncoder, _ texts: Texts,
        _ before: (path: String, report: BenchmarkReport)?
    ) async throws -> BenchmarkReport {
        var options = EncodingBenchmark.Options()
        options.batchSizes = batchSizes.values
        options.repetitions = repetitions.value
        let isProcessor = encoder.deviceDescription.hasPrefix("cpu")
        let benchmark = EncodingBenchmark(
            texts: texts.lines.map(\.text), encoder: encoder, model: model.folder.configuration,
            processorCount: isProcessor ? model.allowance.workerCount : nil, options: options)
        if let before, let obstacle = before.report.obstacle(texts: texts.lines.count, tokens: benchmark.tokenCount) {
            throw InputError.notComparable(before.path, reason: obstacle)
        }
        return BenchmarkReport(
            model: model.folder.name, device: encoder.deviceDescription, threads: "\(model.allowance)",
            texts: texts.lines.count, tokens: benchmark.tokenCount, results: try await measure(benchmark, texts))
    }

    /// The texts of a file.
    private struct Texts {
        let name: String
        let file: FileIdentity
        let lines: [(text: String, number: Int)]
    }

    private static func readTexts(_ path: String) throws -> Texts {
        var input = try TextLines(path: path)
        var lines: [(text: String, number: Int)] = []
        while let line = try input.next() { lines.append((line.text, line.number)) }
        guard !lines.isEmpty else { throw InputError.unreadable(path, reason: "it holds no text") }
        input.logReplacements()
        return Texts(name: input.name, file: input.identity, lines: lines)
    }

    private func measure(_ benchmark: EncodingBenchmark, _ texts: Texts) async throws -> [BatchSizeResult] {
        var bar = ProgressBar(unit: "turns")
        defer { bar.clear() }
        do {
            return try await benchmark.run { bar.update(done: $0, share: Double($0) / Double(benchmark.turnCount)) }
        } catch EncodingBenchmarkError.notFinite(let text) {
            throw InputError.notFinite(file: texts.name, number: texts.lines[text].number)
        }
    }

    private static func readReport(_ path: String) throws -> BenchmarkReport {
        let text: String
        do {
            text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        } catch {
            throw InputError.noReport(path)
        }
        do {
            return try BenchmarkReport(json: text)
        } catch {
            throw InputError.noReport(path)
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
        guard values.count == sizes.count, Set(values).count == values.count,
            values.allSatisfy({ $0 <= Limits.batchSize })
        else { return nil }
        self.values = values
    }

    var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
