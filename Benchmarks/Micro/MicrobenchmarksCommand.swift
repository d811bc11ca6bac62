import ArgumentParser
import Benchmarking
import DatasetTable

/// The command line of `microbenchmarks`.
@main
struct MicrobenchmarksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "microbenchmarks",
        abstract: "Measures each operation of embedding-job on its own, on one thread.",
        discussion: """
            All operations take turns. Before each turn of an arithmetic one, sgemm alone is measured: on a machine whose \
            speed varies, the share of its rate is what can be compared.
            """)

    @Option(help: ArgumentHelp("Only operations with this in their name, in either case.", valueName: "name"))
    var filter: String?

    @Option(help: ArgumentHelp("How often each operation is measured.", valueName: "count"))
    var repetitions = 7

    @Option(help: ArgumentHelp("Texts for the tokenizer, JSON lines as encode takes them.", valueName: "file"))
    var input = "Scripts/sample/datasets.jsonl"

    @Option(help: ArgumentHelp("Characters of a text that the tokenizer gets.", valueName: "count"))
    var cut = 1_500

    @Option(help: ArgumentHelp("Model folder, for its vocabulary.", valueName: "folder"))
    var model = "weights/all-MiniLM-L6-v2"

    @Flag(
        help:
            "Print only what the core does at the moment: instructions and register multiply-adds a nanosecond, as JSON."
    )
    var coreRates = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        guard repetitions > 0, cut > 0 else {
            throw ValidationError("--repetitions and --cut are 1 at least")
        }
    }

    func run() async throws {
        guard !coreRates else { return print(try BenchmarkReport.json(CoreRates.measure())) }
        let tokenizer = TokenizerBenchmarks(model: model, input: input, cut: cut)
        let all = LayerBenchmarks.all + ActivationBenchmarks.all + tokenizer.all + StorageBenchmarks.all
        let wanted = filter?.lowercased() ?? ""
        let chosen = all.filter { wanted.isEmpty || $0.name.lowercased().contains(wanted) }
        guard !chosen.isEmpty else { throw MicrobenchmarkError.noMatch(wanted) }
        var measurement = try Measurement(chosen)
        let report = try await measurement.run(repetitions: repetitions)
        print(json ? try BenchmarkReport.json(report) : report.table)
    }
}
