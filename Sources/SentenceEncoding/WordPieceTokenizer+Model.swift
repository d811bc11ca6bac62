public import Tokenization

extension WordPieceTokenizer {
    /// Loads the tokenizer of a model: its vocabulary, its options and its length limit.
    public init(model: ModelFolder) throws(SentenceEncodingError) {
        let file = model.path + "/vocab.txt"
        let count: Int
        do throws(TokenizationError) {
            let vocabulary = try Vocabulary(contentsOf: file)
            count = vocabulary.count
            try self.init(vocabulary: vocabulary, options: model.tokenizerOptions, maxTokens: model.maxTokens)
        } catch {
            throw .vocabulary(error)
        }
        guard count <= model.configuration.vocabSize else {
            throw .vocabularySize(file: file, expected: model.configuration.vocabSize, got: count)
        }
    }
}
