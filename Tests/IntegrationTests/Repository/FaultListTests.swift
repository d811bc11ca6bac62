import ComputeTestSupport
import Foundation
import Testing

@Suite("The list of faults")
struct FaultListTests {
    private static let tests = URL(filePath: Fixtures.repositoryPath("Tests"))

    @Test("numbers every fault once and names for each the tests that show it, all of which exist")
    func namesTests() throws {
        let article = Self.tests.appending(path: "../Sources/BatchJob/BatchJob.docc/Faults.md")
        let rows = try String(contentsOf: article, encoding: .utf8).matches(of: /(?m)^\| (\d+) \|.*\|(.*)\|$/)
        let numbers = rows.compactMap { Int($0.output.1) }
        #expect(numbers.count > 35 && numbers == Array(1...numbers.count))

        let existing = try Self.existingTests()
        for row in rows {
            let named = row.output.2.matches(of: /`(\w+)\.(\w+)`/)
            // The one that no test can show says so.
            #expect(!named.isEmpty || row.output.0.contains("not shown"), "\(row.output.1)")
            for test in named {
                #expect(existing[String(test.output.1)]?.contains(test.output.2) == true, "\(test.output.0)")
            }
        }
    }

    /// The functions of every suite; extensions of a suite stand in files of their own.
    private static func existingTests() throws -> [String: Set<Substring>] {
        var functions: [String: Set<Substring>] = [:]
        let files = try #require(FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            var suite = ""
            for line in text.split(separator: "\n") {
                if let name = line.firstMatch(of: /^(?:struct|extension) (\w+Tests)\b/) {
                    suite = String(name.output.1)
                }
                if let name = line.firstMatch(of: /^    func (\w+)\(/) {
                    functions[suite, default: []].insert(name.output.1)
                }
            }
        }
        return functions
    }
}
