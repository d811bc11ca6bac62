import Foundation
import Testing

/// Whoever may create functions in a schema of the search path must not get to run them in the job's name.
///
/// One that fits the arguments better is taken before one of `pg_catalog`, whatever the search path is.
@Suite("The SQL files")
struct QualifiedNamesTests {
    private static let sources = URL(filePath: #filePath).appending(path: "../../../Sources").standardized

    /// The statements of all modules, as paths below `Sources`.
    private static let files: [String] = (FileManager.default.subpaths(atPath: sources.path) ?? [])
        .filter { $0.hasSuffix(".sql") }.sorted()

    /// What stands before a parenthesis and is no function: words of the language.
    private static let words: Set<Substring> = [
        "all", "and", "any", "array", "as", "by", "check", "coalesce", "conflict", "else", "exists", "explain",
        "filter", "from",
        "gin", "greatest", "group", "grouping", "hnsw", "in", "join", "key", "lateral", "least", "not", "nullif", "on",
        "operator", "or", "over", "row", "select", "set", "sets", "substring", "table", "then", "values", "when",
        "where", "with",
    ]
    /// The types that are words of the language.
    private static let typeWords: Set<Substring> = ["bigint", "boolean", "int", "interval", "smallint"]

    @Test("name the schema of every function, operator, type and catalog that they use", arguments: files)
    func qualified(file: String) throws {
        let text = try String(contentsOf: Self.sources.appending(path: file), encoding: .utf8)
        #expect(Self.openNames(in: text) == [])
    }

    @Test("are ASCII, which every database encoding has", arguments: files)
    func ascii(file: String) throws {
        #expect(try Data(contentsOf: Self.sources.appending(path: file)).allSatisfy { $0 < 0x80 })
    }

    @Test("have company in Swift that does the same")
    func qualifiedInSwift() throws {
        let paths = (FileManager.default.subpaths(atPath: Self.sources.path) ?? []).filter { $0.hasSuffix(".swift") }
        var count = 0
        for path in paths {
            let text = try String(contentsOf: Self.sources.appending(path: path), encoding: .utf8)
            for statement in text.matches(of: /sql: "(?:""\n([^"]*)""|([^"]+))"/) {
                count += 1
                let sql = statement.output.1 ?? statement.output.2 ?? ""
                #expect(Self.openNames(in: String(sql)) == [], "\(path)")
            }
        }
        #expect(count > 2)
    }

    @Test(
        "would not pass with a name that is looked up on the search path",
        arguments: [
            "SELECT left(d.{TITLE}, 1)", "WHERE d.id = 1", "WHERE d.id <> ALL ($1)", "SELECT a || b", "SELECT a & 1",
            "WHERE a LIKE 'b'", "WHERE a NOT IN ('b')", "SELECT nullif(a, '')", "CASE a WHEN 1 THEN 2 END",
            "JOIN b USING (id)", "WHERE a IS DISTINCT FROM b", "WHERE a BETWEEN 1 AND 2", "SELECT a::text",
            "SELECT FROM pg_class", "SELECT 'pg_class'::pg_catalog.regclass", "SELECT now()", "SELECT -a",
            "SELECT a ORDER BY b USING <", "SELECT a COLLATE \"C\"", "WHERE a SIMILAR TO b", "SELECT d.*, d.a * 2",
        ])
    func open(sql: String) {
        #expect(!Self.openNames(in: sql).isEmpty)
    }

    /// What a statement leaves to the search path.
    private static func openNames(in text: String) -> [String] {
        var sql = text.replacing(/--[^\n]*/, with: "").replacing(/\s+/, with: " ")
        var names = sql.matches(of: /'pg_\w+'::pg_catalog\.regclass/).map { String($0.output) }
        sql = sql.replacing(/E?'(?:[^']|'')*'/, with: "''").replacing(/OPERATOR\([^()]*\)/, with: "OPERATOR")
        names += sql.matches(of: /(?:^|[^.\w}])([a-z_]\w*) ?\(/.ignoresCase()).map(\.output.1)
            .filter { !words.contains(Substring($0.lowercased())) && !isNameOfColumns($0, in: sql) }.map(String.init)
        names += sql.matches(of: /::([a-z]\w*)(?![\w.])/).map(\.output.1).filter { !typeWords.contains($0) }
            .map(String.init)
        names += sql.matches(of: /(?:FROM|JOIN) (pg_\w+)(?![\w.])/).map { String($0.output.1) }
        // Words that stand for an operator.
        names += sql.matches(of: /\b(?:I?LIKE\b|SIMILAR TO|BETWEEN|IN \(|NULLIF|DISTINCT FROM)/.ignoresCase())
            .map { String($0.output) }
        names += sql.matches(of: /\bCASE (?!WHEN)\S+|JOIN \S+(?: \w+)? USING/).map { String($0.output) }
        names += sql.matches(of: /COLLATE (?!pg_catalog\.)\S+/).map { String($0.output) }
        // Assignments are no operators: SET a = b, c = d, (e, f) = g.
        sql = sql.replacing(#/SET (?:LOCAL )?(?:[\w.{}]+|\([\w{}, ]+\)) = /#, with: "")
            .replacing(#/, [\w{}]+ = /#, with: ", ")
            .replacing(/\((?:fillfactor|fastupdate) = \w+\)/, with: "")
        // Nor are the asterisks of count(*), SELECT * and d.*, and the sign of a number.
        sql = sql.replacing("(*)", with: "()").replacing("SELECT *", with: "SELECT").replacing(/\b\w+\.\*/, with: "")
            .replacing(/-(?=\d)/, with: "")
        names += sql.matches(of: /[-+*\/<>=~!@#%^&|`?]+/).map { String($0.output) }
            .filter { $0 != "<=>" }
        return names
    }

    /// Whether a parenthesis follows a name because columns do: those of an alias, a table, an index or a conflict.
    private static func isNameOfColumns(_ name: Substring, in sql: String) -> Bool {
        let before = sql[..<name.startIndex].split(separator: " ").last ?? ""
        return ["AS", "INTO", "TABLE", "EXISTS", "CONFLICT"].contains(before)
    }
}
