import Foundation
import Testing

/// The tables of speed, against `Benchmarks/all`, which fills them, and the commands that they name.
@Suite("The tables of speed", .timeLimit(.minutes(30)))
struct BenchmarkListTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    /// A line of `Benchmarks/all --list`.
    private struct Listed {
        let row, part, command: String
    }

    private static func listed() throws -> [Listed] {
        let script = root.appending(path: "Benchmarks/all").path
        let outcome = try DeploymentFile.tool(["python3", script, "--list"])
        try #require(outcome.exitStatus == 0, "\(outcome.errors)")
        return try outcome.output.split(separator: "\n").map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 3, "\(line)")
            return Listed(row: fields[0], part: fields[1], command: fields[2])
        }
    }

    @Test("of the README have the rows that Benchmarks/all measures, in its order, and no other")
    func rows() throws {
        let chapters = DeploymentFile.text("README.md").components(separatedBy: "\n## ")
        let chapter = try #require(chapters.first { $0.hasPrefix("Performance\n") })
        let tables = chapter.components(separatedBy: "\n\n").filter { $0.hasPrefix("|") }
        try #require(tables.count == 2)
        // The first two lines of a table are its heading and a ruler.
        let rows = tables.flatMap { $0.split(separator: "\n").dropFirst(2) }.map { line in
            line.dropFirst().prefix { $0 != "|" }.trimmingCharacters(in: .whitespaces)
        }
        var measured: [String] = []
        // A row that takes two commands has two lines, one after the other.
        for line in try Self.listed() where line.row != measured.last {
            measured.append(line.row)
        }
        #expect(measured == rows)
    }

    @Test("name commands that exist, with options that these have")
    func commands() throws {
        let page = DeploymentFile.text("Benchmarks/README.md")
        let table = try #require(
            page.components(separatedBy: "\n\n").first { $0.hasPrefix("| what | measured | aim | command |\n") })
        let named = table.matches(of: /(?m)`([^`|]+)` \|$/).map { String($0.1) }
        try #require(named.count > 5)
        for command in try named + Self.listed().map(\.command) {
            try expectToExist(command)
        }
    }

    private func expectToExist(_ command: String) throws {
        // In quotation marks are arguments for another program. Variables may stand before a command.
        let command = command.replacing(/'([^'=]*)[^']*'/) { $0.1 }
        let words = command.split(separator: " ").drop { $0.contains(/^[A-Z0-9_]+=/) }
        let program = String(try #require(words.first, "\(command)"))
        let options = command.matches(of: /\s(--[a-z-]+)/).map { String($0.1) }
        if program.hasPrefix("Benchmarks/") {
            let path = Self.root.appending(path: program).path
            #expect(FileManager.default.isExecutableFile(atPath: path), "\(command)")
            let script = DeploymentFile.text(program)
            #expect(options.filter { !script.contains("\"\($0)\"") } == [], "\(command)")
        } else {
            #expect(program.hasSuffix("embedding-job"), "\(command)")
            let subcommand = String(try #require(words.dropFirst().first, "\(command)"))
            let help = try DeploymentFile.job([subcommand, "--help"]).output
            #expect(options.filter { !help.contains("\n  \($0)") } == [], "\(command)")
        }
    }
}
