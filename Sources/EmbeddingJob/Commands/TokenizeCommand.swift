import ArgumentParser
import CommandSupport
import ModelLoading
import SentenceEncoding
import Tokenization

/// `embedding-job tokenize`: texts of a file to token ids.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Print the token ids of the texts of a JSON lines file.",
        discussion: """
            One line {"ids":[…],"truncated":true|false} a text, special tokens included, cut at the model's length limit. \
            The input is that of encode.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(help: ArgumentHelp("JSON lines, or - for standard input. [EMBEDDING_INPUT]", valueName: "file"))
    var input: String?

    func run() async throws {
        try await Self.reportingFailures {
            let settings = try await Settings()
            let input = try settings.required(input, "--input", "EMBEDDING_INPUT")
            var lines = try TextLines(path: input)
            try StandardOutput.mustNotBe([lines.identity])
            let folder = try model.folder(settings)
            let tokenizer = try WordPieceTokenizer(model: folder)
            let prompt = try tokenizer.documentPrompt(of: folder)
            while let line = try lines.next() {
                let text = prompt.map { tokenizer.encode(line.text, after: $0) } ?? tokenizer.encode(line.text)
                let ids = text.ids.map(String.init).joined(separator: ",")
                try StandardOutput.write(Array("{\"ids\":[\(ids)],\"truncated\":\(text.isTruncated)}\n".utf8))
            }
            lines.logReplacements()
        }
    }
}
