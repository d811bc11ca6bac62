/// The element types of the safetensors format, under the format's own codes.
///
/// All of them are known by size, because the size of every tensor is checked. Only those that
/// ``SafetensorsFile/floats(named:shape:)``, ``SafetensorsFile/int32s(named:shape:)`` and
/// ``SafetensorsFile/int64s(named:shape:)`` name can be read. The list is that of the reference implementation 0.8.0.
public enum SafetensorsDType: String, Sendable, CaseIterable {
    /// A boolean in one byte.
    case bool = "BOOL"
    /// A 4-bit float, two to the byte.
    case float4 = "F4"
    /// A 6-bit float with 2 exponent and 3 mantissa bits.
    case float6E2M3 = "F6_E2M3"
    /// A 6-bit float with 3 exponent and 2 mantissa bits.
    case float6E3M2 = "F6_E3M2"
    /// An unsigned 8-bit integer.
    case uint8 = "U8"
    /// A signed 8-bit integer.
    case int8 = "I8"
    /// An 8-bit float with 5 exponent and 2 mantissa bits.
    case float8E5M2 = "F8_E5M2"
    /// An 8-bit float with 4 exponent and 3 mantissa bits.
    case float8E4M3 = "F8_E4M3"
    /// An 8-bit power of two, used as a scale.
    case float8E8M0 = "F8_E8M0"
    /// `F8_E4M3` without infinities and without a negative zero.
    case float8E4M3FNUZ = "F8_E4M3FNUZ"
    /// `F8_E5M2` without infinities and without a negative zero.
    case float8E5M2FNUZ = "F8_E5M2FNUZ"
    /// A signed 16-bit integer.
    case int16 = "I16"
    /// An unsigned 16-bit integer.
    case uint16 = "U16"
    /// An IEEE 754 half-precision float.
    case float16 = "F16"
    /// The upper half of a single-precision float.
    case bfloat16 = "BF16"
    /// A signed 32-bit integer.
    case int32 = "I32"
    /// An unsigned 32-bit integer.
    case uint32 = "U32"
    /// An IEEE 754 single-precision float.
    case float32 = "F32"
    /// A complex number of two single-precision floats.
    case complex64 = "C64"
    /// An IEEE 754 double-precision float.
    case float64 = "F64"
    /// A signed 64-bit integer.
    case int64 = "I64"
    /// An unsigned 64-bit integer.
    case uint64 = "U64"

    /// The size of one element in bits; four types are no multiple of a byte or smaller than one.
    public var bitWidth: Int {
        switch self {
        case .float4: 4
        case .float6E2M3, .float6E3M2: 6
        case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ: 8
        case .int16, .uint16, .float16, .bfloat16: 16
        case .int32, .uint32, .float32: 32
        case .complex64, .float64, .int64, .uint64: 64
        }
    }
}
