import Foundation
import Testing

/// A matrix of float32 in NumPy's file format, read by the letter of its specification (numpy.lib.format, version 1.0).
struct NumPyArray {
    let rows: Int
    let columns: Int
    let values: [Float]

    init(_ file: Data) throws {
        let bytes = Array(file)
        try #require(bytes.count >= 10)
        try #require(bytes[0] == 0x93)
        try #require(Array(bytes[1..<6]) == Array("NUMPY".utf8))
        try #require(Array(bytes[6..<8]) == [1, 0], "the version")
        let headerEnd = 10 + Int(bytes[8]) + Int(bytes[9]) * 256
        try #require(headerEnd.isMultiple(of: 64), "the data must be aligned")
        try #require(bytes.count >= headerEnd)
        let header = String(decoding: bytes[10..<headerEnd], as: UTF8.self)
        try #require(header.hasSuffix("\n"))

        let dictionary = /\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *\n/
        let shape = try #require(try dictionary.wholeMatch(in: header), "\(header)").output
        rows = try #require(Int(shape.1))
        columns = try #require(Int(shape.2))
        try #require(bytes.count - headerEnd == rows * columns * 4, "the length of the data")
        values = [Float](littleEndian: file.suffix(rows * columns * 4))
    }

    subscript(row: Int) -> [Float] { Array(values[row * columns..<(row + 1) * columns]) }
}
