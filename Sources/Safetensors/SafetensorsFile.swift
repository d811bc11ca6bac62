/// A safetensors checkpoint, opened, checked from end to end of its header, and mapped into memory.
///
/// ```swift
/// let checkpoint = try SafetensorsFile(contentsOf: "model.safetensors")
/// let weight = try checkpoint.floats(named: "embeddings.LayerNorm.weight", shape: [384])
/// ```
///
/// ## The format
///
/// | bytes | content |
/// |---|---|
/// | 0 ..< 8 | `N`, the size of the header: an unsigned 64-bit integer, little-endian |
/// | 8 ..< 8 + N | the header: one JSON object in UTF-8, padded at its end with white space |
/// | 8 + N ... | the data: the elements of all tensors, little-endian, row-major, without gaps |
///
/// The header maps each tensor's name to an object of exactly three fields: `dtype`, one of the codes of
/// ``SafetensorsDType``; `shape`, an array of non-negative integers, empty for a scalar; and `data_offsets`, begin and
/// end (exclusive) of the elements, counted from the end of the header. The name `__metadata__` is reserved for an
/// object of texts. The order of the entries is free.
///
/// A tensor with a dimension of zero is legal and occupies no bytes. The start of a tensor need not be a multiple of
/// its element size; nothing here relies on alignment.
///
/// ## Limits and refusals
///
/// - The header has at most 100 000 000 bytes and begins with `{`; after the closing brace only white space may follow.
/// - No JSON object has a key twice. Numbers are whole and plain: `1.0`, `1e0`, `-0` and `01` are refused.
/// - Dimensions, offsets and sizes fit a signed 64-bit integer, and so does the product of dimensions and element size.
/// - Each tensor has as many bytes as shape and type need; all tensors together cover the data exactly, with no
///   overlap, no hole, and neither a missing nor a surplus byte at the end.
///
/// ``SafetensorsDefect`` lists the refusals one by one. They include all of the reference implementation (0.8.0), and
/// more that it lets pass: equal keys, unknown fields, an entry written as an array, `null` for the texts, and white
/// space before the first brace. The reference never looks at the values; ``floats(named:shape:)`` refuses those that
/// are not finite.
///
/// ## Lifetime
///
/// The file is mapped until the last reference to this object goes. Whoever truncates or overwrites it in place
/// meanwhile changes what is read, or ends the process with SIGBUS, as with every mapped file. Therefore: open, read
/// the tensors into arrays at once, let go. Replacing a file by renaming another over it is harmless at any time.
public final class SafetensorsFile: Sendable {
    private static let lengthFieldByteCount = MemoryLayout<UInt64>.size

    /// The file as the caller named it, for messages.
    public let path: String
    private let header: SafetensorsHeader
    private let mapping: MappedFile
    private let dataStart: Int

    /// Opens a checkpoint, maps it and checks its whole header; no element is read yet.
    public init(contentsOf path: String) throws(SafetensorsError) {
        let mapping = try MappedFile(path: path)
        do throws(SafetensorsDefect) {
            guard mapping.byteCount >= Self.lengthFieldByteCount else {
                throw .fileTooShort(byteCount: mapping.byteCount)
            }
            let lengthField = mapping.copyBytes(in: 0..<Self.lengthFieldByteCount)
            dataStart =
                try Self.lengthFieldByteCount
                + SafetensorsHeader.byteCount(
                    lengthField: lengthField.reversed().reduce(0) { $0 << 8 | UInt64($1) },
                    available: mapping.byteCount - Self.lengthFieldByteCount)
            header = try SafetensorsHeader(
                mapping.copyBytes(in: Self.lengthFieldByteCount..<dataStart),
                dataByteCount: mapping.byteCount - dataStart)
        } catch {
            throw .invalidFile(path: path, defect: error)
        }
        self.path = path
        self.mapping = mapping
    }

    /// The names of all tensors, in the order of their bytes.
    public var tensorNames: [String] {
        header.tensors.map(\.name)
    }

    /// The free texts that the file carries under `__metadata__`.
    public var metadata: [String: String] {
        header.metadata
    }

    /// Finds a tensor by its name.
    public func tensor(named name: String) -> SafetensorsTensor? {
        header.tensor(named: name)
    }

    /// Calls `body` with the elements of a tensor as they lie in the file; they may be unaligned.
    func withUnsafeElements<Result>(
        of tensor: SafetensorsTensor, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let range = tensor.byteRange
        return unsafe mapping.withUnsafeBytes(in: dataStart + range.lowerBound..<dataStart + range.upperBound, body)
    }
}
