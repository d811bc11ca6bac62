import Foundation
import Safetensors
import Testing

@Suite("Reading floats")
struct FloatConversionTests {
    /// A checkpoint of one tensor "weight" with one dimension.
    private func checkpoint(_ dtype: SafetensorsDType, _ bits: [some FixedWidthInteger]) throws -> CheckpointFile {
        let data = littleEndianBytes(bits)
        let header =
            #"{"weight":{"dtype":"\#(dtype.rawValue)","shape":[\#(bits.count)],"data_offsets":[0,\#(data.count)]}}"#
        return try CheckpointFile(header: header, data: data)
    }

    /// The value that IEEE 754 assigns to a bit pattern with 16 bits, computed from sign, exponent and fraction.
    private func value(of pattern: UInt16, fractionBits: Int, bias: Int) -> Float {
        let fractionMask = UInt16(1) << UInt16(fractionBits) - 1
        let exponent = Int(pattern & 0x7FFF) >> fractionBits
        let fraction = Double(pattern & fractionMask) / Double(1 << fractionBits)
        let magnitude =
            exponent == 0
            ? scalbn(fraction, 1 - bias)
            : scalbn(1 + fraction, exponent - bias)
        return Float(pattern >> 15 == 1 ? -magnitude : magnitude)
    }

    @Test("converts every finite half-precision value exactly")
    func float16() throws {
        let patterns = (UInt16.min...UInt16.max).filter { $0 & 0x7C00 != 0x7C00 }
        let values = try checkpoint(.float16, patterns).open().floats(named: "weight", shape: [63_488])
        let wrong = zip(patterns, values).filter { pattern, got in
            got.bitPattern != value(of: pattern, fractionBits: 10, bias: 15).bitPattern
        }
        #expect(wrong.isEmpty)
    }

    @Test("converts every finite bfloat16 value exactly")
    func bfloat16() throws {
        let patterns = (UInt16.min...UInt16.max).filter { $0 & 0x7F80 != 0x7F80 }
        let values = try checkpoint(.bfloat16, patterns).open().floats(named: "weight", shape: [65_280])
        let wrong = zip(patterns, values).filter { pattern, got in
            got.bitPattern != value(of: pattern, fractionBits: 7, bias: 127).bitPattern
        }
        #expect(wrong.isEmpty)
    }

    @Test("copies single-precision values bit by bit, subnormal and negative zero included")
    func float32() throws {
        let patterns: [UInt32] = [0, 0x8000_0000, 1, 0x807F_FFFF, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x3F80_0000]
        let values = try checkpoint(.float32, patterns).open().floats(named: "weight", shape: [7])
        #expect(values.map(\.bitPattern) == patterns)
    }

    @Test("copies a tensor that is larger than a huge page")
    func largeTensor() throws {
        let patterns = (0..<3 << 20).map { Float($0).bitPattern }
        let values = try checkpoint(.float32, patterns).open().floats(named: "weight", shape: [patterns.count])
        #expect(values == (0..<3 << 20).map { Float($0) })
    }

    @Test(
        "refuses a single-precision value that is not finite, wherever it is",
        arguments: [0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001, 0xFFFF_FFFF] as [UInt32], [0, 1, 17, 98, 99])
    func nonFiniteFloat32(pattern: UInt32, index: Int) throws {
        var patterns = [UInt32](repeating: 0x3F80_0000, count: 100)
        patterns[index] = pattern
        let checkpoint = try checkpoint(.float32, patterns)
        let file = try checkpoint.open()
        let error = SafetensorsError.nonFinite(
            path: checkpoint.path, tensor: "weight", index: index, value: "\(Float(bitPattern: pattern))")
        #expect(throws: error) { try file.floats(named: "weight", shape: [100]) }
    }

    @Test("names the first of several values that are not finite")
    func firstNonFinite() throws {
        let checkpoint = try checkpoint(.float32, [0, 0xFF80_0000, 0, 0x7FC0_0000] as [UInt32])
        let file = try checkpoint.open()
        #expect(
            throws: SafetensorsError.nonFinite(path: checkpoint.path, tensor: "weight", index: 1, value: "-inf")
        ) { try file.floats(named: "weight", shape: [4]) }
    }

    @Test("refuses every value of 16 bits that is not finite")
    func nonFinite16() throws {
        for (dtype, mask) in [(SafetensorsDType.float16, 0x7C00 as UInt16), (.bfloat16, 0x7F80)] {
            for pattern in (UInt16.min...UInt16.max).filter({ $0 & mask == mask }) where pattern % 37 == 0 {
                let file = try checkpoint(dtype, [0, pattern]).open()
                #expect(throws: SafetensorsError.self) { try file.floats(named: "weight", shape: [2]) }
            }
        }
    }
}
