import Tokenization

/// The tokenizer on texts as they come, and on one that is far over the limit.
struct TokenizerBenchmarks {
    /// The folder with `vocab.txt`.
    let model: String
    /// The file of texts.
    let input: String
    /// The most characters of a text.
    let cut: Int

    /// All texts, cut; and texts over the limit, whose cost must not grow with their length.
    var all: [Microbenchmark] {
        [
            Microbenchmark(name: "tokenizer, texts cut to \(cut) characters") {
                try tokenize(SampleTexts.read(from: input).map { String($0.unicodeScalars.prefix(cut)) })
            },
            Microbenchmark(name: "tokenizer, text of 100 kB") { try tokenizeOneText(byteCount: 100_000) },
            Microbenchmark(name: "tokenizer, text of 1 MB") { try tokenizeOneText(byteCount: 1_000_000) },
        ]
    }

    private func tokenize(_ texts: [String]) throws -> PreparedOperation {
        let tokenizer = try makeTokenizer()
        let tokens = texts.reduce(0) { $0 + tokenizer.encode($1).ids.count }
        return PreparedOperation(work: [.bytes(texts.reduce(0) { $0 + $1.utf8.count }), .tokens(tokens)]) {
            for text in texts { _ = tokenizer.encode(text) }
        }
    }

    /// The sample's texts one after another, as often as it takes.
    private func tokenizeOneText(byteCount: Int) throws -> PreparedOperation {
        let tokenizer = try makeTokenizer()
        let texts = try SampleTexts.read(from: input)
        var text = ""
        while text.utf8.count < byteCount { text += texts.joined(separator: " ") + " " }
        text = String(decoding: text.utf8.prefix(byteCount), as: UTF8.self)
        return PreparedOperation(work: [.texts(1)]) { _ = tokenizer.encode(text) }
    }

    private func makeTokenizer() throws -> WordPieceTokenizer {
        try WordPieceTokenizer(
            vocabulary: Vocabulary(contentsOf: model + "/vocab.txt"), maxTokens: ModelShape.maxTokens)
    }
}
