/// Why the contents of a file are not a safetensors checkpoint.
///
/// The cases together are the specification of what ``SafetensorsFile`` refuses. Offsets count from the end of the
/// header, as they do in the format.
public enum SafetensorsDefect: Error, Sendable, Equatable {
    /// The file ends before the 8 bytes that hold the header's length.
    case fileTooShort(byteCount: Int)
    /// The header claims to be larger than any header may be.
    case headerTooLarge(byteCount: UInt64, limit: Int)
    /// The header claims to reach beyond the end of the file.
    case headerBeyondEndOfFile(byteCount: Int, available: Int)
    /// The header is not UTF-8 text.
    case headerNotUTF8
    /// The header does not begin with `{`.
    case headerNotObject
    /// The header is not the JSON that the format prescribes.
    case headerMalformed(offset: Int, expected: String)
    /// A JSON object of the header has the same key twice.
    case duplicateKey(String, offset: Int)
    /// A tensor's entry has a field that the format does not define.
    case unknownField(tensor: String, field: String)
    /// A tensor's entry lacks a field.
    case missingField(tensor: String, field: String)
    /// A tensor's element type is none of ``SafetensorsDType``.
    case unknownDType(tensor: String, dtype: String)
    /// A tensor's `data_offsets` are not one begin and one end.
    case offsetCountMismatch(tensor: String, got: Int)
    /// A tensor ends before it begins.
    case offsetsReversed(tensor: String, begin: Int, end: Int)
    /// The product of a tensor's dimensions and element size exceeds 64 bits.
    case sizeOverflow(tensor: String, shape: [Int])
    /// The elements of a tensor of a type smaller than a byte do not fill whole bytes.
    case partialByte(tensor: String, dtype: SafetensorsDType, shape: [Int])
    /// A tensor's offsets span another number of bytes than its shape and element type need.
    case byteCountMismatch(tensor: String, dtype: SafetensorsDType, shape: [Int], expected: Int, got: Int)
    /// A tensor begins before its predecessor ends.
    case overlap(tensor: String, begin: Int, previous: String, previousEnd: Int)
    /// Bytes before a tensor belong to no tensor.
    case hole(tensor: String, begin: Int, previousEnd: Int)
    /// The file ends before the last tensor does.
    case dataTruncated(expected: Int, got: Int)
    /// The file goes on after the last tensor.
    case trailingBytes(expected: Int, got: Int)
}

extension SafetensorsDefect: CustomStringConvertible {
    /// The defect as a clause that follows the name of the file and a colon.
    public var description: String {
        switch self {
        case .fileTooShort(let byteCount):
            "it has \(byteCount) bytes, and the length of its header alone takes 8"
        case .headerTooLarge(let byteCount, let limit):
            "its header claims \(byteCount) bytes, and \(limit) are allowed"
        case .headerBeyondEndOfFile(let byteCount, let available):
            "its header claims \(byteCount) bytes, and only \(available) follow"
        case .headerNotUTF8:
            "its header is not UTF-8 text"
        case .headerNotObject:
            "its header does not begin with '{'"
        case .headerMalformed(let offset, let expected):
            "its header is malformed at byte \(offset), where \(expected) was expected"
        case .duplicateKey(let key, let offset):
            "its header repeats the key '\(key)' at byte \(offset)"
        case .unknownField(let tensor, let field):
            "tensor '\(tensor)' has the field '\(field)', which the format does not define"
        case .missingField(let tensor, let field):
            "tensor '\(tensor)' lacks the field '\(field)'"
        case .unknownDType(let tensor, let dtype):
            "tensor '\(tensor)' has the unknown element type '\(dtype)'"
        case .offsetCountMismatch(let tensor, let got):
            "tensor '\(tensor)' has \(got) data offsets instead of 2"
        case .offsetsReversed(let tensor, let begin, let end):
            "tensor '\(tensor)' begins at offset \(begin) and ends before that, at \(end)"
        case .sizeOverflow(let tensor, let shape):
            "the size of tensor '\(tensor)' of shape \(shape) exceeds 64 bits"
        case .partialByte(let tensor, let dtype, let shape):
            "tensor '\(tensor)' of shape \(shape) and type \(dtype.rawValue) does not fill whole bytes"
        case .byteCountMismatch(let tensor, let dtype, let shape, let expected, let got):
            "tensor '\(tensor)' of shape \(shape) and type \(dtype.rawValue) needs \(expected) bytes and has \(got)"
        case .overlap(let tensor, let begin, let previous, let previousEnd):
            "tensor '\(tensor)' begins at offset \(begin), inside '\(previous)', which ends at \(previousEnd)"
        case .hole(let tensor, let begin, let previousEnd):
            "the bytes from offset \(previousEnd) to \(begin), before tensor '\(tensor)', belong to no tensor"
        case .dataTruncated(let expected, let got):
            "its tensors need \(expected) bytes, and only \(got) follow the header"
        case .trailingBytes(let expected, let got):
            "its tensors end after \(expected) bytes, and \(got) follow the header"
        }
    }
}
