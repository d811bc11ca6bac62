/// Why a vocabulary or a tokenizer could not be made.
public enum TokenizationError: Error, Equatable {
    /// The vocabulary file could not be read.
    case unreadableVocabulary(path: String, reason: String)
    /// The vocabulary holds no token.
    case emptyVocabulary(path: String)
    /// The vocabulary is larger than token ids and the lookup structure are made for.
    case vocabularyTooLarge(path: String, byteCount: Int, limit: Int)
    /// A line of the vocabulary is not valid UTF-8.
    case invalidUTF8(path: String, line: Int)
    /// A line of the vocabulary holds no token although others follow it.
    case blankLine(path: String, line: Int)
    /// Two lines, or ids, of the vocabulary hold the same token.
    case duplicateToken(String, path: String, firstLine: Int, secondLine: Int)
    /// The vocabulary lacks a special token.
    case missingSpecialToken(String)
    /// An added token is spelled with nothing.
    case emptyAddedToken
    /// Normalization leaves nothing of an added token, so that it would be everywhere.
    case vanishingAddedToken(String)
    /// Two added tokens are the same when they are normalized.
    case twinAddedTokens(String, String)
    /// An added token takes away blanks that another begins or ends with.
    case contestedBlanks(stripping: String, token: String)
    /// The added tokens are larger than the lookup structure is made for.
    case tooManyAddedTokens(byteCount: Int, limit: Int)
    /// A prompt leaves no room for text.
    case promptTooLong(maxTokens: Int)
    /// No token of text would fit between the first and the last special token.
    case maxTokensTooSmall(Int, minimum: Int)
    /// Every word would be longer than allowed.
    case maxWordLengthTooSmall(Int, minimum: Int)
}

extension TokenizationError: CustomStringConvertible {
    /// What happened, to which thing, and what to do about it.
    public var description: String {
        switch self {
        case .unreadableVocabulary(let path, let reason):
            "the vocabulary \(path) could not be read: \(reason); check that the file exists and may be read"
        case .emptyVocabulary(let path):
            "the vocabulary \(path) holds no token; get the file again from where the model comes"
        case .vocabularyTooLarge(let path, let byteCount, let limit):
            "the vocabulary \(path) has \(byteCount) bytes, at most \(limit) are supported; "
                + "check that it is a vocab.txt with one token a line"
        case .invalidUTF8(let path, let line):
            "line \(line) of the vocabulary \(path) is not valid UTF-8; get the file again from where the model comes"
        case .blankLine(let path, let line):
            "line \(line) of the vocabulary \(path) is blank, so the ids of the lines after it are in doubt; "
                + "get the file again from where the model comes"
        case .duplicateToken(let token, let path, let firstLine, let secondLine):
            "the vocabulary \(path) has the token \"\(token)\" on line \(firstLine) and again on line \(secondLine); "
                + "get the file again from where the model comes"
        case .missingSpecialToken(let token):
            "the vocabulary lacks the special token \"\(token)\"; "
                + "check that the vocabulary and the spellings of the special tokens belong to the same model"
        case .emptyAddedToken:
            "an added token is spelled with nothing; remove it from the tokenizer's files"
        case .vanishingAddedToken(let token):
            "normalization leaves nothing of the added token \"\(token)\", which is therefore not supported; "
                + "use another model"
        case .twinAddedTokens(let one, let other):
            "the added tokens \"\(one)\" and \"\(other)\" are the same when they are normalized, which is not supported; "
                + "use another model"
        case .contestedBlanks(let stripping, let token):
            "the added token \"\(stripping)\" strips blanks, and \"\(token)\" begins or ends with one, which is not "
                + "supported; use another model"
        case .tooManyAddedTokens(let byteCount, let limit):
            "the added tokens have \(byteCount) bytes, at most \(limit) are supported; use another model"
        case .promptTooLong(let maxTokens):
            "the prompt leaves no room for text in the \(maxTokens) tokens that the model reads; shorten it"
        case .maxTokensTooSmall(let maxTokens, let minimum):
            "a limit of \(maxTokens) tokens leaves no room for text; set it to \(minimum) or more"
        case .maxWordLengthTooSmall(let maxWordLength, let minimum):
            "a limit of \(maxWordLength) characters a word makes every word unknown; set it to \(minimum) or more"
        }
    }
}
