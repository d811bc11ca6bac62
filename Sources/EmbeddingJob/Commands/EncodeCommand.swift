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
            "id", a string or a whole number. Row order is kept. A blank text gets the vector that the reference gives it. \
            Half of a surrogate pair, such as \\ud83d, is read as U+FFFD and counted in the log.

            The output appears when it is complete, and keeps mode and owner of the file that it replaces. The input may \
            be larger than the memory; a line has at most 16 MiB.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(
        help: ArgumentHelp("JSON lines, or - for standard input. [EMBEDDING_INPUT]", valueName: "file"),
        completion: .file(extensions: ["jsonl"]))
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
            let batchSize =
                try settings.count(batchSize, "--batch-size", "EMBEDDING_BATCH_SIZE", atMost: Limits.batchSize) ?? 1000
            // What can be refused at once is not refused after the weights were hashed.
            let format = try VectorFile.Format(path: output)
            var lines = try TextLines(path: input)
            let model = try model.loadable(settings)
            var file = try VectorFile(
                path: output, format: format, dimension: model.folder.dimension,
                unlike: model.files.union([lines.identity]))
            let log = Logger.standardError()
            let encoder = try model.load(log)
            let start = ContinuousClock.now
            let (texts, tokens) = try await encode(&lines, encoder, batchSize, &file)
            try file.finish()
            lines.logReplacements()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            log.info(
                "encoded",
                metadata: [
                    "texts": "\(texts)", "tokens": "\(tokens)", "seconds": "\((seconds * 1000).rounded() / 1000)",
                    "texts_per_second": "\(Int(Double(texts) / seconds))", "device": "\(encoder.deviceDescription)",
                ])
        }
    }

    /// Batch by batch, so that memory grows neither with the texts nor with the vectors.
    private func encode(
        _ lines: inout TextLines, _ encoder: any TextEncoder, _ batchSize: Int, _ file: inout VectorFile
    ) async throws -> (texts: Int, tokens: Int) {
        var (texts, tokens) = (0, 0)
        var bar = ProgressBar(unit: "texts")
        defer { bar.clear() }
        while true {
            // The tokens, which are few, not the texts.
            var batch: [(id: String, line: Int, text: TokenizedText)] = []
            var defect: InputError?
            do {
                while batch.count < batchSize, let line = try lines.next() {
                    batch.append((line.id, line.number, encoder.tokenize(line.text)))
                }
            } catch {
                // The texts before it get their vectors, which on standard output is not in vain.
                defect = error
            }
            if !batch.isEmpty {
                let vectors = try await encoder.encode(batch.map(\.text))
                let finite = vectors.prefix { $0.allSatisfy(\.isFinite) }
                try file.append(finite, ids: batch.map(\.id))
                guard finite.count == batch.count else {
                    throw InputError.notFinite(file: lines.name, number: batch[finite.count].line)
                }
            }
            texts += batch.count
            tokens += batch.reduce(0) { $0 + $1.text.ids.count }
            if let defect { throw defect }
            guard batch.count == batchSize else { return (texts, tokens) }
            bar.update(done: texts, share: lines.share)
        }
    }
}
