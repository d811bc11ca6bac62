import CommandSupport
import Foundation
import SystemPackage
import Testing

@Suite("An output file")
struct OutputFileTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "output-file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func contents(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    private func put(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    private func write(_ text: String, to name: String) throws {
        let file = try OutputFile(path(name))
        try file.write(Array(text.utf8))
        try file.finish()
    }

    @Test("has its name when it is complete, and not before")
    func appears() throws {
        try put("earlier", to: "out")
        let file = try OutputFile(path("out"))
        try file.write(Array("long".utf8))
        #expect(try contents("out") == "earlier")
        try file.rewriteBeginning(Array("b".utf8))
        try file.finish()
        #expect(try contents("out") == "bong")
        #expect(try files() == ["out"])
    }

    @Test("leaves nothing when it is given up")
    func givenUp() throws {
        do {
            let file = try OutputFile(path("out"))
            try file.write([1, 2, 3])
            #expect(try files().count == 1)
        }
        #expect(try files().isEmpty)
    }

    @Test("is another for each who writes it; the last to finish stays")
    func twice() throws {
        let (first, second) = (try OutputFile(path("out")), try OutputFile(path("out")))
        try first.write(Array("first".utf8))
        try second.write(Array("second".utf8))
        try second.finish()
        #expect(try contents("out") == "second")
        try first.finish()
        #expect(try contents("out") == "first")
        #expect(try files() == ["out"])
    }

    @Test("replaces what a link leads to, and leaves the link", arguments: ["target", "absent", "folder/target"])
    func link(target: String) throws {
        try FileManager.default.createDirectory(
            at: folder.appending(path: "folder"), withIntermediateDirectories: false)
        if target != "absent" { try put("earlier", to: target) }
        try FileManager.default.createSymbolicLink(atPath: path("second"), withDestinationPath: target)
        try FileManager.default.createSymbolicLink(atPath: path("out"), withDestinationPath: "second")
        try write("new", to: "out")
        #expect(try contents(target) == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path("out")) == "second")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path("second")) == target)
    }

    @Test("names links that lead in a circle")
    func circle() throws {
        try FileManager.default.createSymbolicLink(atPath: path("out"), withDestinationPath: "out")
        #expect(throws: OutputError.unwritable(path("out"), reason: "Too many levels of symbolic links")) {
            try OutputFile(path("out"))
        }
    }

    @Test("writes to the file that is open where a link leads to a descriptor")
    func descriptor() throws {
        try put("earlier and longer", to: "open")
        let handle = try FileHandle(forUpdating: folder.appending(path: "open"))
        try FileManager.default.removeItem(atPath: path("open"))
        let file = try OutputFile("/proc/self/fd/\(handle.fileDescriptor)")
        #expect(!file.isRewritable)
        try file.write(Array("new".utf8))
        try file.finish()
        #expect(try handle.readToEnd() == Data("new".utf8))
        #expect(try files().isEmpty)
    }

    @Test("of a long name has a temporary name that is none too long")
    func longName() throws {
        let name = String(repeating: "ü", count: 127)
        try write("new", to: name)
        #expect(try files() == [name])
    }

    @Test("is no file that is read, no folder and no socket")
    func refusals() throws {
        try put("text", to: "in")
        try FileManager.default.linkItem(atPath: path("in"), toPath: path("hard"))
        let input = FileIdentity(try Stat(FilePath(path("in"))))
        for name in ["in", "hard"] {
            #expect(throws: OutputError.isInput(path(name))) { try OutputFile(path(name), unlike: [input]) }
        }
        #expect(throws: OutputError.unwritable(folder.path, reason: "it is a folder")) { try OutputFile(folder.path) }
        #expect(throws: OutputError.unwritable(path("absent/out"), reason: "No such file or directory")) {
            try OutputFile(path("absent/out"))
        }
        #expect(try contents("in") == "text")
        #expect(try files() == ["hard", "in"])
    }
}
