import Tokenization

/// A registered token as a folder's files describe it.
struct TokenProperties: Equatable {
    let content: String
    var isSpecial: Bool
    /// Absent where the file does not say: then it is what is not special that is looked for in normalized text.
    var isNormalized: Bool?
    var isSingleWord = false
    /// Whether blanks beside the token are taken away with it.
    var stripsBlanks = false

    /// A token that is nothing but its spelling.
    init(_ content: String, isSpecial: Bool, isNormalized: Bool? = nil) {
        (self.content, self.isSpecial, self.isNormalized) = (content, isSpecial, isNormalized)
    }

    /// Reads the form of an object.
    init(_ settings: Settings, hasID: Bool = false, isSpecial: Bool? = nil) throws(SentenceEncodingError) {
        try settings.allowOnly(
            ["content", "single_word", "lstrip", "rstrip", "normalized", "special", hasID ? "id" : "__type"])
        guard let content = try settings.string("content") else { throw settings.malformed("content", "a text") }
        self.content = content
        let special = try settings.bool("special")
        self.isSpecial = isSpecial ?? special ?? false
        isNormalized = try settings.bool("normalized")
        isSingleWord = try settings.bool("single_word") ?? false
        let strips = (try settings.bool("lstrip") ?? false, try settings.bool("rstrip") ?? false)
        stripsBlanks = strips.0 || strips.1
    }

    /// Whether both have the same bytes.
    func spells(_ other: String) -> Bool { content.utf8.elementsEqual(other.utf8) }

    /// As the tokenizer takes it.
    var token: AddedToken {
        AddedToken(
            content, isSingleWord: isSingleWord, isNormalized: isNormalized ?? !isSpecial, isSpecial: isSpecial,
            stripsBlanks: stripsBlanks)
    }
}
