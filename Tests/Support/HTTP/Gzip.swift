/// Packs bytes as RFC 1951 and RFC 1952 say, without making them much smaller unless they are all the same.
public enum Gzip {
    /// Bytes in blocks that are stored as they are.
    public static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var packed = header
        let blocks = max(1, (bytes.count + 0xFFFE) / 0xFFFF)
        for block in 0..<blocks {
            let part = bytes[min(block * 0xFFFF, bytes.count)..<min((block + 1) * 0xFFFF, bytes.count)]
            packed.append(block == blocks - 1 ? 1 : 0)
            packed += littleEndian(UInt16(part.count)) + littleEndian(~UInt16(part.count)) + part
        }
        return packed + trailer(bytes)
    }

    /// One byte again and again, which takes a 158th of its size: 1 + 258 · `repeats` of it.
    public static func run(of byte: UInt8, repeats: Int) -> [UInt8] {
        precondition(byte < 144, "the codes of other bytes are longer")
        var bits = BitWriter()
        // The last block, of fixed codes.
        bits.append(0b1, count: 1)
        bits.append(0b01, count: 2)
        bits.appendCode(0x30 + Int(byte), count: 8)
        for _ in 0..<repeats {
            // Length 258, distance 1.
            bits.appendCode(0b1100_0101, count: 8)
            bits.appendCode(0, count: 5)
        }
        // The end of the block.
        bits.appendCode(0, count: 7)
        return header + bits.bytes + trailer([UInt8](repeating: byte, count: 1 + 258 * repeats))
    }

    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]

    private static func trailer(_ bytes: [UInt8]) -> [UInt8] {
        littleEndian(checksum(bytes)) + littleEndian(UInt32(truncatingIfNeeded: bytes.count))
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        stride(from: 0, to: Number.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static let checksums: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { checksums[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
    }
}

/// Fills bytes from their lowest bit on.
private struct BitWriter {
    var bytes: [UInt8] = []
    private var used = 8

    /// A number, lowest bit first.
    mutating func append(_ number: Int, count: Int) {
        for bit in 0..<count { append(bit: number >> bit & 1) }
    }

    /// A code, highest bit first.
    mutating func appendCode(_ code: Int, count: Int) {
        for bit in (0..<count).reversed() { append(bit: code >> bit & 1) }
    }

    private mutating func append(bit: Int) {
        if used == 8 {
            bytes.append(0)
            used = 0
        }
        bytes[bytes.count - 1] |= UInt8(bit << used)
        used += 1
    }
}
