import CSVStreaming
import Foundation
import Testing

@Suite("Reading a CSV file", .timeLimit(.minutes(30)))
struct CSVReaderTests {
    private func rows(_ reader: consuming CSVReader) throws -> [[String?]] {
        var rows: [[String?]] = []
        while try reader.next() {
            rows.append(reader.header.names.indices.map { reader.text($0) })
        }
        return rows
    }

    @Test("takes quotes away, keeps newlines in quotes, and needs no newline at the end")
    func quoting() throws {
        let file = try TemporaryFile("\u{FEFF}Id,Text\r\n1,\"a \"\"b\"\", c\r\nd\"\n\n2,\n3,x\"y\"\r4,\"z\"z\"")
        let reader = try CSVReader(path: file.path)
        let header = reader.header
        #expect(header.names == ["Id", "Text"] && header.file == file.name)
        #expect(try rows(reader) == [["1", "a \"b\", c\r\nd"], ["2", ""], ["3", "x\"y\""], ["4", "zz\""]])
    }

    @Test("knows where a record begins and ends")
    func offsets() throws {
        let file = try TemporaryFile("\u{FEFF}a,b\r\n\r\n1,\"2\"\"\"\r\n3,4")
        var reader = try CSVReader(path: file.path, blockSize: 2)
        var ranges = [reader.recordRange]
        while try reader.next() {
            ranges.append(reader.recordRange)
        }
        let byteCount = reader.byteCount
        #expect(ranges == [3..<8, 10..<19, 19..<22] && byteCount == 22)
    }

    @Test("goes on at an offset, with the names of the file's beginning")
    func resumes() throws {
        let file = try TemporaryFile("a,b\n1,2\n3,4\n")
        for (offset, expected) in [(0, 2), (2, 2), (4, 2), (8, 1), (12, 0), (99, 0)] as [(Int64, Int)] {
            let reader = try CSVReader(path: file.path, from: offset)
            let header = reader.header
            #expect(header.names == ["a", "b"])
            #expect(try rows(reader) == [["1", "2"], ["3", "4"]].suffix(expected))
        }
    }

    @Test("takes an offset within the header for its end", arguments: 0...4)
    func offsetInHeader(offset: Int64) throws {
        let file = try TemporaryFile("abc\n1\n")
        #expect(try rows(CSVReader(path: file.path, from: offset)) == [["1"]])
    }

    @Test("passes over records with another number of fields, and tells how many and where the first is")
    func wrongWidth() throws {
        let file = try TemporaryFile("a,b\r\"\n\",1\r\n2\n3,4,5\n6,7\n8")
        var reader = try CSVReader(path: file.path)
        var found: [String?] = []
        while try reader.next() {
            found.append(reader.text(0))
            #expect(reader.malformedCount == (found.count - 1) * 2)
        }
        #expect(found == ["\n", "6"])
        let offset = reader.firstMalformedOffset
        #expect(offset == 11 && reader.malformedCount == 3)
        let line = try reader.line(at: offset ?? 0)
        #expect(line == 4)
    }

    @Test("tells a field that is not UTF-8, and only that one")
    func notUTF8() throws {
        let file = try TemporaryFile(Array("a,b,c\n".utf8) + [0xC3, 0x2C, 0x41, 0x2C, 0xED, 0xA0, 0x80])
        #expect(try rows(CSVReader(path: file.path)) == [[nil, "A", nil]])
    }

    // MARK: - Headers

    @Test("finds columns by name, and names all that are missing")
    func columns() throws {
        let file = try TemporaryFile("Id,Name,Id\n")
        let header = try CSVReader(path: file.path).header
        #expect(try header.columns(["Name", "Id"]) == [1, 0])
        #expect(header.column("name") == nil)
        let missing = CSVError.missingColumns(file: file.name, names: ["Slug", "Title"])
        #expect(throws: missing) { try header.columns(["Slug", "Id", "Title"]) }
        #expect(missing.description.hasPrefix("\(file.name) has no column named Slug, Title;"))
    }

    @Test("refuses a file without a record", arguments: ["", "\u{FEFF}", "\r\n\n"])
    func empty(text: String) throws {
        let file = try TemporaryFile(text)
        let name = file.name
        let path = file.path
        #expect(throws: CSVError.noHeader(file: name)) { _ = try CSVReader(path: path) }
    }

    @Test("says which file does not open, and why")
    func cannotOpen() {
        #expect(throws: CSVError.cannotOpen(file: "none.csv", reason: "No such file or directory")) {
            _ = try CSVReader(path: "/tmp/no-folder/none.csv")
        }
        #expect(throws: CSVError.cannotOpen(file: "tmp", reason: "it is not a regular file")) {
            _ = try CSVReader(path: "/tmp/")
        }
    }
}
