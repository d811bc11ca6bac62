import CommandSupport
import Testing

@Suite("Control characters")
struct ControlCharacterTests {
    @Test(
        "are escaped as JSON escapes them",
        arguments: [
            ("\u{1B}[31m", #"\u001b[31m"#), ("\u{0}\r\u{7F}", #"\u0000\u000d\u007f"#),
            ("\u{85}\u{9B}", #"\u0085\u009b"#),
            ("a\u{202E}b\u{2066}c\u{2028}", #"a\u202eb\u2066c\u2028"#),
        ])
    func escaped(text: String, expected: String) {
        #expect(text.escapingControls == expected)
    }

    @Test("that lay out a text stay, as does every other character", arguments: ["a\n\tb", "é東🐙\u{A0}\u{200E}", ""])
    func kept(text: String) {
        #expect(text.escapingControls == text)
    }
}
