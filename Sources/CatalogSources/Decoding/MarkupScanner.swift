/// Finds comments and badges in a text of Markdown and HTML, to leave them out.
///
/// It knows the few forms that occur in descriptions and takes everything else for text. A form that began with a
/// bracket is given up at the next one, so that no byte is looked at more often than a few times.
struct MarkupScanner {
    private let text: ArraySlice<UInt8>

    private init(_ text: ArraySlice<UInt8>) {
        self.text = text
    }

    // MARK: - Leaving out

    /// The text without HTML comments.
    ///
    /// One that nothing closes reaches to the end if it begins a line, as in Markdown, and is text elsewhere.
    static func withoutComments(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let scanner = MarkupScanner(text)
        var isNeverClosed = false
        return scanner.removing(.lessThan) { start in
            guard scanner.has("<!--", at: start) else { return nil }
            if !isNeverClosed {
                if let end = scanner.endOfComment(from: start) { return end }
                isNeverClosed = true
            }
            let beginsLine = start == text.startIndex || text[start - 1] == .newline
            return beginsLine ? text.endIndex : nil
        }
    }

    /// The text without images that are links, and without other images whose address is that of a badge.
    static func withoutBadges(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let scanner = MarkupScanner(text)
        let withoutMarkdown = scanner.removing(.openingBracket, .exclamationMark) { start in
            scanner.endOfLinkedImage(from: start) ?? scanner.endOfBadge(from: start)
        }
        let tags = MarkupScanner(withoutMarkdown[...])
        return tags.removing(.lessThan) { start in
            tags.endOfLinkedTag(from: start) ?? tags.endOfImageTag(from: start)
        }
    }

    /// The text without what begins with one of some bytes and ends where `end` says; `nil` keeps it.
    private func removing(_ openings: UInt8..., end: (Int) -> Int?) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(text.count)
        var offset = text.startIndex
        while offset < text.endIndex {
            if openings.contains(text[offset]), let next = end(offset) {
                offset = next
            } else {
                kept.append(text[offset])
                offset += 1
            }
        }
        return kept
    }

    // MARK: - Comments

    /// Where the comment that begins at an offset ends; `<!-->` is a whole one.
    private func endOfComment(from start: Int) -> Int? {
        var offset = start + 4 - 2
        while offset + 3 <= text.endIndex {
            if has("-->", at: offset) { return offset + 3 }
            offset += 1
        }
        return nil
    }

    // MARK: - Markdown

    /// Where `[![…](…)](…)` ends.
    private func endOfLinkedImage(from start: Int) -> Int? {
        guard has("[!", at: start), let image = image(from: start + 1), has("](", at: image.end) else { return nil }
        return address(from: image.end + 1)?.end
    }

    /// Where `![…](…)` with the address of a badge ends.
    private func endOfBadge(from start: Int) -> Int? {
        guard let image = image(from: start), isBadge(image.address) else { return nil }
        return image.end
    }

    private func image(from start: Int) -> (address: ArraySlice<UInt8>, end: Int)? {
        guard has("![", at: start) else { return nil }
        let isEnd = { (byte: UInt8) in byte == .openingBracket || byte == .closingBracket }
        guard let close = text[(start + 2)...].firstIndex(where: isEnd), has("](", at: close) else { return nil }
        return address(from: close + 1)
    }

    /// The address in parentheses, which may hold such itself, and where it ends.
    private func address(from start: Int) -> (address: ArraySlice<UInt8>, end: Int)? {
        var depth = 0
        for offset in start..<text.endIndex {
            switch text[offset] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case .openingBracket, .newline: return nil
            default: break
            }
            if depth == 0 { return (text[(start + 1)..<offset], offset + 1) }
        }
        return nil
    }

    // MARK: - HTML

    /// Where `<a …>` around nothing but badges ends.
    private func endOfLinkedTag(from start: Int) -> Int? {
        guard has("<a ", at: start), var offset = endOfTag(from: start).map(skippingWhitespace) else { return nil }
        let first = offset
        while let end = endOfImageTag(from: offset) {
            offset = skippingWhitespace(from: end)
        }
        return offset > first && has("</a>", at: offset) ? offset + 4 : nil
    }

    /// Where `<img …>` with the address of a badge ends.
    private func endOfImageTag(from start: Int) -> Int? {
        guard has("<img ", at: start), let end = endOfTag(from: start), isBadge(text[start..<end]) else { return nil }
        return end
    }

    private func endOfTag(from start: Int) -> Int? {
        let isEnd = { (byte: UInt8) in byte == .lessThan || byte == UInt8(ascii: ">") }
        guard let end = text[(start + 1)...].firstIndex(where: isEnd), text[end] != .lessThan else { return nil }
        return end + 1
    }

    // MARK: - Bytes

    /// Whether an address is that of a badge: `img.shields.io`, or one that says so.
    private func isBadge(_ address: ArraySlice<UInt8>) -> Bool {
        address.indices.contains { has("badge", at: $0) || has("shields.io", at: $0) }
    }

    private func skippingWhitespace(from start: Int) -> Int {
        text[start...].firstIndex { !TextCleaning.isWhitespace($0) } ?? text.endIndex
    }

    /// Whether the bytes at an offset are these, letters in either case.
    private func has(_ word: StaticString, at offset: Int) -> Bool {
        guard offset >= text.startIndex, offset + word.utf8CodeUnitCount <= text.endIndex else { return false }
        return unsafe UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
            .elementsEqual(text[offset...].prefix(word.utf8CodeUnitCount)) { wanted, byte in
                let isUppercase = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                return wanted == (isUppercase ? byte | 0x20 : byte)
            }
    }
}

extension UInt8 {
    fileprivate static let lessThan = UInt8(ascii: "<")
    fileprivate static let openingBracket = UInt8(ascii: "[")
    fileprivate static let closingBracket = UInt8(ascii: "]")
    fileprivate static let exclamationMark = UInt8(ascii: "!")
}
