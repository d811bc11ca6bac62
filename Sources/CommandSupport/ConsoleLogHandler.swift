import FoundationEssentials
public import Logging

/// Writes log records to standard error: for people on a terminal, one JSON object a line everywhere else.
///
/// Values may come from a server, a row or a file: none of them commands a terminal, looks like a record of its own, or
/// fills the log.
struct ConsoleLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let terminal = Terminal.standardError
    /// The most characters of a message or a value; no text of this program is as long.
    private static let longestText = 4000

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { Self.cut($0.description) }
        let message = Self.cut(event.message.description)
        // One write a record, so that lines of several processes do not mix.
        if let terminal {
            LogStream.write(Self.human(event.level, message, values, on: terminal))
        } else {
            LogStream.write(Self.json(event.level, message, values))
        }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        let rest = text.dropFirst(longestText).count
        return rest > 0 ? "\(text.prefix(longestText))… (\(rest) more characters)" : text
    }

    private static func human(
        _ level: Logger.Level, _ message: String, _ values: [String: String], on terminal: Terminal
    ) -> String {
        let pairs = values.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        let text = (message + (pairs.isEmpty ? "" : " ·") + pairs.joined()).escapingLines
        guard level >= .warning else { return text }
        return terminal.styled("\(level): ", level == .warning ? .doubtful : .bad) + text
    }

    private static func json(_ level: Logger.Level, _ message: String, _ values: [String: String]) -> String {
        var record = values
        record["time"] = Date.now.formatted(.iso8601)
        record["level"] = level.rawValue
        record["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(record) else { return message.escapingLines }
        return String(decoding: data, as: UTF8.self).escapingLines
    }
}

extension Logger {
    /// A logger that writes to standard error.
    public static func standardError() -> Logger {
        Logger(label: "embedding-job") { _ in ConsoleLogHandler() }
    }
}
