import CSVStreaming
import Foundation
import Testing

@Suite("The limits of a record", .timeLimit(.minutes(30)))
struct CSVLimitTests {
    /// Reads a text to its end, and gives what stopped the reader, with the number of records before.
    private func outcome(_ text: String, blockSize: Int, _ limits: CSVLimits) throws -> (records: Int, CSVExcess?) {
        let file = try TemporaryFile(text)
        var scanner = try CSVScanner(path: file.path, blockSize: blockSize, limits: limits)
        var count = 0
        do throws(CSVError) {
            while try scanner.next() { count += 1 }
        } catch {
            guard case .tooLarge(file.name, let line, let offset, let excess) = error else { throw error }
            // All texts here have a first line of four bytes, and the large record behind it.
            #expect(line == 2 && offset == 4)
            return (count, excess)
        }
        return (count, nil)
    }

    @Test("hold at every size of a block", arguments: 1...16)
    func blocks(blockSize: Int) throws {
        var limits = CSVLimits()
        limits.fieldBytes = 5
        limits.recordBytes = 12
        limits.columns = 3
        let cases: [(String, Int, CSVExcess?)] = [
            ("1,2\n12345,1\n", 2, nil), ("1,2\n123456,1\n", 1, .fieldBytes(limit: 5)),
            ("1,2\n\"\"\"345\"\"\"\n", 2, nil), ("1,2\n\"\"\"3456\"\"\"\n", 1, .fieldBytes(limit: 5)),
            ("1,2\n12345,6789,\n", 2, nil), ("1,2\n12345,67890,1", 1, .recordBytes(limit: 12)),
            ("1,2\n1,2,3\n", 2, nil), ("1,2\n1,2,3,\n", 1, .columns(limit: 3)),
            ("1,2\n\"1,2\n3,4\n5,6\n", 1, .fieldBytes(limit: 5)),
        ]
        for (text, count, excess) in cases {
            let found = try outcome(text, blockSize: blockSize, limits)
            #expect(found == (count, excess), "\(text.debugDescription)")
        }
    }

    @Test("are 16 MiB a field, 32 MiB a record and 1,000 columns")
    func usual() throws {
        let field = String(repeating: "x", count: 16 << 20)
        for (text, excess) in [
            ("1,2\n\(field)\n", nil), ("1,2\n\(field)x\n", .fieldBytes(limit: 16 << 20)),
            ("1,2\n\(field),\(field.dropLast())\n", nil), ("1,2\n\(field),\(field)\n", .recordBytes(limit: 32 << 20)),
            ("1,2\n" + String(repeating: ",", count: 999), nil),
            ("1,2\n" + String(repeating: ",", count: 1_000), .columns(limit: 1_000)),
        ] as [(String, CSVExcess?)] {
            #expect(try outcome(text, blockSize: 1 << 20, CSVLimits()) == (excess == nil ? 2 : 1, excess))
        }
    }

    @Test("find a quote that never ends, and say where its record begins")
    func openQuote() throws {
        let file = try TemporaryFile("a,b\r\n1,\"x\r\ny\"\n2,\"" + String(repeating: "3,4\n", count: 5 << 20))
        let path = file.path
        let error = try #require(throws: CSVError.self) {
            var reader = try CSVReader(path: path)
            while try reader.next() {}
        }
        #expect(error == .tooLarge(file: file.name, line: 4, offset: 14, excess: .fieldBytes(limit: 16 << 20)))
        #expect(
            error.description.hasPrefix("the record of \(file.name) that begins in line 4, at byte 14, has more than"))
    }

    @Test("let a file of 100 MB through in a buffer of two blocks, and one large record in room for it")
    func memory() throws {
        let file = try TemporaryFile("Id,Text\n")
        let line = "1234567,\"" + String(repeating: "words and \"\"quotes\"\"\n", count: 200) + "\"\n"
        let lines = Data(String(repeating: line, count: 256).utf8)
        let handle = try FileHandle(forWritingTo: URL(filePath: file.path))
        try handle.seekToEnd()
        let blockCount = (100 << 20) / lines.count
        for _ in 0..<blockCount {
            try handle.write(contentsOf: lines)
        }
        let small = try largestBuffer(file.path)
        #expect(small.records == blockCount * 256 + 1 && small.bytes <= 2 << 20)

        try handle.write(contentsOf: Data("8,\"\(String(repeating: "long ", count: 2 << 20))\"\n".utf8))
        let large = try largestBuffer(file.path)
        try handle.close()
        #expect(large.records == small.records + 1 && large.bytes > 10 << 20 && large.bytes <= 32 << 20)
    }

    /// Reads a file to its end; gives the number of records and the size that the buffer has had to have.
    private func largestBuffer(_ path: String) throws -> (records: Int, bytes: Int) {
        var scanner = try CSVScanner(path: path)
        var count = 0
        while try scanner.next() { count += 1 }
        return (count, scanner.bufferBytes)
    }
}
