import FoundationEssentials
import Glibc

/// Standard error where a person reads it.
public struct Terminal: Sendable {
    /// `nil` where standard error is a file, a pipe or nothing.
    public static let standardError =
        isatty(STDERR_FILENO) == 1 ? Terminal(environment: ProcessInfo.processInfo.environment) : nil

    /// How a text is meant.
    public enum Style: String, Sendable {
        /// Green: as it should be.
        case good = "32"
        /// Yellow: worth a look.
        case doubtful = "33"
        /// Red: a person is needed.
        case bad = "31"
    }

    /// Whether a line that stands there can be replaced.
    let replacesLines: Bool
    private let hasColors: Bool

    /// Decides by `TERM`, and by `NO_COLOR`, which a person sets who wants no colours (no-color.org).
    package init(environment: [String: String]) {
        replacesLines = !["", "dumb"].contains(environment["TERM", default: ""])
        hasColors = replacesLines && environment["NO_COLOR", default: ""].isEmpty
    }

    /// The number of columns, 80 if the terminal does not tell.
    var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// The text in the colour of its meaning, if there are colours.
    public func styled(_ text: String, _ style: Style?) -> String {
        guard hasColors, let style else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    /// Prints a text and a line feed, after what the log has said so far.
    public func print(_ text: String) {
        LogStream.write(text)
        LogStream.flush()
    }
}
