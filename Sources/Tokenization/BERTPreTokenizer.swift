/// The second stage: cuts normalized text into words, a punctuation character being a word of its own.
///
/// Special tokens are looked for in the text as it came, so that `[SEP]` is neither lowercased nor cut at the brackets;
/// the stretches between them are normalized each on its own.
///
/// A value walks through one text: each call of `next(in:)` reads just as far as the end of the next word.
struct BERTPreTokenizer {
    /// What the walk has come to.
    enum Piece {
        /// The word is in `word`.
        case word
        /// A special token spelled out in the text.
        case specialToken(id: Int32)
    }

    private let normalizer: BERTNormalizer
    private let specialTokens: SpecialTokens
    /// What the normalizer made of the text before `position` and no word holds yet.
    private var scalars: NormalizedScalars
    /// How many bytes of the text have been read.
    private(set) var position = 0

    /// The latest word.
    private(set) var word: Word

    /// Starts at the beginning of a text.
    init(normalizer: BERTNormalizer, specialTokens: SpecialTokens, maxWordLength: Int) {
        self.normalizer = normalizer
        self.specialTokens = specialTokens
        scalars = NormalizedScalars(maxWordLength: maxWordLength)
        word = Word(maxLength: maxWordLength)
    }

    /// Reads the next word or special token of `text`, which must be the same text in all calls.
    mutating func next(in text: Span<UInt8>) -> Piece? {
        word.removeAll()
        while true {
            if takeWord() { return .word }
            guard position < text.count else {
                if scalars.endSequence() { continue }
                return word.isEmpty ? nil : .word
            }
            if let match = specialTokens.match(in: text, at: position) {
                if scalars.endSequence() { continue }
                if !word.isEmpty { return .word }
                position += match.length
                return .specialToken(id: match.id)
            }
            let byte = text[position]
            guard byte < 0x80 else {
                normalizer.normalize(readCodePoint(in: text), into: &scalars)
                continue
            }
            // The rest is the short cut for ASCII, which decomposes into itself and starts a sequence.
            switch BERTNormalizer.classify(ascii: byte) {
            case .control:
                position += 1
            case _ where scalars.endSequence():
                continue
            case .whitespace:
                position += 1
                if !word.isEmpty { return .word }
            case .punctuation:
                if word.isEmpty {
                    position += 1
                    word.append(ascii: byte)
                }
                return .word
            case .letterOrDigit:
                takeLettersAndDigits(in: text)
            }
        }
    }
}

extension BERTPreTokenizer {
    /// Moves ready code points into the word; returns whether it is complete.
    private mutating func takeWord() -> Bool {
        while let codePoint = scalars.next {
            switch Self.boundary(at: codePoint) {
            case .none:
                scalars.removeNext()
                word.append(codePoint)
            case .removed:
                scalars.removeNext()
                if !word.isEmpty { return true }
            case .isolated:
                if word.isEmpty {
                    scalars.removeNext()
                    word.append(codePoint)
                }
                return true
            }
        }
        return false
    }

    /// Moves the ASCII letters and digits at the current position into the word.
    @inline(__always)
    private mutating func takeLettersAndDigits(in text: Span<UInt8>) {
        repeat {
            word.append(ascii: normalizer.lowercase(ascii: text[position]))
            position += 1
        } while position < text.count && BERTNormalizer.classify(ascii: text[position]) == .letterOrDigit
            && !specialTokens.mayStart(with: text[position])
    }

    private enum Boundary {
        case none, removed, isolated
    }

    /// Whether a word ends at a normalized code point, and whether that becomes one.
    private static func boundary(at codePoint: UInt32) -> Boundary {
        if let byte = UInt8(exactly: codePoint), byte < 0x80 {
            switch BERTNormalizer.classify(ascii: byte) {
            case .whitespace: .removed
            case .punctuation: .isolated
            case .letterOrDigit, .control: .none
            }
        } else {
            // The normalizer has left no other whitespace than the ASCII space.
            UnicodeProperties.category(of: codePoint) == .punctuation ? .isolated : .none
        }
    }

    /// Decodes the code point at the current position, in text that is known to be valid UTF-8, and steps over it.
    private mutating func readCodePoint(in text: Span<UInt8>) -> UInt32 {
        let lead = text[position]
        let length = (~lead).leadingZeroBitCount
        var codePoint = UInt32(lead) & (0x7F >> UInt32(length))
        for index in (position + 1)..<(position + length) {
            codePoint = codePoint << 6 | UInt32(text[index] & 0x3F)
        }
        position += length
        return codePoint
    }
}
