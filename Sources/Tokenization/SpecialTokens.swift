/// The tokens that are recognized in raw text, before anything is done to it.
struct SpecialTokens: Sendable {
    private struct Entry {
        let spelling: [UInt8]
        let id: Int32
    }

    /// Longer spellings first: of two that match at the same place the longer one wins.
    private var entries: [Entry] = []
    /// The bytes that spellings begin with, one bit for each.
    private var firstBytes = SIMD4<UInt64>()

    /// Adds a token.
    mutating func insert(_ spelling: String, id: Int32) {
        let entry = Entry(spelling: Array(spelling.utf8), id: id)
        guard let first = entry.spelling.first else { return }
        firstBytes[Int(first >> 6)] |= 1 << UInt64(first & 63)
        let index = entries.firstIndex { $0.spelling.count < entry.spelling.count } ?? entries.endIndex
        entries.insert(entry, at: index)
    }

    /// Whether a spelling begins with this byte.
    @inline(__always)
    func mayStart(with byte: UInt8) -> Bool {
        firstBytes[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1
    }

    /// The special token at a position of the text, with its length in bytes.
    @inline(__always)
    func match(in text: Span<UInt8>, at position: Int) -> (id: Int32, length: Int)? {
        mayStart(with: text[position]) ? longestMatch(in: text, at: position) : nil
    }

    private func longestMatch(in text: Span<UInt8>, at position: Int) -> (id: Int32, length: Int)? {
        for entry in entries where entry.spelling.count <= text.count - position {
            if entry.spelling.indices.allSatisfy({ text[position + $0] == entry.spelling[$0] }) {
                return (entry.id, entry.spelling.count)
            }
        }
        return nil
    }
}
