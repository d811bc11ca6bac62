import Catalog
import CatalogSources
import Testing

@Suite("Cleaning of texts", .timeLimit(.minutes(30)))
struct CleaningTests {
    // MARK: - Titles

    @Test(
        "puts a title on one line without control characters",
        arguments: [
            ("  Titanic\t-\r\nMachine Learning \n", "Titanic - Machine Learning"), ("a\u{0}\u{1B}b\u{7F}c", "abc"),
            ("\u{0} \t\n", ""), ("", ""),
            ("Größe\u{301} 数据 👩‍🔬\u{A0}x", "Größe\u{301} 数据 👩‍🔬\u{A0}x"),
            ("A <!-- b --> [c](d)", "A <!-- b --> [c](d)"),
        ])
    func title(text: String, cleaned: String) {
        #expect(TextCleaning.title(text).unicodeScalars.elementsEqual(cleaned.unicodeScalars))
    }

    @Test("cuts a title behind 2,048 scalars, not bytes and not characters")
    func titleLimit() {
        #expect(TextCleaning.title(String(repeating: "数", count: 2_049)) == String(repeating: "数", count: 2_048))
        let accented = String(repeating: "e\u{301}", count: 1_024)
        #expect(TextCleaning.title(accented + "x") == accented)
        #expect(TextCleaning.title(String(repeating: "a", count: 2_047) + " b") == String(repeating: "a", count: 2_047))
    }

    // MARK: - Descriptions

    @Test(
        "ends lines with a newline, keeps tabs within them and drops other control characters",
        arguments: [
            ("a\r\nb\rc\nd", "a\nb\nc\nd"), ("a\r\r\nb", "a\n\nb"), ("a\tb", "a\tb"),
            ("a\u{0}b\u{8}\u{1F}\u{7F}c", "abc"),
            ("a\u{85}b", "a\u{85}b"), ("\n\n a \n\n", "a"), ("a\n\n\n\n\nb", "a\n\nb"), ("a\n \n\t\n  \nb", "a\n\nb"),
            ("a\nb\n\nc", "a\nb\n\nc"), ("", ""), (" \t\n", ""),
        ])
    func characters(text: String, cleaned: String) {
        #expect(TextCleaning.description(text).unicodeScalars.elementsEqual(cleaned.unicodeScalars))
    }

    @Test("makes plain lines of a teaser's headings and keeps the indentation of other lines")
    func headings() {
        let teaser =
            "\n\t\n\t\t\n\t\tDataset Card for X\n\t\n\n\n\t\n\t\t\n\t\tSummary\n\t\n\nSome text.\n\tcode\n    more\n"
        #expect(TextCleaning.description(teaser) == "Dataset Card for X\n\nSummary\n\nSome text.\n\tcode\n    more")
    }

    @Test(
        "drops the teaser's notice with its address",
        arguments: [
            "… See the full description on the dataset page: https://huggingface.co/datasets/a/b.",
            "… See the full description on the dataset page: https://huggingface.co/datasets/a/b",
            "\n\n… See the full description on the dataset page: https://huggingface.co/datasets/a/b.\n ",
            "... See the full description on the dataset page: https://huggingface.co/datasets/a/b.",
            "\n\t\n\n See the full description on the dataset page:\nhttps://huggingface.co/datasets/a/b.",
            " See the full description on the dataset page.", " See the full description on the dataset page: ",
        ])
    func notice(notice: String) {
        #expect(TextCleaning.description("Some text" + notice) == "Some text")
        #expect(TextCleaning.description(notice) == "")
    }

    @Test(
        "keeps a notice that is not the end, and an ellipsis without a notice",
        arguments: [
            "See the full description on the dataset page: https://huggingface.co/datasets/a/b. Then buy it.",
            "See the full description on the dataset page of ours", "And so on…", "And so on...",
        ])
    func otherNotice(text: String) {
        #expect(TextCleaning.description(text) == text)
    }

    @Test(
        "drops comments",
        arguments: [
            ("a<!-- b -->c", "ac"), ("a\n<!-- b\n\nc -->\nd", "a\n\nd"), ("<!---->a", "a"), ("<!-->a", "a"),
            ("a\n<!-- cut", "a"), ("<!-- cut", ""), ("a <!-- b", "a <!-- b"), ("a --> b", "a --> b"),
            ("x <!-- a\n<!-- cut", "x <!-- a"), ("<!-- a --><!-- b -->c", "c"),
            ("a\n<!-- cut… See the full description on the dataset page: https://huggingface.co/datasets/a/b.", "a"),
        ])
    func comments(text: String, cleaned: String) {
        #expect(TextCleaning.description(text) == cleaned)
    }

    @Test(
        "drops badges",
        arguments: [
            "[![DOI](https://zenodo.org/x.svg)](https://doi.org/10.5281/x)", "[![](a)](b)",
            "![License](https://img.shields.io/badge/license-MIT-green)",
            "![x](https://IMG.Shields.io/x_(y).svg \"t\")",
            "![ci](https://github.com/a/b/workflows/ci/badge.svg)", "<img src=\"https://img.shields.io/x\">",
            "<a href=\"https://colab.example/x\">\n  <img src=\"/assets/colab-badge.svg\" alt=\"Open\"/>\n</a>",
            "<IMG SRC='https://img.shields.io/x' />",
        ])
    func badges(badge: String) {
        #expect(TextCleaning.description("a\(badge)b") == "ab")
        #expect(TextCleaning.description("a\n\(badge) \(badge)\nb") == "a\n\nb")
    }

    @Test(
        "keeps other images, links and half of a badge",
        arguments: [
            "![A plot](plot.png)", "[text](https://img.shields.io/x)", "[a badge](b)", "![](", "[![", "[![](",
            "[![]()](",
            "![x](https://img.shields.io/x\ny)", "<img src=\"plot.png\">", "<a href=\"x\">text</a>", "<img badge",
            "<a href=\"x\"></a>", "[![a](b)]", "1 < 2, a[0] ![b", "<", "[", "!", "<!",
            "![a] (https://img.shields.io/x)",
        ])
    func otherMarkup(text: String) {
        #expect(TextCleaning.description(text) == text)
        #expect(TextCleaning.description("a\(text)b") == "a\(text)b")
    }

    @Test("cuts a description behind 100,000 scalars")
    func descriptionLimit() {
        let text = String(repeating: "ä\u{1F600}", count: 50_001)
        #expect(TextCleaning.description(text) == String(repeating: "ä\u{1F600}", count: 50_000))
    }

    // MARK: - Work

    @Test(
        "takes twice as long for twice as much, whatever it is",
        arguments: [
            "<!--", "\n<!--", "![", "[![", "[![a](", "![a](", "![](((", "[", "<a ", "<a >", "<a ><img badge>", "<img ",
            "<", "\t", "\n\t", "\n", " ", "\r", "\u{0}", "]", "](", "-->", "<!-", "…", "... ", "![a](badge)",
            "[![a](b)](c)",
            "See the full description on the dataset page ", "<a ><img ><!--",
        ])
    func linearWork(piece: String) {
        let half = String(repeating: piece, count: (1 << 19) / piece.utf8.count)
        let clock = ContinuousClock()
        let fastest = { (text: String) in
            (0..<3).map { _ in clock.measure { _ = TextCleaning.description(text) } }.min() ?? .zero
        }
        // Quadratic work takes four times as long. The constant is for a machine that does other things too.
        #expect(fastest(half + half) < fastest(half) * 3 + .milliseconds(250))
    }
}
