import Foundation
import Safetensors
import Testing

@Suite("A safetensors file")
struct SafetensorsFileTests {
    /// Written by the reference implementation (Python package safetensors 0.8.0, `safetensors.torch.save`).
    static let reference = """
        oAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCIsIm5vdGUiOiJncsO2w59lIFwizrFcIiJ9LCJpZHMiOnsiZHR5
        cGUiOiJJNjQiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlswLDE2XX0sImVtcHR5Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUi
        OlswLDNdLCJkYXRhX29mZnNldHMiOlsxNiwxNl19LCJtYXRyaXgiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsM10sImRhdGFf
        b2Zmc2V0cyI6WzE2LDQwXX0sImxlbmd0aHMiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls0MCw1
        Ml19LCJicmFpbiI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls1Miw1Nl19LCJoYWxmIjp7ImR0
        eXBlIjoiRjE2Iiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOls1Niw1OF19fSAgIGUAAAAAAAAAmv////////8AAIA/AAAgwAAA
        UEAAAAAAbxKDOgDgf0cHAAAA+P///////39JQErxVTU=
        """

    static func referenceBytes() throws -> [UInt8] {
        try Array(#require(Data(base64Encoded: reference, options: .ignoreUnknownCharacters)))
    }

    // MARK: - What the reference implementation writes

    @Test("has the names, shapes, types and texts that the reference implementation wrote")
    func referenceHeader() throws {
        let file = try CheckpointFile(Self.referenceBytes()).open()
        #expect(file.tensorNames == ["ids", "empty", "matrix", "lengths", "brain", "half"])
        #expect(file.metadata == ["format": "pt", "note": "größe \"α\""])
        let matrix = try #require(file.tensor(named: "matrix"))
        #expect(matrix.name == "matrix")
        #expect(matrix.dtype == .float32)
        #expect(matrix.shape == [2, 3])
        #expect(matrix.byteRange == 16..<40)
        #expect(matrix.elementCount == 6)
        #expect(file.tensor(named: "bias") == nil)
    }

    @Test("has the values that the reference implementation wrote")
    func referenceValues() throws {
        let file = try CheckpointFile(Self.referenceBytes()).open()
        #expect(try file.floats(named: "matrix", shape: [2, 3]) == [1, -2.5, 3.25, 0, 1e-3, 65_504])
        #expect(try file.floats(named: "half", shape: []) == [0.333_251_953_125])
        #expect(try file.floats(named: "brain", shape: [2]) == [3.140625, -1.000_255_551_742_587_3e+30])
        #expect(try file.floats(named: "empty", shape: [0, 3]) == [])
        #expect(try file.int64s(named: "ids", shape: [2]) == [101, -102])
        #expect(try file.int32s(named: "lengths", shape: [3]) == [7, -8, .max])
    }

    @Test("stays readable when its path is gone")
    func unlinkedFile() throws {
        let file = try CheckpointFile(Self.referenceBytes()).open()
        // The temporary file was removed at the end of the line above.
        #expect(try file.int64s(named: "ids", shape: [2]) == [101, -102])
    }

    // MARK: - What is legal, if unusual

    @Test("may have no tensors at all")
    func noTensors() throws {
        let file = try CheckpointFile(header: "{}      ").open()
        #expect(file.tensorNames.isEmpty)
        #expect(file.metadata.isEmpty)
    }

    @Test("may list its tensors in any order, with any white space, and fields in any order")
    func freeOrder() throws {
        let file = try CheckpointFile(
            header: """
                { "b" : { "data_offsets" : [ 2 , 3 ] , "shape" : [ 1 ] , "dtype" : "U8" },\r
                \t"none": {"dtype": "U8", "shape": [4, 0], "data_offsets": [0, 0]},
                "a": {"shape": [1, 2], "dtype": "I8", "data_offsets": [0, 2]} }\r\n\t\u{20}
                """,
            data: [1, 2, 3]
        ).open()
        #expect(file.tensorNames == ["none", "a", "b"])
        #expect(file.tensor(named: "none")?.elementCount == 0)
        #expect(file.tensor(named: "b")?.byteRange == 2..<3)
    }

    @Test("may have names with escapes, without letters, and beyond the basic plane")
    func names() throws {
        let field = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
        let keys = [#""#, #"\"\\\/\b\f\n\r\t\u00e9\u0000"#, #"\ud83D\uDE00"#, "😀😀"]
        let file = try CheckpointFile(
            header: "{\(keys.map { "\"\($0)\":\(field)" }.joined(separator: ","))}"
        ).open()
        #expect(
            Set(file.tensorNames) == ["", "\"\\/\u{08}\u{0C}\n\r\té\u{0}", "😀", "😀😀"])
    }

    @Test("may start a tensor at an address that is no multiple of its element size", arguments: 0..<8)
    func unaligned(padding: Int) throws {
        let field = #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#
        let header = "{\"\(String(repeating: "n", count: padding))\":\(field)}"
        let values: [Float] = [1.5, -0.25]
        let file = try CheckpointFile(header: header, data: littleEndianBytes(values.map(\.bitPattern))).open()
        #expect(try file.floats(named: file.tensorNames[0], shape: [2]) == values)
    }

    @Test("may have a header of exactly the largest size")
    func largestHeader() throws {
        let header = Array("{}".utf8) + [UInt8](repeating: 0x20, count: 99_999_998)
        let file = try CheckpointFile(checkpointBytes(header: header)).open()
        #expect(file.tensorNames.isEmpty)
    }

    @Test("knows the size of every element type", arguments: SafetensorsDType.allCases)
    func elementSize(dtype: SafetensorsDType) throws {
        // Eight elements of b bits are b bytes.
        let count = dtype.bitWidth
        let header = #"{"t":{"dtype":"\#(dtype.rawValue)","shape":[8],"data_offsets":[0,\#(count)]}}"#
        let file = try CheckpointFile(header: header, data: [UInt8](repeating: 0, count: count)).open()
        #expect(file.tensor(named: "t")?.dtype == dtype)
    }

    @Test("agrees with the reference implementation on the element types and their sizes")
    func elementSizes() {
        // The codes and sizes that the Python package safetensors 0.8.0 accepts.
        let bits = [
            "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
            "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32,
            "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
        ]
        let ours = SafetensorsDType.allCases.map { ($0.rawValue, $0.bitWidth) }
        #expect(Dictionary(uniqueKeysWithValues: ours) == bits)
    }

    // MARK: - What a caller may not ask for

    @Test("refuses a tensor it does not have")
    func missingTensor() throws {
        let checkpoint = try CheckpointFile(Self.referenceBytes())
        let file = try checkpoint.open()
        #expect(throws: SafetensorsError.tensorNotFound(path: checkpoint.path, tensor: "bias")) {
            try file.floats(named: "bias", shape: [3])
        }
    }

    @Test("refuses another shape, even of as many elements", arguments: [[3, 2], [6], [2, 3, 1], [2], []])
    func shapeMismatch(shape: [Int]) throws {
        let checkpoint = try CheckpointFile(Self.referenceBytes())
        let file = try checkpoint.open()
        let error = SafetensorsError.shapeMismatch(
            path: checkpoint.path, tensor: "matrix", expected: shape, got: [2, 3])
        #expect(throws: error) { try file.floats(named: "matrix", shape: shape) }
    }

    @Test("refuses to read one element type as another")
    func dtypeMismatch() throws {
        let checkpoint = try CheckpointFile(Self.referenceBytes())
        let path = checkpoint.path
        let file = try checkpoint.open()
        #expect(
            throws: SafetensorsError.dtypeMismatch(
                path: path, tensor: "ids", expected: [.float32, .float16, .bfloat16], got: .int64)
        ) { try file.floats(named: "ids", shape: [2]) }
        #expect(
            throws: SafetensorsError.dtypeMismatch(path: path, tensor: "ids", expected: [.int32], got: .int64)
        ) { try file.int32s(named: "ids", shape: [2]) }
        #expect(
            throws: SafetensorsError.dtypeMismatch(path: path, tensor: "lengths", expected: [.int64], got: .int32)
        ) { try file.int64s(named: "lengths", shape: [3]) }
    }
}
