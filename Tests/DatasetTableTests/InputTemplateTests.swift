import DatasetTable
import Foundation
import Postgres
import PostgresTestSupport
import Testing

/// The template for files beside the one that the server applies to rows.
@Suite("The template of the input", .requiresPostgres)
struct InputTemplateTests {
    /// Titles and descriptions at each of the limits, and blanks of every kind in every place.
    private static let parts: [String?] = {
        let blanks = [" ", "\t", "\n", "\u{B}", "\u{C}", "\r", "\u{A0}", "\u{85}", "\u{2003}", "\u{3000}", "\u{1C}"]
        let letters = ["a", "é", "e\u{301}", "東", "🐙", "👩‍👩‍👧", "\r\n"]
        var parts: [String?] = [nil, "", " \t\r\n\u{B}\u{C} ", "plain"]
        parts += blanks.flatMap { [$0, "\($0)a", "a\($0)", "\($0) a \($0) b \($0)"] }
        for count in [2048, 16_384] {
            for letter in letters {
                let scalars = letter.unicodeScalars.count
                parts += [-1, 0, 1].map { String(repeating: letter, count: (count + $0) / scalars) + "tail" }
            }
            // The cut comes before the trim.
            parts.append(String(repeating: " ", count: count) + "behind the cut")
            parts.append(String(repeating: " ", count: count - 1) + "x" + "behind the cut")
            parts.append(String(repeating: "a", count: count - 2) + " \u{A0} behind the cut")
        }
        return parts
    }()

    @Test("makes of a file's title and description what the server makes of a row's")
    func equalsServer() async throws {
        let path = URL(filePath: #filePath).appending(path: "../../../Sources/DatasetTable/SQL").standardized
        let files = try #require(FileManager.default.subpaths(atPath: path.path)).filter { $0.hasSuffix("source.sql") }
        let file = try #require(files.first { URL(filePath: $0).lastPathComponent == "source.sql" })
        let source = try String(contentsOf: path.appending(path: file), encoding: .utf8)
            .replacing("{TITLE}", with: "title").replacing("{DESCRIPTION}", with: "description")
        try await withTemporaryDatabase { database in
            let server = ServerTemplate(session: try await database.connect(), source: source)
            for title in Self.parts {
                for description in [title, nil, "plain", "\u{A0} d "] {
                    try await server.expectSame(title, description)
                }
            }
            for description in Self.parts { try await server.expectSame(nil, description) }
            await server.session.close()
        }
    }

    /// The template as the server applies it.
    private struct ServerTemplate {
        let session: PostgresSession
        let source: String

        func expectSame(_ title: String?, _ description: String?) async throws {
            let statement = PostgresStatement(
                name: "template",
                sql: "SELECT \(source) AS text FROM (SELECT $1::text AS title, $2::text AS description) d")
            let result = try await session.execute(statement, [Self.value(title), Self.value(description)])
            let row = try #require(result.first)
            // Where nothing is left, the server's text is empty.
            let expected = try row.text("text")
            let text = InputTemplate.text(title: title, description: description) ?? ""
            // Bytes: to Swift, strings of the same characters are equal. Nobody wants to see them where they differ.
            let isSame = Array(text.utf8) == Array(expected.utf8)
            #expect(isSame, "\(title?.prefix(20) ?? "-"), \(description?.prefix(20) ?? "-")")
        }

        private static func value(_ text: String?) -> PostgresValue {
            guard let text else { return .null(PostgresTypeOID.text) }
            return .text(text)
        }
    }

    @Test("takes as many characters as its definition says, of which the fingerprint is made")
    func definition() {
        let long = String(repeating: "x", count: 20_000)
        let text = InputTemplate.text(title: long, description: long)
        #expect(text?.split(separator: " ").map { "\($0.count)" } == ["2048", "2048", "16384"])
        #expect(InputTemplate.definition == "{title:2048} {title:2048} {description:16384}")
    }
}
