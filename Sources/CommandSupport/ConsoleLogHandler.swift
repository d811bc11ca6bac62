import FoundationEssentials
import Glibc
public import Logging

/// Writes log records to standard error: for people on a terminal, one JSON object a line everywhere else.
struct ConsoleLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let isTerminal: Bool

    /// Decides by what standard error is.
    init() {
        isTerminal = isatty(STDERR_FILENO) == 1
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(\.description)
        // One write a record, so that lines of several processes do not mix.
        LogStream.write(isTerminal ? Self.human(event, values) : Self.json(event, values))
    }

    private static func human(_ event: LogEvent, _ values: [String: String]) -> String {
        let pairs = values.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        let level = event.level >= .warning ? "\(event.level): " : ""
        return level + event.message.description + (pairs.isEmpty ? "" : " ·") + pairs.joined()
    }

    private static func json(_ event: LogEvent, _ values: [String: String]) -> String {
        var record = values
        record["time"] = Date.now.formatted(.iso8601)
        record["level"] = event.level.rawValue
        record["message"] = event.message.description
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(record) else { return event.message.description }
        return String(decoding: data, as: UTF8.self)
    }
}

extension Logger {
    /// A logger that writes to standard error.
    public static func standardError() -> Logger {
        Logger(label: "embedding-job") { _ in ConsoleLogHandler() }
    }
}
