/// Code points on their way from the normalizer to the pre-tokenizer, combining marks in canonical order.
///
/// Marks wait until a code point that starts a new sequence shows that no mark is to come that sorts before them.
struct NormalizedScalars: Sendable {
    /// Code points that are ready, then marks that wait, each mark with its combining class in the upper eight bits.
    private var elements: [UInt32] = []
    /// The next ready code point.
    private var first = 0
    /// The end of the ready code points.
    private var readyEnd = 0
    /// The number of characters beyond which a word is unknown.
    private let maxWordLength: Int

    /// Lets one mark more wait than a word has characters, and drops further ones.
    ///
    /// So a text that is nothing but marks takes neither memory nor quadratic time. The word that the marks belong to
    /// is too long in any case.
    init(maxWordLength: Int) {
        self.maxWordLength = maxWordLength
    }

    /// Whether neither ready code points nor waiting marks are left.
    var isEmpty: Bool {
        elements.isEmpty
    }

    /// The next ready code point.
    var next: UInt32? {
        first < readyEnd ? elements[first] & 0xFF_FFFF : nil
    }

    /// The number of ready code points.
    var readyCount: Int { readyEnd - first }

    /// A ready code point, counted from the next one.
    func ready(at index: Int) -> UInt32 { elements[first + index] & 0xFF_FFFF }

    /// Steps over the next ready code point.
    mutating func removeNext() {
        first += 1
        if first == elements.count {
            elements.removeAll(keepingCapacity: true)
            first = 0
            readyEnd = 0
        }
    }

    /// Adds a code point in its canonical place.
    mutating func append(_ codePoint: UInt32, combiningClass: UInt8) {
        if combiningClass == 0 {
            append(starter: codePoint)
        } else {
            append(mark: codePoint, combiningClass: combiningClass)
        }
    }

    /// Adds a code point of combining class 0.
    mutating func append(starter: UInt32) {
        elements.append(starter)
        readyEnd = elements.count
    }

    /// Adds a mark behind the waiting ones of the same or a smaller combining class, which is above 0.
    mutating func append(mark: UInt32, combiningClass: UInt8) {
        guard elements.count - readyEnd <= maxWordLength else { return }
        var index = elements.count
        while index > readyEnd, elements[index - 1] >> 24 > combiningClass {
            index -= 1
        }
        elements.insert(UInt32(combiningClass) << 24 | mark, at: index)
    }

    /// Makes the waiting marks ready, as the end of the text does; returns whether there were any.
    @discardableResult
    mutating func endSequence() -> Bool {
        defer { readyEnd = elements.count }
        return readyEnd < elements.count
    }
}
