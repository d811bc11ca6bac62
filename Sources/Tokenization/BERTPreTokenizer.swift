/// The second stage: cuts normalized text into words, a punctuation character being a word of its own.
///
/// Added tokens are looked for in the text as it came, so that `[SEP]` is neither lowercased nor cut at the brackets; the
/// stretches between them are normalized each on its own. Those that are looked for in normalized text part the stretches
/// again.
///
/// A value walks through one text: each call of `next(in:)` reads just as far as the end of the next word.
struct BERTPreTokenizer {
    /// What the walk has come to.
    enum Piece {
        /// The word is in `word`.
        case word
        /// An added token spelled out in the text.
        case addedToken(id: Int32)
    }

    private let normalizer: BERTNormalizer
    private let addedTokens: AddedTokens
    /// What the normalizer made of the text before `position` and no word holds yet.
    private var scalars: NormalizedScalars
    /// How many bytes of the text have been read.
    private(set) var position = 0
    /// Where in the text the search for added tokens goes on.
    private var searchStart = 0
    /// The walk through a stretch in which added tokens are looked for after normalization.
    private var stretch = Stretch()

    /// The latest word.
    private(set) var word: Word

    private struct Stretch {
        /// Whether all of it has been read.
        var isRead = false
        /// The added token behind it.
        var next: AddedTokens.Match?
        /// The code point before the next ready one.
        var previous: UInt32?
        /// How many code points are passed before the search goes on.
        var unsearchedCount = 0
    }

    /// Starts at the beginning of a text.
    init(normalizer: BERTNormalizer, addedTokens: AddedTokens, maxWordLength: Int) {
        self.normalizer = normalizer
        self.addedTokens = addedTokens
        scalars = NormalizedScalars(maxWordLength: maxWordLength)
        word = Word(maxLength: maxWordLength)
    }

    /// Reads the next word or added token of `text`, which must be the same text in all calls.
    mutating func next(in text: Span<UInt8>) -> Piece? {
        word.removeAll()
        guard addedTokens.longestNormalized == 0 else { return nextInStretches(of: text) }
        while true {
            if takeWord() { return .word }
            guard position < text.count else {
                if scalars.endSequence() { continue }
                return word.isEmpty ? nil : .word
            }
            if let match = addedTokens.match(in: text, at: position), counts(match, in: text) {
                if scalars.endSequence() { continue }
                if !word.isEmpty { return .word }
                position += match.length
                return .addedToken(id: match.id)
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

// MARK: - Added tokens

extension BERTPreTokenizer {
    /// Whether a token found at the current position counts; the search goes on behind one that does not.
    private mutating func counts(_ match: AddedTokens.Match, in text: Span<UInt8>) -> Bool {
        guard position >= searchStart else { return false }
        let end = position + match.length
        let isPartOfWord =
            match.isSingleWord
            && (Self.codePoint(before: position, in: text).map(UnicodeProperties.isWordCharacter) ?? false
                || end < text.count && UnicodeProperties.isWordCharacter(Self.codePoint(at: end, in: text).value))
        guard isPartOfWord || match.isSplit else { return true }
        searchStart = end
        return false
    }

    /// As `next(in:)`, where added tokens are looked for in normalized text too: one code point at a time, with as many in
    /// view as the longest of them has, and one more.
    private mutating func nextInStretches(of text: Span<UInt8>) -> Piece? {
        while true {
            while !stretch.isRead, scalars.readyCount <= addedTokens.longestNormalized { readCodePoint(of: text) }
            guard let codePoint = scalars.next else {
                if !word.isEmpty { return .word }
                guard let match = stretch.next else { return nil }
                position += match.length
                stretch = Stretch()
                return .addedToken(id: match.id)
            }
            if stretch.unsearchedCount == 0, let match = addedTokens.match(in: scalars) {
                guard countsInStretch(match) else {
                    stretch.unsearchedCount = match.length
                    continue
                }
                if !word.isEmpty { return .word }
                stretch.previous = scalars.ready(at: match.length - 1)
                for _ in 0..<match.length { scalars.removeNext() }
                return .addedToken(id: match.id)
            }
            switch Self.boundary(at: codePoint) {
            case .none:
                pass(codePoint)
                word.append(codePoint)
            case .removed:
                pass(codePoint)
                if !word.isEmpty { return .word }
            case .isolated:
                if word.isEmpty {
                    pass(codePoint)
                    word.append(codePoint)
                }
                return .word
            }
        }
    }

    /// Whether a token found in normalized text counts.
    private func countsInStretch(_ match: AddedTokens.Match) -> Bool {
        if match.isSplit { return false }
        guard match.isSingleWord else { return true }
        if let previous = stretch.previous, UnicodeProperties.isWordCharacter(previous) { return false }
        return match.length == scalars.readyCount
            || !UnicodeProperties.isWordCharacter(scalars.ready(at: match.length))
    }

    private mutating func pass(_ codePoint: UInt32) {
        scalars.removeNext()
        stretch.previous = codePoint
        stretch.unsearchedCount = max(0, stretch.unsearchedCount - 1)
    }

    /// Normalizes one more code point of the text, or finds that the stretch is over.
    private mutating func readCodePoint(of text: Span<UInt8>) {
        guard position < text.count else {
            scalars.endSequence()
            stretch.isRead = true
            return
        }
        if let match = addedTokens.match(in: text, at: position), counts(match, in: text) {
            scalars.endSequence()
            (stretch.isRead, stretch.next) = (true, match)
            return
        }
        normalizer.normalize(any: readCodePoint(in: text), into: &scalars)
    }
}

// MARK: - Words

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
            && !addedTokens.mayStart(with: text[position])
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

    /// Decodes the code point at the current position and steps over it.
    private mutating func readCodePoint(in text: Span<UInt8>) -> UInt32 {
        let (value, length) = Self.codePoint(at: position, in: text)
        position += length
        return value
    }

    /// Decodes the code point at a position, in text that is known to be valid UTF-8.
    private static func codePoint(at position: Int, in text: Span<UInt8>) -> (value: UInt32, length: Int) {
        let lead = text[position]
        guard lead >= 0x80 else { return (UInt32(lead), 1) }
        let length = (~lead).leadingZeroBitCount
        var codePoint = UInt32(lead) & (0x7F >> UInt32(length))
        for index in (position + 1)..<(position + length) {
            codePoint = codePoint << 6 | UInt32(text[index] & 0x3F)
        }
        return (codePoint, length)
    }

    /// Decodes the code point that ends at a position.
    private static func codePoint(before position: Int, in text: Span<UInt8>) -> UInt32? {
        guard position > 0 else { return nil }
        var start = position - 1
        while text[start] & 0xC0 == 0x80 { start -= 1 }
        return codePoint(at: start, in: text).value
    }
}
