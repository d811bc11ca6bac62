import Testing

import CommandSupport

@Suite("What a terminal is shown")
struct TerminalTests {
    @Test(
        "has colours unless NO_COLOR is set to anything, or the terminal has none",
        arguments: [
            (["TERM": "xterm"], true), (["TERM": "xterm", "NO_COLOR": ""], true),
            (["TERM": "xterm", "NO_COLOR": "0"], false),
            (["TERM": "dumb"], false), ([:], false),
        ])
    func colours(environment: [String: String], hasColours: Bool) {
        let terminal = Terminal(environment: environment)
        #expect(terminal.styled("failed", .bad) == (hasColours ? "\u{1B}[31mfailed\u{1B}[0m" : "failed"))
        #expect(terminal.styled("as it is", nil) == "as it is")
    }

    @Test("is a bar with what is done, how fast, and for how long it will go on")
    func bar() {
        let line = ProgressBar.line(
            12_300, "rows", share: 0.25, elapsed: .seconds(41), details: ["9,000 tokens/s"], width: 120)
        #expect(line == "███████░░░░░░░░░░░░░░░░░░░░░░░ 12,300 rows · 300 rows/s · 9,000 tokens/s · 2 min 3 s left")
    }

    @Test("fits its width: first the bar gets narrower, then the text is cut", arguments: [60, 52, 51, 30, 1])
    func narrow(width: Int) {
        let line = ProgressBar.line(
            500, "rows", share: 0.5, elapsed: .seconds(5), details: ["9,000 tokens/s"], width: width)
        let text = "500 rows · 100 rows/s · 9,000 tokens/s · 5 s left"
        #expect(line.count == min(width, text.count) || line.count == width)
        #expect(width > text.count ? line.hasSuffix(" " + text) : line == text.prefix(width))
    }

    @Test("promises no end where nobody knows how much there is", arguments: [nil, 0])
    func unknown(share: Double?) {
        let line = ProgressBar.line(500, "rows", share: share, elapsed: .seconds(5), details: [], width: 100)
        #expect(line == "500 rows · 100 rows/s")
    }

    @Test(
        "has digits in groups of three",
        arguments: [
            (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (-1_234_567, "-1,234,567"),
            (Int.min, "-9,223,372,036,854,775,808"),
        ])
    func grouped(number: Int, expected: String) {
        #expect(number.grouped == expected)
    }

    @Test(
        "has times in their two largest units, to the next second",
        arguments: [
            (Duration.zero, "0 s"), (.milliseconds(1), "1 s"), (.seconds(59.5), "1 min"), (.seconds(61), "1 min 1 s"),
            (.seconds(3600), "1 h"), (.seconds(3659), "1 h"), (.seconds(7384), "2 h 3 min"),
            (.seconds(200_000), "2 d 7 h"),
        ])
    func inWords(duration: Duration, expected: String) {
        #expect(duration.inWords == expected)
    }
}
