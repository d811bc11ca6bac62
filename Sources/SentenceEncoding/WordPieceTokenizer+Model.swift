public import Tokenization

extension WordPieceTokenizer {
    /// Makes the tokenizer of a model: its vocabulary, its options and its length limit.
    public init(model: ModelFolder) throws(SentenceEncodingError) {
        do throws(TokenizationError) {
            try self.init(
                vocabulary: model.vocabulary, options: model.tokenizerOptions, maxTokens: model.maxTokens)
        } catch {
            throw .vocabulary(error)
        }
        guard idCount <= model.configuration.vocabSize else {
            throw .vocabularySize(path: model.path, expected: model.configuration.vocabSize, got: idCount)
        }
    }

    /// The prompt that stands before each text that is stored, prepared; `nil` if there is none.
    package func documentPrompt(of model: ModelFolder) throws(SentenceEncodingError) -> Prompt? {
        try prepared(model.prompts.document)
    }

    /// The prompt that stands before each text that is searched with, likewise.
    package func queryPrompt(of model: ModelFolder) throws(SentenceEncodingError) -> Prompt? {
        try prepared(model.prompts.query)
    }

    private func prepared(_ text: String) throws(SentenceEncodingError) -> Prompt? {
        guard !text.isEmpty else { return nil }
        do throws(TokenizationError) {
            return try prompt(text)
        } catch {
            throw .vocabulary(error)
        }
    }
}
