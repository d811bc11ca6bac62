/// A word under construction.
struct Word: Sendable {
    /// Its UTF-8, of which only the beginning is kept when the word is too long.
    private(set) var utf8: [UInt8] = []
    /// The number of code points.
    private var length = 0
    private let maxLength: Int

    init(maxLength: Int) {
        self.maxLength = maxLength
        utf8.reserveCapacity(32)
    }

    var isEmpty: Bool {
        length == 0
    }

    /// Whether the model takes the word for unknown without looking at it.
    var isTooLong: Bool {
        length > maxLength
    }

    mutating func removeAll() {
        utf8.removeAll(keepingCapacity: true)
        length = 0
    }

    @inline(__always)
    mutating func append(ascii byte: UInt8) {
        length += 1
        guard length <= maxLength else { return }
        utf8.append(byte)
    }

    mutating func append(_ codePoint: UInt32) {
        length += 1
        guard length <= maxLength, let scalar = Unicode.Scalar(codePoint) else { return }
        utf8.append(contentsOf: scalar.utf8)
    }
}
