/// What somebody looks for, in the language of `websearch_to_tsquery`: words, `"phrases"`, `OR`, and a minus before what is not
/// wanted.
public struct Question: Sendable, Equatable {
    /// As it was asked, but for typographic quotation marks.
    public let text: String
    /// What a model reads: without operators, and without what is not wanted.
    public let words: String

    /// The most bytes of a question; the models at hand read less.
    public static let byteLimit = 2000

    /// Takes a question, or throws what is wrong with it.
    public init(_ text: String) throws(QuestionError) {
        guard text.utf8.count <= Self.byteLimit else { throw .tooLong(bytes: text.utf8.count) }
        guard !text.utf8.contains(0) else { throw .holdsNUL }
        // As phones and word processors write quotation marks.
        let text = String(text.map { "“”„‟".contains($0) ? "\"" : $0 })
        words = Self.words(of: text)
        guard words.contains(where: { !$0.isWhitespace }) else { throw .blank }
        self.text = text
    }

    /// The pieces of the question that are wanted; `search.sql` divides it alike.
    private static func words(of text: String) -> String {
        var pieces: [Substring] = []
        var rest = text.drop(while: \.isWhitespace)[...]
        while let first = rest.first {
            let piece: Substring
            if first == "\"" {
                piece = takeQuoted(&rest)
                pieces.append(piece)
            } else if first == "-", let next = rest.dropFirst().first, !next.isWhitespace {
                rest = rest.dropFirst()
                if next == "\"" { _ = takeQuoted(&rest) } else { _ = take(&rest) }
            } else {
                piece = take(&rest)
                if piece != "OR" { pieces.append(piece) }
            }
            rest = rest.drop(while: \.isWhitespace)
        }
        return pieces.joined(separator: " ")
    }

    private static func take(_ rest: inout Substring) -> Substring {
        let piece = rest.prefix { !$0.isWhitespace && $0 != "\"" }
        rest = rest.dropFirst(piece.count)
        return piece
    }

    private static func takeQuoted(_ rest: inout Substring) -> Substring {
        let inside = rest.dropFirst().prefix { $0 != "\"" }
        rest = rest.dropFirst(inside.count + 2)
        return inside
    }
}

/// Why a question cannot be asked.
public enum QuestionError: Error, Equatable, CustomStringConvertible {
    /// Nothing is wanted.
    case blank
    /// It is longer than ``Question/byteLimit``.
    case tooLong(bytes: Int)
    /// It holds a character of value 0, which no text of PostgreSQL can.
    case holdsNUL

    /// The fault in words.
    public var description: String {
        switch self {
        case .blank: "the question has no words; say what is looked for"
        case .tooLong(let bytes):
            "the question has \(bytes) bytes, more than the \(Question.byteLimit) that are read; shorten it"
        case .holdsNUL: "the question holds a NUL character; leave it out"
        }
    }
}
