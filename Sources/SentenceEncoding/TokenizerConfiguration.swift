import Tokenization

/// `tokenizer_config.json`, as far as it decides ids; absent keys keep the reference's defaults.
struct TokenizerConfiguration {
    /// How text becomes tokens.
    let options: WordPieceTokenizer.Options
    /// The length limit in tokens, which counts only where `sentence_bert_config.json` has none.
    let modelMaxLength: Int?

    /// Reads the file; the tokenizer is that of the model's architecture where the file does not name one.
    init(
        _ reader: FolderReader, file: String, modelType: String, lowercases: Bool
    ) throws(SentenceEncodingError) {
        let values = try reader.decode(File.self, from: file)
        let name = values.tokenizerClass ?? (modelType == "mpnet" ? "MPNetTokenizer" : "BertTokenizer")
        var options = WordPieceTokenizer.Options()
        switch name.hasSuffix("Fast") ? String(name.dropLast(4)) : name {
        case "BertTokenizer": break
        case "MPNetTokenizer":
            (options.classificationToken, options.separatorToken) = ("<s>", "</s>")
            (options.paddingToken, options.maskToken) = ("<pad>", "<mask>")
        default:
            throw .unsupported(
                file: reader.path(file), key: "tokenizer_class", value: name,
                supported: "one of BertTokenizer, MPNetTokenizer")
        }
        options.classificationToken = values.clsToken?.content ?? options.classificationToken
        options.separatorToken = values.sepToken?.content ?? options.separatorToken
        options.unknownToken = values.unkToken?.content ?? options.unknownToken
        options.paddingToken = values.padToken?.content ?? options.paddingToken
        options.maskToken = values.maskToken?.content ?? options.maskToken

        // The reference puts one more lower-casing in front, where the tokenizer does none, and leaves accents alone.
        let ownLowercase = values.doLowerCase ?? true
        options.lowercase = ownLowercase || lowercases
        options.stripAccents = values.stripAccents ?? (options.lowercase == ownLowercase ? nil : false)
        options.handleChineseCharacters = values.tokenizeChineseChars ?? true
        try values.refuseMoreTokens(than: options, file: reader.path(file))
        self.options = options
        // A tokenizer without a limit has one of 10³⁰.
        modelMaxLength = values.modelMaxLength.map { Int(min(max($0, 0), 1e9)) }
    }

    private struct File: Decodable {
        let tokenizerClass: String?
        let doLowerCase, stripAccents, tokenizeChineseChars: Bool?
        let clsToken, sepToken, unkToken, padToken, maskToken: SpecialToken?
        let additionalSpecialTokens: [SpecialToken]?
        let addedTokensDecoder: [String: SpecialToken]?
        let modelMaxLength: Double?

        /// Refuses tokens beside the five, which would be taken for text.
        ///
        /// One is harmless: MPNet's `<unk>`, which its tokenizer never makes.
        func refuseMoreTokens(than options: WordPieceTokenizer.Options, file: String) throws(SentenceEncodingError) {
            let known: Set = [
                options.classificationToken, options.separatorToken, options.unknownToken, options.paddingToken,
                options.maskToken, "<unk>",
            ]
            for (key, tokens) in [
                ("additional_special_tokens", additionalSpecialTokens ?? []),
                ("added_tokens_decoder", addedTokensDecoder.map { Array($0.values) } ?? []),
            ] {
                guard let token = tokens.map(\.content).filter({ !known.contains($0) }).min() else { continue }
                throw .unsupported(file: file, key: key, value: token, supported: "the five special tokens")
            }
        }
    }

    /// A spelling, either by itself or with properties that do not change ids.
    private struct SpecialToken: Decodable {
        let content: String

        private enum CodingKeys: CodingKey { case content }

        init(from decoder: any Decoder) throws {
            if let container = try? decoder.container(keyedBy: CodingKeys.self) {
                content = try container.decode(String.self, forKey: .content)
            } else {
                content = try decoder.singleValueContainer().decode(String.self)
            }
        }
    }
}
