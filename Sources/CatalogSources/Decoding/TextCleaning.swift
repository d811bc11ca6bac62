/// Turns the texts of the sources into those that the table keeps and the model reads.
///
/// Both sources have the same rules. Every step is one pass over the bytes, whatever they are: a text comes from
/// strangers.
package enum TextCleaning {
    /// The version of the rules, raised with every change of what they give.
    package static let version = 1
    /// The most Unicode scalars of a title, counted as PostgreSQL counts characters.
    package static let maximumTitleLength = 2_048
    /// The most Unicode scalars of a description.
    package static let maximumDescriptionLength = 100_000

    /// A title on one line, without control characters, each run of blanks one blank; empty if nothing is left.
    package static func title(_ text: String) -> String {
        var line: [UInt8] = []
        for byte in withoutControls(text) {
            let isBlank = isWhitespace(byte)
            if !isBlank {
                line.append(byte)
            } else if let last = line.last, last != .space {
                line.append(.space)
            }
        }
        return limited(line[...], to: maximumTitleLength)
    }

    /// A description without control characters, comments, badges and a teaser's notice; empty if nothing is left.
    ///
    /// Unicode is left as it is, since the tokenizer normalizes it, and so is all other markup.
    package static func description(_ text: String) -> String {
        let body = withoutNotice(withoutControls(text)[...])
        let shown = MarkupScanner.withoutBadges(MarkupScanner.withoutComments(body)[...])
        return limited(withPlainLines(shown[...])[...], to: maximumDescriptionLength)
    }

    // MARK: - Characters

    /// The bytes without the control characters of ASCII, except tab and newline; every end of a line becomes a
    /// newline.
    ///
    /// PostgreSQL refuses U+0000, and no other of them is text.
    private static func withoutControls(_ text: String) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(text.utf8.count)
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case .newline where previous == .carriageReturn: break
            case .carriageReturn: kept.append(.newline)
            case .tab, .newline: kept.append(byte)
            case 0..<0x20, 0x7F: break
            default: kept.append(byte)
            }
            previous = byte
        }
        return kept
    }

    /// The text trimmed and cut behind so many scalars.
    private static func limited(_ text: ArraySlice<UInt8>, to maximum: Int) -> String {
        let text = trimmed(text)
        var count = 0
        let end = text.firstIndex { byte in
            let isContinuation = byte & 0xC0 == 0x80
            count += isContinuation ? 0 : 1
            return count > maximum
        }
        return String(decoding: trimmed(text[..<(end ?? text.endIndex)]), as: UTF8.self)
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = text.drop(while: isWhitespace)
        return trimmedAtEnd(start)
    }

    private static func trimmedAtEnd(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let end = text.lastIndex { !isWhitespace($0) }.map { $0 + 1 } ?? text.startIndex
        return text[..<end]
    }

    /// Whether it is a blank, a tab or an end of a line.
    static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == .space || byte == .tab || byte == .newline || byte == .carriageReturn
    }

    // MARK: - The notice

    private static let notice = Array("See the full description on the dataset page".utf8)
    private static let ellipses = [Array("…".utf8), Array("...".utf8)]
    /// How far from the end the notice is looked for: its own length and that of the longest address.
    private static let noticeReach = 1_024

    /// The text before the fixed notice at the end of a teaser of Hugging Face.
    ///
    /// It says that the text was cut off, which its ellipsis does too, and repeats the reference. The address behind it
    /// may be missing; anything else behind it makes it a sentence of the text.
    private static func withoutNotice(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let text = trimmedAtEnd(text)
        let tail = text.suffix(noticeReach)
        // The first byte alone rules nearly all places out.
        let found = tail.indices.last { tail[$0] == UInt8(ascii: "S") && tail[$0...].starts(with: notice) }
        guard let start = found else { return text }
        let rest = trimmed(text[(start + notice.count)...].drop { $0 == UInt8(ascii: ":") || isWhitespace($0) })
        let isAddress = !rest.contains(where: isWhitespace) && rest.starts(with: Array("http".utf8))
        guard rest.isEmpty || rest.elementsEqual([UInt8(ascii: ".")]) || isAddress else { return text }
        let kept = trimmedAtEnd(text[..<start])
        for ellipsis in ellipses where kept.suffix(ellipsis.count).elementsEqual(ellipsis) {
            return kept.dropLast(ellipsis.count)
        }
        return kept
    }

    // MARK: - Lines

    /// The lines with at most one blank line between two; a heading of a teaser becomes a plain line.
    ///
    /// Hugging Face writes a heading behind tabs, between lines of nothing but tabs. Other lines keep their
    /// indentation, which is code's.
    private static func withPlainLines(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count)
        var blankLines = 0
        var followsTabs = false
        for line in text.split(separator: .newline, omittingEmptySubsequences: false) {
            guard line.contains(where: { !isWhitespace($0) }) else {
                blankLines += 1
                followsTabs = line.contains(.tab)
                continue
            }
            if !plain.isEmpty {
                plain.append(contentsOf: blankLines > 0 ? [.newline, .newline] : [.newline])
            }
            plain.append(contentsOf: followsTabs ? line.drop { $0 == .tab } : line)
            blankLines = 0
            followsTabs = false
        }
        return plain
    }
}

extension UInt8 {
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
}
