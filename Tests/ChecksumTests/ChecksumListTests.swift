import Checksum
import Foundation
import Testing

@Suite("A list of checksums")
struct ChecksumListTests {
    static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    private func parse(_ text: String) throws(ChecksumError) -> ChecksumList {
        try ChecksumList(parsing: text, name: "SUMS")
    }

    private func digest(_ text: String) throws -> SHA256Digest {
        try #require(SHA256Digest(hexadecimal: text))
    }

    // MARK: - Parsing

    @Test("reads text and binary lines, folders, spaces and letters of any script")
    func lines() throws {
        let list = try parse("\(Self.abc)  config.json\n\(Self.empty) *1_Pooling/ä b  c.json\n")
        #expect(list.entries.map(\.path) == ["config.json", "1_Pooling/ä b  c.json"])
        #expect(try list.digest(of: "config.json") == digest(Self.abc))
        #expect(try list.digest(of: "1_Pooling/ä b  c.json") == digest(Self.empty))
        #expect(list.digest(of: "other") == nil)
    }

    @Test("needs no line feed after its last line")
    func lastLine() throws {
        #expect(try parse("\(Self.abc)  a").entries.map(\.path) == ["a"])
    }

    @Test("takes dots that do not lead upwards for ordinary letters")
    func dots() throws {
        #expect(try parse("\(Self.abc)  ..a/b../.c\n").entries.map(\.path) == ["..a/b../.c"])
    }

    @Test(
        "refuses a malformed line by its number",
        arguments: [
            "", "# comment", abc, "\(abc) ", "\(abc)  ", "\(abc) a", "\(abc)\ta", "\(abc) +a", "\(abc.dropLast())  a",
            "\(abc)0  a", "x\(abc.dropFirst())  a", " \(abc)  a", "\(abc)  a\r", "\(abc)  a\u{0}", "\(abc)  a\\nb",
            "\\\(abc)  a", "SHA256 (a) = \(abc)",
        ])
    func malformedLine(line: String) {
        #expect(throws: ChecksumError.malformedLine(list: "SUMS", line: 2)) {
            try parse("\(Self.abc)  first\n\(line)\n\(Self.abc)  third\n")
        }
    }

    @Test("refuses to be empty")
    func emptyList() {
        #expect(throws: ChecksumError.emptyList(list: "SUMS")) { try parse("") }
    }

    @Test(
        "refuses a path that leaves the folder",
        arguments: ["/etc/passwd", "..", "../a", "a/../../b", "a/.."])
    func pathOutsideFolder(path: String) {
        #expect(throws: ChecksumError.pathOutsideFolder(list: "SUMS", line: 1, path: path)) {
            try parse("\(Self.abc)  \(path)\n")
        }
    }

    @Test("refuses a file that is listed twice, even with one digest")
    func duplicatePath() {
        #expect(throws: ChecksumError.duplicatePath(list: "SUMS", line: 3, path: "a")) {
            try parse("\(Self.abc)  a\n\(Self.abc)  b\n\(Self.abc) *a\n")
        }
    }

    @Test("is read from a file and named after it")
    func file() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("\(Self.abc)  a\n".utf8, to: "SHA256SUMS")
        let list = try ChecksumList(contentsOf: path)
        #expect(list.name == path)
        #expect(list.entries.map(\.path) == ["a"])
        #expect(try list.digest(of: "a") == digest(Self.abc))
    }

    @Test("refuses a file that is not text, and one that is not there")
    func unreadableFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([0xFF, 0xFE, 0x0A], to: "SHA256SUMS")
        #expect(throws: ChecksumError.listNotUTF8(list: path)) { try ChecksumList(contentsOf: path) }
        let absent = folder.path + "/absent"
        #expect(throws: ChecksumError.fileNotFound(path: absent)) { try ChecksumList(contentsOf: absent) }
    }

    @Test("reads what sha256sum writes")
    func sha256sum() throws {
        let folder = try TemporaryFolder()
        try folder.write("abc".utf8, to: "a")
        try folder.write([], to: "b c/d")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["sha256sum", "a", "b c/d"]
        process.currentDirectoryURL = URL(filePath: folder.path)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()

        let list = try parse(text)
        #expect(list.entries.map(\.path) == ["a", "b c/d"])
        #expect(try list.digest(of: "a") == digest(Self.abc))
        #expect(try list.digest(of: "b c/d") == digest(Self.empty))
        try list.verify(folder: folder.path)
    }

    // MARK: - Verifying

    @Test("accepts a folder whose files match, and only looks at the files asked for")
    func verify() throws {
        let folder = try TemporaryFolder()
        try folder.write("abc".utf8, to: "sub/a")
        let list = try parse("\(Self.abc)  sub/a\n\(Self.empty)  absent\n")
        try list.verify(folder: folder.path, files: ["sub/a"])
        #expect(throws: ChecksumError.fileNotFound(path: "\(folder.path)/absent")) {
            try list.verify(folder: folder.path)
        }
    }

    @Test("names a file that differs, with both digests")
    func mismatch() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([], to: "a")
        let expected = try digest(Self.abc)
        let got = try digest(Self.empty)
        let list = try parse("\(Self.abc)  a\n")
        let error = #expect(throws: ChecksumError.self) { try list.verify(folder: folder.path) }
        #expect(error == .mismatch(path: path, expected: expected, got: got))
        #expect(
            error?.description
                == "the SHA-256 of '\(path)' is \(Self.empty), and \(Self.abc) is expected; get the file again from where it comes"
        )
    }

    @Test("refuses to verify a file it does not name")
    func notListed() throws {
        let folder = try TemporaryFolder()
        try folder.write("abc".utf8, to: "b")
        let list = try parse("\(Self.abc)  a\n")
        #expect(throws: ChecksumError.notListed(list: "SUMS", path: "b")) {
            try list.verify(folder: folder.path, files: ["b"])
        }
    }

    @Test("follows symbolic links, of which model caches consist")
    func symbolicLink() throws {
        let folder = try TemporaryFolder()
        let target = try folder.write("abc".utf8, to: "blobs/1")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/a", withDestinationPath: target)
        try parse("\(Self.abc)  a\n").verify(folder: folder.path)
    }
}
