import DatasetTable
import Foundation
import Testing

/// What `catalog-fetch` says of itself, against the chapter of the user guide about it.
@Suite("The help of catalog-fetch and the user guide", .timeLimit(.minutes(30)))
struct FetchHelpTests {
    private static let commands = ["huggingface", "kaggle-seed", "kaggle-enrich", "kaggle-latest", "record"]
    private static let article = DeploymentFile.text("Sources/EmbeddingJob/EmbeddingJob.docc/Sources.md")

    /// A chapter of the article, without its heading.
    private static func chapter(_ title: String) throws -> String {
        let chapters = article.components(separatedBy: "\n### ")
        return String(try #require(chapters.first { $0.hasPrefix(title + "\n") }).dropFirst(title.count + 2))
    }

    @Test("name the same commands")
    func names() throws {
        let help = try DeploymentFile.fetcher(["--help"]).output
        let list = try #require(help.firstMatch(of: /\nSUBCOMMANDS:\n((?: .*\n)+)/)).1
        #expect(list.matches(of: /(?m)^  ([a-z-]+)/).map { String($0.1) } == Self.commands)
        let table = Self.article.matches(of: /(?m)^\| `([a-z-]+)[^`]*` \| [^|]* \| [^|]* \| [^|]* \| [^|]* \|$/)
        #expect(table.map { String($0.1) }.sorted() == Self.commands.sorted())
    }

    @Test("name the same options and variables")
    func options() throws {
        var (options, variables): (Set<String>, Set<String>) = ([], [])
        for command in Self.commands {
            let help = try DeploymentFile.fetcher([command, "--help"]).output
            options.formUnion(help.matches(of: /\n +(--[a-z][a-z-]*)/).map { String($0.1) })
            variables.formUnion(help.matches(of: /\[(CATALOG_FETCH_[A-Z_]+)\]/).map { String($0.1) })
        }
        let chapter = try Self.chapter("Options")
        #expect(Set(chapter.matches(of: /`(--[a-z-]+)`/).map { String($0.1) }) == options.subtracting(["--version"]))
        #expect(Set(chapter.matches(of: /`(CATALOG_FETCH_[A-Z_]+)`/).map { String($0.1) }) == variables)
    }

    @Test("explain every key of the line of JSON")
    func keys() throws {
        let table = try #require(try Self.chapter("The line of JSON").components(separatedBy: "\n\n").first)
        let explained = table.matches(of: /(?m)^\| (`[^|]*) \|/)
            .flatMap { row in row.1.matches(of: /`(\w+)`/).map { String($0.1) } }
        // Nothing is configured, which the line says with all its keys.
        let line = Data(try DeploymentFile.fetcher(["huggingface"]).output.utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        #expect(explained.sorted() == object.keys.sorted())
    }

    @Test("give every reason for the end of a run the exit status that it has")
    func exitStatuses() throws {
        let rows = Self.article.matches(of: /(?m)^\| `(\w+)` \| (\d+) \|/)
        #expect(Set(rows.map { String($0.1) }).isSuperset(of: ["complete", "source_unavailable", "too_many_changes"]))
        for row in rows {
            let reason = try #require(ExitReason(rawValue: String(row.1)), "no reason of the name \(row.1)")
            #expect(String(reason.exitCode) == String(row.2))
        }
        let help = try DeploymentFile.fetcher(["--help"]).output.split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        for status in Set(rows.map { String($0.2) }) {
            #expect(help.contains("STATUS: \(status) ") || help.contains("· \(status) "), "\(status)")
        }
    }
}
