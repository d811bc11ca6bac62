import ArgumentParser
import CommandSupport
import Logging
import ModelLoading
import SentenceEncoding
import Tokenization

/// `embedding-job encode`: texts of a file to vectors of a file.
struct EncodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encode",
        abstract: "Encode the texts of a JSON lines file.",
        discussion: """
            Each line has "text", or "title" and "description" (then the template of the table applies), and may have an \
            "id". Row order is kept. A blank text gets the vector that the reference gives it.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(help: ArgumentHelp("JSON lines, or - for standard input. [EMBEDDING_INPUT]", valueName: "file"))
    var input: String?

    @Option(
        help: ArgumentHelp(
            "FILE.npy (float32, one row a text), FILE.jsonl, or - for JSON lines on standard output. [EMBEDDING_OUTPUT]",
            valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Texts encoded together (default: 1000). [EMBEDDING_BATCH_SIZE]", valueName: "texts"))
    var batchSize: PositiveCount?

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let input = try settings.required(input, "--input", "EMBEDDING_INPUT")
            let output = try settings.required(output, "--output", "EMBEDDING_OUTPUT")
            let batchSize = try settings.value(batchSize, "EMBEDDING_BATCH_SIZE")?.value ?? 1000
            let model = try model.loadable(settings)
            let lines = try await TextLines(contentsOf: input).map { try $0.get() }
            var file = try VectorFile(path: output, dimension: model.folder.configuration.hiddenSize)
            do {
                let encoder = try model.load()
                try await encode(lines, encoder, batchSize, &file)
                try file.finish()
            } catch {
                file.discard()
                throw error
            }
        }
    }

    /// Batch by batch, so that memory does not grow with the vectors.
    private func encode(
        _ lines: [TextLines.Line], _ encoder: any TextEncoder, _ batchSize: Int, _ file: inout VectorFile
    ) async throws {
        let start = ContinuousClock.now
        var tokens = 0
        var bar = ProgressBar(total: lines.count)
        for first in stride(from: 0, to: lines.count, by: batchSize) {
            let batch = lines[first..<min(first + batchSize, lines.count)]
            let texts = batch.map { encoder.tokenize($0.text) }
            tokens += texts.reduce(0) { $0 + $1.ids.count }
            try file.append(try await encoder.encode(texts), ids: batch.map(\.id))
            bar.update(done: batch.endIndex)
        }
        bar.clear()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        Logger.standardError().info(
            "encoded",
            metadata: [
                "texts": "\(lines.count)", "tokens": "\(tokens)", "seconds": "\((seconds * 1000).rounded() / 1000)",
                "texts_per_second": "\(Int(Double(lines.count) / seconds))", "device": "\(encoder.deviceDescription)",
            ])
    }
}
