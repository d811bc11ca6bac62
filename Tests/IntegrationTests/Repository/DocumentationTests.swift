import DatasetTable
import Foundation
import Testing

/// The pages of the repository, as far as building the DocC catalogs does not check them.
@Suite("The documentation")
struct DocumentationTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
    private static let guide = "Sources/EmbeddingJob/EmbeddingJob.docc"

    /// The Markdown files of the repository, as paths from its root.
    private static let pages: [String] = {
        let folders = ["Benchmarks", "Scripts", "Sources"].map { root.appending(path: $0) }
        let nested = folders.flatMap { folder in
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        }
        let top = (try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)) ?? []
        return (top + nested).filter { $0.pathExtension == "md" }.map {
            String($0.standardized.path.dropFirst(root.path.count + 1))
        }.sorted()
    }()

    @Test("has no link to a file or heading that does not exist", arguments: pages)
    func links(page: String) throws {
        let prose = DeploymentFile.text(page).replacing(/```[^`]*```|`[^`\n]*`/, with: "")
        for link in prose.matches(of: /\]\(([^)\s]+)\)/) where !link.1.contains(":") {
            let parts = link.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let target = parts[0].isEmpty ? page : Self.resolved(parts[0], from: page)
            #expect(FileManager.default.fileExists(atPath: Self.root.appending(path: target).path), "\(link.1)")
            if parts.count == 2 {
                #expect(Self.anchors(of: target).contains(String(parts[1])), "\(link.1)")
            }
        }
    }

    @Test("has a catalog for every library that is written in Swift")
    func catalogs() throws {
        let sources = Self.root.appending(path: "Sources")
        let modules = try FileManager.default.contentsOfDirectory(atPath: sources.path)
        let libraries = modules.filter { module in
            let files = FileManager.default.enumerator(atPath: sources.appending(path: module).path)
            let swift = files?.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") } ?? []
            return !swift.isEmpty
                && !swift.contains { DeploymentFile.text("Sources/\(module)/\($0)").contains("\n@main") }
        }
        try #require(libraries.contains("BatchJob") && !libraries.contains("EmbeddingJob"))
        #expect(libraries.filter { !Self.pages.contains("Sources/\($0)/\($0).docc/\($0).md") } == [])
    }

    @Test("begins with a README for people in a hurry, which leads to every article of the user guide")
    func readme() throws {
        let readme = DeploymentFile.text("README.md")
        try #require(!readme.isEmpty)
        #expect(readme.split(separator: "\n", omittingEmptySubsequences: false).count <= 151, "150 lines and their end")
        let articles = Self.pages.filter { $0.hasPrefix(Self.guide) && !$0.hasSuffix("/EmbeddingJob.md") }
        try #require(!articles.isEmpty)
        #expect(articles.filter { !readme.contains("](\($0))") } == [])
    }

    @Test("gives every reason for the end of a run the exit status that it has")
    func exitStatuses() throws {
        let known = ExitReason.allCases.map { "\($0.rawValue) \($0.exitCode)" }.sorted()
        let readme = DeploymentFile.text("README.md").matches(of: /(?m)^\| (\d+) \| (`[^|]*) \|/)
            .flatMap { row in row.2.matches(of: /`(\w+)`/).map { "\($0.1) \(row.1)" } }
        #expect(readme.sorted() == known)
        let article = DeploymentFile.text(Self.guide + "/WhatARunPrints.md").matches(of: /(?m)^\| `(\w+)` \| (\d+) \|/)
            .map { "\($0.1) \($0.2)" }
        #expect(article.sorted() == known)
    }

    @Test(
        "explains every key of a line of JSON",
        arguments: [("The line of JSON", "run"), ("The line of verify", "verify")])
    func keys(chapter: String, command: String) throws {
        let article = DeploymentFile.text(Self.guide + "/WhatARunPrints.md")
        let table = try #require(article.split(separator: "\n### ").first { $0.hasPrefix(chapter + "\n") })
        let explained = table.matches(of: /(?m)^\| (`[^|]*) \|/)
            .flatMap { row in row.1.matches(of: /`(\w+)`/).map { String($0.1) } }
        // Nothing is configured, which the line says with all its keys.
        let line = Data(try DeploymentFile.job([command]).output.utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        #expect(explained.sorted() == object.keys.sorted())
    }

    @Test("tells of decisions in one form: a number, what was chosen and why, and at which price")
    func decisions() throws {
        let articles = Self.pages.filter { $0.contains(".docc/") && $0.contains(/\/\d{4}-[^\/]*\.md$/) }
        try #require(!articles.isEmpty)
        for article in articles {
            let path = try #require(
                article.wholeMatch(of: /Sources\/(\w+)\/\1\.docc\/Decisions\/(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md/),
                "\(article) is not called Decisions/NNNN-some-words.md")
            let text = DeploymentFile.text(article)
            let number = try #require(Int(path.2))
            #expect(text.hasPrefix("# \(number). "), "\(article)")
            let headings = text.matches(of: /(?m)^## (.*)$/).map { String($0.1) }
            #expect(headings == ["Context", "Choice", "Price"], "\(article)")
            let landing = DeploymentFile.text("Sources/\(path.1)/\(path.1).docc/\(path.1).md")
            let name = URL(filePath: article).deletingPathExtension().lastPathComponent
            #expect(landing.contains("### Decisions\n") && landing.contains("- <doc:\(name)>\n"), "\(article)")
        }
    }

    // MARK: - Links

    private static func resolved(_ link: Substring, from page: String) -> String {
        let folder = root.appending(path: page).deletingLastPathComponent()
        return String(folder.appending(path: String(link)).standardized.path.dropFirst(root.path.count + 1))
    }

    /// The names under which GitHub shows a page's headings: lower case, without punctuation, blanks as hyphens.
    private static func anchors(of page: String) -> Set<String> {
        let text = DeploymentFile.text(page).replacing(/```[^`]*```/, with: "")
        let names = text.matches(of: /(?m)^#+ (.*)$/).map { heading in
            let words = heading.1.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
            return words.replacing(" ", with: "-")
        }
        return Set(names)
    }
}
