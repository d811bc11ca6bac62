/// What the header says about one tensor, checked.
public struct SafetensorsTensor: Sendable, Equatable {
    /// The name, unique in its file.
    public let name: String
    /// The type of each element.
    public let dtype: SafetensorsDType
    /// The extent of each dimension, outermost first (row-major); empty for a scalar.
    public let shape: [Int]
    /// Where the elements lie, counted from the end of the header.
    public let byteRange: Range<Int>
    /// The product of ``shape``: 1 for a scalar, 0 as soon as one dimension is 0.
    public let elementCount: Int

    /// Refuses offsets that run backwards and a byte range that is not exactly shape × dtype.
    init(
        name: String, dtype: SafetensorsDType, shape: [Int], begin: Int, end: Int
    ) throws(SafetensorsDefect) {
        guard begin <= end else {
            throw .offsetsReversed(tensor: name, begin: begin, end: end)
        }

        var elementCount = 1
        for dimension in shape {
            let (product, overflow) = elementCount.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .sizeOverflow(tensor: name, shape: shape) }
            elementCount = product
        }
        let (bitCount, overflow) = elementCount.multipliedReportingOverflow(by: dtype.bitWidth)
        guard !overflow else { throw .sizeOverflow(tensor: name, shape: shape) }
        guard bitCount.isMultiple(of: 8) else {
            throw .partialByte(tensor: name, dtype: dtype, shape: shape)
        }
        guard bitCount / 8 == end - begin else {
            throw .byteCountMismatch(
                tensor: name, dtype: dtype, shape: shape, expected: bitCount / 8, got: end - begin)
        }

        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.byteRange = begin..<end
        self.elementCount = elementCount
    }
}
