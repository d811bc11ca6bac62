public import Logging
internal import Synchronization

/// Keeps what is logged, for tests that look at it or wait for it.
public final class RecordedLog: Sendable {
    /// A message and its metadata.
    public struct Entry: Sendable {
        /// The message.
        public let message: String
        /// The metadata, as text.
        public let values: [String: String]
    }

    private let recorded = Mutex<[Entry]>([])
    private let messages: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    /// Nothing logged yet.
    public init() {
        (messages, continuation) = AsyncStream.makeStream()
    }

    /// A logger that writes here.
    public var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    /// The entries with this message, in order.
    public func entries(_ message: String) -> [Entry] {
        recorded.withLock { $0.filter { $0.message == message } }
    }

    /// The entries whose message holds a text, in order.
    public func entries(containing text: String) -> [Entry] {
        recorded.withLock { $0.filter { $0.message.contains(text) } }
    }

    /// Waits until a message that holds the text is logged; for one waiter at a time.
    public func wait(for text: String) async {
        for await message in messages where message.contains(text) { return }
    }

    private func record(_ entry: Entry) {
        recorded.withLock { $0.append(entry) }
        continuation.yield(entry.message)
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let values = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(\.description)
            log.record(Entry(message: event.message.description, values: values))
        }
    }
}
