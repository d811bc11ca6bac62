import Foundation
import Safetensors
import Testing

/// A test per abuse of the format.
@Suite("A safetensors file is refused")
struct SafetensorsRefusalTests {
    /// The entry of a tensor.
    private func entry(
        _ name: String, dtype: String = "U8", shape: String = "[1]", offsets: String = "[0,1]"
    ) -> String {
        #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    // MARK: - The file

    @Test("if it is missing")
    func missingFile() {
        let path = "/nonexistent/model.safetensors"
        #expect(throws: SafetensorsError.fileNotFound(path: path)) { try SafetensorsFile(contentsOf: path) }
    }

    @Test("if it is a folder")
    func folder() {
        let path = FileManager.default.temporaryDirectory.path
        #expect(throws: SafetensorsError.notRegularFile(path: path)) { try SafetensorsFile(contentsOf: path) }
    }

    @Test("if it is a device")
    func device() {
        #expect(throws: SafetensorsError.notRegularFile(path: "/dev/zero")) {
            try SafetensorsFile(contentsOf: "/dev/zero")
        }
    }

    @Test("if it is a pipe, without waiting for a writer", .timeLimit(.minutes(30)))
    func pipe() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try #require(unsafe mkfifo(path, 0o600) == 0)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: SafetensorsError.notRegularFile(path: path)) { try SafetensorsFile(contentsOf: path) }
    }

    @Test("if the operating system cannot open it")
    func unopenable() throws {
        let file = try CheckpointFile([])
        let path = file.path + "/inside"
        #expect(
            throws: SafetensorsError.systemCallFailed(path: path, call: "open", reason: "Not a directory")
        ) { try SafetensorsFile(contentsOf: path) }
    }

    @Test("if it is empty, or ends within the length of its header", arguments: 0..<8)
    func fileTooShort(byteCount: Int) throws {
        let file = try CheckpointFile([UInt8](repeating: 0, count: byteCount))
        #expect(file.defect() == .fileTooShort(byteCount: byteCount))
    }

    @Test("wherever it is cut off")
    func truncated() throws {
        let bytes = try SafetensorsFileTests.referenceBytes()
        for byteCount in 0..<bytes.count {
            #expect(try CheckpointFile(bytes.prefix(byteCount)).defect() != nil, "\(byteCount) bytes")
        }
        #expect(try CheckpointFile(bytes).defect() == nil)
    }

    @Test("or read without harm, whichever byte of its header is wrong")
    func damagedHeader() throws {
        let bytes = try SafetensorsFileTests.referenceBytes()
        for index in 0..<bytes.count - 58 {
            var damaged = bytes
            damaged[index] ^= 1 << UInt8(index % 8)
            guard let file = try? CheckpointFile(damaged).open() else { continue }
            for tensor in file.tensorNames.compactMap(file.tensor(named:)) {
                #expect(tensor.byteRange.upperBound <= 58)
                _ = try? file.floats(named: tensor.name, shape: tensor.shape)
                _ = try? file.int32s(named: tensor.name, shape: tensor.shape)
                _ = try? file.int64s(named: tensor.name, shape: tensor.shape)
            }
        }
    }

    // MARK: - The size of the header

    @Test("if its header is larger than 100 MB", arguments: [100_000_001, 1 << 63, .max] as [UInt64])
    func headerTooLarge(length: UInt64) throws {
        let file = try CheckpointFile(checkpointBytes(header: Array("{}".utf8), length: length))
        #expect(file.defect() == .headerTooLarge(byteCount: length, limit: 100_000_000))
    }

    @Test("if its header reaches beyond the end of the file", arguments: [3, 1000, 100_000_000])
    func headerBeyondEndOfFile(length: Int) throws {
        let file = try CheckpointFile(checkpointBytes(header: Array("{}".utf8), length: UInt64(length)))
        #expect(file.defect() == .headerBeyondEndOfFile(byteCount: length, available: 2))
    }

    // MARK: - The text of the header

    @Test(
        "if its header is not UTF-8",
        arguments: [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func headerNotUTF8(bytes: [UInt8]) throws {
        let header = Array(#"{"__metadata__":{"a":""#.utf8) + bytes + Array(#""}}"#.utf8)
        #expect(try CheckpointFile(checkpointBytes(header: header)).defect() == .headerNotUTF8)
    }

    @Test(
        "if its header does not begin with a brace",
        arguments: ["", " {}", "\n{}", "[]", "\"\"", "null", "\u{FEFF}{}"])
    func headerNotObject(header: String) throws {
        #expect(try defect(header: header) == .headerNotObject)
    }

    @Test("if anything but white space follows its header's brace", arguments: ["x", "\0", ",", "{}", "}", "\u{0B}"])
    func garbageAfterHeader(garbage: String) throws {
        #expect(
            try defect(header: "{} " + garbage)
                == .headerMalformed(offset: 3, expected: "the end of the header or a space"))
    }

    @Test(
        "if its header is not JSON",
        arguments: [
            ("{", 1, "a string or '\"'"), ("{,}", 1, "a string or '\"'"), ("{\"a", 3, "the end of a string"),
            ("{\"a\"}", 4, "':'"), ("{\"__metadata__\":{}", 18, "',' or '}'"),
            ("{\"__metadata__\":{},}", 19, "a string or '\"'"), ("{\"__metadata__\":{};", 18, "',' or '}'"),
            ("{'a':{}}", 1, "a string or '\"'"), ("{/**/}", 1, "a string or '\"'"),
        ])
    func notJSON(header: String, offset: Int, expected: String) throws {
        #expect(try defect(header: header) == .headerMalformed(offset: offset, expected: expected))
    }

    @Test(
        "if a string in its header has a bare control character, an unknown escape or half a surrogate pair",
        arguments: [
            ("\n", 0, "the end of a string"), ("\u{1F}", 0, "the end of a string"),
            (#"\x"#, 1, "an escape character"), (#"\'"#, 1, "an escape character"),
            (#"\u12"#, 4, "a hexadecimal digit"), (#"\u+123"#, 2, "a hexadecimal digit"),
            (#"\ud800"#, 6, "a surrogate pair"), (#"\ud800x"#, 6, "a surrogate pair"),
            (#"\ud800\n"#, 7, "a surrogate pair"), (#"\ud800\ud800"#, 12, "a surrogate pair"),
            (#"\udc00"#, 6, "a surrogate pair"),
        ])
    func malformedString(content: String, offset: Int, expected: String) throws {
        #expect(
            try defect(header: "{\"\(content)\":{}}") == .headerMalformed(offset: offset + 2, expected: expected))
    }

    @Test("if its header is nested to exhaust the stack")
    func deepNesting() throws {
        let depth = 1_000_000
        let objects = String(repeating: #"{"a":"#, count: depth)
        #expect(try defect(header: objects) == .unknownField(tensor: "a", field: "a"))
        let arrays = #"{"a":{"shape":"# + String(repeating: "[", count: depth)
        #expect(
            try defect(header: arrays)
                == .headerMalformed(offset: 15, expected: "a whole number from 0 to \(Int.max)"))
    }

    // MARK: - Keys

    @Test("if two tensors have one name")
    func duplicateTensor() throws {
        let entry = entry("a")
        #expect(
            try defect(header: "{\(entry),\(entry)}", data: [0])
                == .duplicateKey("a", offset: entry.utf8.count + 2))
    }

    @Test("if two tensors have one name in two spellings")
    func duplicateEscapedTensor() throws {
        let first = entry("a")
        #expect(
            try defect(header: "{\(first),\(entry(#"\u0061"#))}", data: [0])
                == .duplicateKey("a", offset: first.utf8.count + 2))
    }

    @Test("if a tensor has a field twice")
    func duplicateField() throws {
        #expect(
            try defect(header: #"{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: [0])
                == .duplicateKey("dtype", offset: 19))
    }

    @Test("if it has texts twice, or a text twice")
    func duplicateMetadata() throws {
        #expect(
            try defect(header: #"{"__metadata__":{},"__metadata__":{}}"#) == .duplicateKey("__metadata__", offset: 19))
        #expect(
            try defect(header: #"{"__metadata__":{"k":"1","k":"1"}}"#) == .duplicateKey("k", offset: 25))
    }

    @Test("if a tensor has a field that the format does not define")
    func unknownField() throws {
        #expect(
            try defect(header: #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1]}}"#, data: [0])
                == .unknownField(tensor: "a", field: "strides"))
    }

    @Test(
        "if a tensor lacks a field",
        arguments: [
            ("dtype", #"{"shape":[1],"data_offsets":[0,1]}"#), ("shape", #"{"dtype":"U8","data_offsets":[0,1]}"#),
            ("data_offsets", #"{"dtype":"U8","shape":[1]}"#), ("dtype", "{}"),
        ])
    func missingField(field: String, entry: String) throws {
        #expect(try defect(header: "{\"a\":\(entry)}", data: [0]) == .missingField(tensor: "a", field: field))
    }

    @Test("if a text is none", arguments: ["1", "null", "true", "{}", "[\"a\"]"])
    func metadataNotText(value: String) throws {
        #expect(
            try defect(header: "{\"__metadata__\":{\"k\":\(value)}}")
                == .headerMalformed(offset: 21, expected: "a string or '\"'"))
    }

    @Test("if its texts or a tensor are no object", arguments: ["__metadata__", "a"], ["null", "[]", "\"x\"", "1"])
    func notAnObject(key: String, value: String) throws {
        #expect(
            try defect(header: "{\"\(key)\":\(value)}")
                == .headerMalformed(offset: key.utf8.count + 4, expected: "'{'"))
    }

    // MARK: - Values

    @Test("if an element type is unknown", arguments: ["F128", "f32", "F32 ", "", "object", "C128", "I4"])
    func unknownDType(dtype: String) throws {
        #expect(
            try defect(header: "{\(entry("a", dtype: dtype))}", data: [0]) == .unknownDType(tensor: "a", dtype: dtype))
    }

    @Test(
        "if a dimension or an offset is not a plain whole number that fits 63 bits",
        arguments: [
            "-1", "-0", "+1", "01", "1.0", "1e0", "1E2", "0x1", "1_0", "true", "null", "\"1\"", "[1]", "", "NaN",
            "9223372036854775808", "18446744073709551616", "100000000000000000000000000000",
        ])
    func malformedInteger(text: String) throws {
        for header in [
            "{\(entry("a", shape: "[\(text)]"))}", "{\(entry("a", offsets: "[0,\(text)]"))}",
            "{\(entry("a", offsets: "[\(text),1]"))}",
        ] where !(text.isEmpty && header.contains("[]")) {
            guard case .headerMalformed? = try defect(header: header, data: [0]) else {
                Issue.record("accepted: \(header)")
                continue
            }
        }
    }

    @Test("if there are not two offsets", arguments: [("[]", 0), ("[0]", 1), ("[0,1,1]", 3)])
    func offsetCount(offsets: String, count: Int) throws {
        #expect(
            try defect(header: "{\(entry("a", offsets: offsets))}", data: [0])
                == .offsetCountMismatch(tensor: "a", got: count))
    }

    @Test("if a tensor ends before it begins")
    func offsetsReversed() throws {
        #expect(
            try defect(header: "{\(entry("a", offsets: "[1,0]"))}", data: [0])
                == .offsetsReversed(tensor: "a", begin: 1, end: 0))
    }

    @Test(
        "if the size of a tensor overflows",
        arguments: [
            ("U8", [Int.max, 2]), ("F32", [Int.max]), ("U8", [1 << 32, 1 << 32]), ("I64", [1 << 31, 1 << 30, 4]),
            ("U8", [Int.max, Int.max, 0]), ("F4", [1 << 62]),
        ])
    func sizeOverflow(dtype: String, shape: [Int]) throws {
        #expect(
            try defect(header: "{\(entry("a", dtype: dtype, shape: "\(shape)", offsets: "[0,0]"))}")
                == .sizeOverflow(tensor: "a", shape: shape))
    }

    @Test("if elements smaller than a byte do not fill whole bytes", arguments: [("F4", 3), ("F6_E2M3", 2)])
    func partialByte(code: String, count: Int) throws {
        let dtype = try #require(SafetensorsDType(rawValue: code))
        #expect(
            try defect(header: "{\(entry("a", dtype: code, shape: "[\(count)]", offsets: "[0,2]"))}", data: [0, 0])
                == .partialByte(tensor: "a", dtype: dtype, shape: [count]))
    }

    @Test(
        "if a tensor has another number of bytes than its shape and type need",
        arguments: [("[2]", [2], 8), ("[]", [], 4), ("[0]", [0], 0), ("[1,1,3]", [1, 1, 3], 12)])
    func byteCountMismatch(text: String, shape: [Int], expected: Int) throws {
        #expect(
            try defect(
                header: "{\(entry("a", dtype: "F32", shape: text, offsets: "[0,5]"))}", data: [0, 0, 0, 0, 0])
                == .byteCountMismatch(tensor: "a", dtype: .float32, shape: shape, expected: expected, got: 5))
    }

    // MARK: - The layout of the data

    @Test("if two tensors overlap")
    func overlap() throws {
        let header = "{\(entry("a", shape: "[2]", offsets: "[0,2]")),\(entry("b", shape: "[2]", offsets: "[1,3]"))}"
        #expect(
            try defect(header: header, data: [0, 0, 0])
                == .overlap(tensor: "b", begin: 1, previous: "a", previousEnd: 2))
    }

    @Test("if a hundred thousand tensors share their bytes")
    func overlappingMultitude() throws {
        let entries = (0..<100_000).map { entry("t\($0)", shape: "[4]", offsets: "[0,4]") }
        guard case .overlap? = try defect(header: "{\(entries.joined(separator: ","))}", data: [0, 0, 0, 0]) else {
            Issue.record("accepted")
            return
        }
    }

    @Test("if bytes between two tensors, or before the first, belong to none")
    func hole() throws {
        #expect(
            try defect(header: "{\(entry("a")),\(entry("b", offsets: "[2,3]"))}", data: [0, 0, 0])
                == .hole(tensor: "b", begin: 2, previousEnd: 1))
        #expect(
            try defect(header: "{\(entry("a", offsets: "[1,2]"))}", data: [0, 0])
                == .hole(tensor: "a", begin: 1, previousEnd: 0))
    }

    @Test("if an empty tensor lies inside another or beyond the end")
    func misplacedEmptyTensor() throws {
        let first = entry("a", shape: "[2]", offsets: "[0,2]")
        #expect(
            try defect(header: "{\(first),\(entry("z", shape: "[0]", offsets: "[1,1]"))}", data: [0, 0])
                == .overlap(tensor: "z", begin: 1, previous: "a", previousEnd: 2))
        #expect(
            try defect(header: "{\(first),\(entry("z", shape: "[0]", offsets: "[9,9]"))}", data: [0, 0])
                == .hole(tensor: "z", begin: 9, previousEnd: 2))
    }

    @Test("if its data is cut off")
    func dataTruncated() throws {
        #expect(
            try defect(header: "{\(entry("a", shape: "[3]", offsets: "[0,3]"))}", data: [0, 0])
                == .dataTruncated(expected: 3, got: 2))
    }

    @Test("if bytes follow its last tensor")
    func trailingBytes() throws {
        #expect(try defect(header: "{\(entry("a"))}", data: [0, 0]) == .trailingBytes(expected: 1, got: 2))
        #expect(try defect(header: "{}", data: [0]) == .trailingBytes(expected: 0, got: 1))
    }

    // MARK: - The message

    @Test("with a message that names the file, the tensor and what to do")
    func message() throws {
        let file = try CheckpointFile(header: "{\(entry("a", offsets: "[0,2]"))}", data: [0, 0])
        let error = #expect(throws: SafetensorsError.self) { try file.open() }
        #expect(
            error?.description
                == """
                '\(file.path)' is not a valid safetensors file: tensor 'a' of shape [1] and type U8 needs 1 bytes \
                and has 2; get it again from where it comes and compare its checksum
                """)
    }
}
