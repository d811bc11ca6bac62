/// The header of a checkpoint: parsed strictly, its layout checked against the size of the file.
struct SafetensorsHeader {
    /// The largest header the reference implementation accepts: 100 MB, in decimal.
    static let byteLimit = 100_000_000

    /// The tensors in the order of their bytes.
    let tensors: [SafetensorsTensor]
    /// The free texts under `__metadata__`.
    let metadata: [String: String]

    private let indices: [String: Int]

    /// Checks what the file claims to be the size of its header against the limit and the bytes that follow.
    static func byteCount(lengthField: UInt64, available: Int) throws(SafetensorsDefect) -> Int {
        guard lengthField <= UInt64(byteLimit) else {
            throw .headerTooLarge(byteCount: lengthField, limit: byteLimit)
        }
        let byteCount = Int(lengthField)
        guard byteCount <= available else {
            throw .headerBeyondEndOfFile(byteCount: byteCount, available: available)
        }
        return byteCount
    }

    /// Parses the header.
    ///
    /// - Parameters:
    ///   - bytes: the header, without its length field.
    ///   - dataByteCount: what follows the header in the file.
    init(_ bytes: [UInt8], dataByteCount: Int) throws(SafetensorsDefect) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .headerNotUTF8 }
        guard bytes.first == UInt8(ascii: "{") else { throw .headerNotObject }

        var tensors: [SafetensorsTensor] = []
        var metadata: [String: String] = [:]
        var scanner = HeaderScanner(bytes)
        try scanner.readObject { (scanner, key) throws(SafetensorsDefect) in
            if key == "__metadata__" {
                try scanner.readObject { (scanner, key) throws(SafetensorsDefect) in
                    metadata[key] = try scanner.readString()
                }
            } else {
                tensors.append(try Self.readTensor(named: key, from: &scanner))
            }
        }
        try scanner.requireEnd()

        // The order of the entries is free. Of tensors that begin at one offset, all but the last are empty.
        tensors.sort {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
        }
        try Self.checkLayout(of: tensors, dataByteCount: dataByteCount)

        self.tensors = tensors
        self.metadata = metadata
        self.indices = Dictionary(uniqueKeysWithValues: zip(tensors.map(\.name), tensors.indices))
    }

    /// Finds a tensor by its name.
    func tensor(named name: String) -> SafetensorsTensor? {
        indices[name].map { tensors[$0] }
    }

    // MARK: - Parsing

    /// Reads one tensor's entry: `dtype`, `shape` and `data_offsets`, each once, in any order.
    private static func readTensor(
        named name: String, from scanner: inout HeaderScanner
    ) throws(SafetensorsDefect) -> SafetensorsTensor {
        var code: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.readObject { (scanner, field) throws(SafetensorsDefect) in
            switch field {
            case "dtype": code = try scanner.readString()
            case "shape": shape = try scanner.readIntegers()
            case "data_offsets": offsets = try scanner.readIntegers()
            // The reference implementation ignores it. Some day its meaning could change what the bytes are.
            default: throw .unknownField(tensor: name, field: field)
            }
        }
        guard let code else { throw .missingField(tensor: name, field: "dtype") }
        guard let shape else { throw .missingField(tensor: name, field: "shape") }
        guard let offsets else { throw .missingField(tensor: name, field: "data_offsets") }

        guard let dtype = SafetensorsDType(rawValue: code) else {
            throw .unknownDType(tensor: name, dtype: code)
        }
        guard offsets.count == 2 else {
            throw .offsetCountMismatch(tensor: name, got: offsets.count)
        }
        return try SafetensorsTensor(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
    }

    // MARK: - Layout

    /// Requires that the tensors, in the order of their bytes, cover the data exactly once and entirely.
    ///
    /// So no file describes more data than it has, and no byte hides from a reader of the tensors.
    private static func checkLayout(
        of tensors: [SafetensorsTensor], dataByteCount: Int
    ) throws(SafetensorsDefect) {
        var end = 0
        var previous = ""
        for tensor in tensors {
            let begin = tensor.byteRange.lowerBound
            guard begin >= end else {
                throw .overlap(tensor: tensor.name, begin: begin, previous: previous, previousEnd: end)
            }
            guard begin == end else {
                throw .hole(tensor: tensor.name, begin: begin, previousEnd: end)
            }
            end = tensor.byteRange.upperBound
            previous = tensor.name
        }
        guard end <= dataByteCount else { throw .dataTruncated(expected: end, got: dataByteCount) }
        guard end == dataByteCount else { throw .trailingBytes(expected: end, got: dataByteCount) }
    }
}
