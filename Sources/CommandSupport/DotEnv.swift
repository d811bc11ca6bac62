/// The settings in the text of a `.env` file, which means here what it means to python-dotenv.
///
/// A setting is `NAME=value`, perhaps after `export`; lines end by LF, CRLF or CR, and a byte order mark is skipped.
///
/// | value | what it means |
/// |---|---|
/// | `plain text # comment` | the text up to a `#` after a blank, without blanks around it |
/// | `'single quotes'` | may have several lines; `\\` and `\'` stand for the second character |
/// | `"double quotes"` | likewise, with `\"`, `\n`, `\r`, `\t`, `\a`, `\b`, `\f` and `\v` too |
/// | `…${NAME}…`, `…${NAME:-default}…` | in each of the three: the variable of the environment, else a setting above |
///
/// A name without `=` sets nothing. A line that cannot be read is skipped, and its number noted.
package struct DotEnv: Sendable, Equatable {
    /// The values by name; of several with one name the last.
    package private(set) var values: [String: String] = [:]
    /// The numbers, from 1, of the lines that could not be read.
    package private(set) var unreadableLines: [Int] = []

    /// Nothing set.
    package init() {}

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: The file.
    ///   - environment: The variable of this name, for what is written as `${NAME}`.
    package init(_ text: String, environment: (String) -> String? = { _ in nil }) {
        var scanner = DotEnvScanner(text)
        while let line = scanner.nextLine() {
            switch line {
            case .setting(let name, let value):
                values[name] = value.replacing(/\$\{([^}:]*)(?::-([^}]*))?\}/) { [values] variable in
                    let name = String(variable.output.1)
                    return environment(name) ?? values[name] ?? variable.output.2.map(String.init) ?? ""
                }
            case .nothing: break
            case .unreadable(let number): unreadableLines.append(number)
            }
        }
    }
}

/// Walks through the text of a `.env` file.
private struct DotEnvScanner {
    enum Line {
        case setting(name: String, value: String)
        /// A comment, or a name without a value.
        case nothing
        case unreadable(number: Int)
    }

    private struct Unreadable: Error {}

    // Scalars, because CR and LF together are one character.
    private let text: [Unicode.Scalar]
    private var position = 0

    init(_ text: String) {
        let scalars = Array(text.unicodeScalars)
        self.text = Array(scalars.first == "\u{FEFF}" ? scalars[1...] : scalars[...])
    }

    private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    /// The next line that is not blank, or several if quotes hold them together; nil at the end.
    mutating func nextLine() -> Line? {
        _ = take { $0.properties.isWhitespace }
        guard next != nil else { return nil }
        let start = position
        do {
            return try binding()
        } catch {
            _ = take { !$0.isLineBreak }
            return .unreadable(number: lineNumber(of: start))
        }
    }

    private mutating func binding() throws(Unreadable) -> Line {
        skipExport()
        let name = try name()
        _ = take(while: \.isBlank)
        var value: String?
        if next == "=" {
            position += 1
            let blanks = take(while: \.isBlank)
            value = next == "#" && !blanks.isEmpty ? "" : try self.value()
        }
        _ = take(while: \.isBlank)
        if next == "#" { _ = take { !$0.isLineBreak } }
        guard next?.isLineBreak ?? true else { throw Unreadable() }
        guard let name, let value else { return .nothing }
        return .setting(name: name, value: value)
    }

    private mutating func skipExport() {
        let word = "export".unicodeScalars
        let end = position + word.count
        guard end < text.count, text[position..<end].elementsEqual(word), text[end].isBlank else { return }
        position = end
        _ = take(while: \.isBlank)
    }

    /// A name, which may be in single quotes; nil before a comment.
    private mutating func name() throws(Unreadable) -> String? {
        if next == "#" { return nil }
        let isQuoted = next == "'"
        if isQuoted { position += 1 }
        let name = take { isQuoted ? $0 != "'" : $0 != "=" && $0 != "#" && !$0.properties.isWhitespace }
        guard !name.isEmpty, !isQuoted || next == "'" else { throw Unreadable() }
        if isQuoted { position += 1 }
        return name
    }

    private mutating func value() throws(Unreadable) -> String {
        switch next {
        case "'": return try quoted("'", escapes: ["\\": "\\", "'": "'"])
        case "\"":
            return try quoted(
                "\"",
                escapes: [
                    "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r",
                    "t": "\t", "v": "\u{B}",
                ])
        default:
            let line = take { !$0.isLineBreak }
            let end = line.firstMatch(of: /\s+#/)?.range.lowerBound ?? line.endIndex
            return String(line[..<end].reversed().drop(while: \.isWhitespace).reversed())
        }
    }

    private mutating func quoted(
        _ quote: Unicode.Scalar, escapes: [Unicode.Scalar: Unicode.Scalar]
    ) throws(Unreadable) -> String {
        let start = position
        var value = String.UnicodeScalarView()
        position += 1
        while let scalar = next, scalar != quote {
            position += 1
            guard scalar == "\\", let escaped = next else {
                value.append(scalar)
                continue
            }
            position += 1
            if let replacement = escapes[escaped] {
                value.append(replacement)
            } else {
                value.append(contentsOf: [scalar, escaped])
            }
        }
        guard next == quote else {
            // The quote opens nothing, so the line ends where it ends.
            position = start
            throw Unreadable()
        }
        position += 1
        return String(value)
    }

    private mutating func take(while isPart: (Unicode.Scalar) -> Bool) -> String {
        let start = position
        while let scalar = next, isPart(scalar) { position += 1 }
        var taken = String.UnicodeScalarView()
        taken.append(contentsOf: text[start..<position])
        return String(taken)
    }

    private func lineNumber(of position: Int) -> Int {
        var number = 1
        for index in 0..<position where text[index] == "\n" || (text[index] == "\r" && text[index + 1] != "\n") {
            number += 1
        }
        return number
    }
}

extension Unicode.Scalar {
    fileprivate var isLineBreak: Bool { self == "\n" || self == "\r" }
    fileprivate var isBlank: Bool { properties.isWhitespace && !isLineBreak }
}
