extension String {
    /// The text with an escape such as `\u001b`, which JSON understands, for each character that would command a terminal
    /// or turn the order of what follows; line feeds and tabulators stay.
    ///
    /// Names, keys and messages come from servers, rows and files.
    public var escapingControls: String {
        escaping { $0.isControl && $0 != "\n" }
    }

    /// The same with an escape for line feeds too, so that a text cannot look like several records.
    var escapingLines: String {
        escaping(\.isControl)
    }

    private func escaping(_ isEscaped: (Unicode.Scalar) -> Bool) -> String {
        guard unicodeScalars.contains(where: isEscaped) else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            guard isEscaped(scalar) else {
                result.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            result.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
        }
        return String(result)
    }
}

extension Unicode.Scalar {
    /// Control characters but the tabulator, separators of lines and paragraphs, and the marks that embed, override and
    /// isolate directions (Unicode Standard Annex 9).
    fileprivate var isControl: Bool {
        switch value {
        case 0x09: false
        case 0x00...0x1F, 0x7F...0x9F, 0x2028...0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
