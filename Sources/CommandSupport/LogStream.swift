import Dispatch
import Synchronization
import SystemPackage

/// Standard error, on which nobody waits: neither the work nor a signal may depend on somebody reading the log.
///
/// Lines are written in their order, each at once and whole. When a full pipe takes no more, so many lines wait for its
/// reader; further ones are dropped.
public enum LogStream {
    private static let queue = DispatchQueue(label: "embedding-job.log")
    private static let free = DispatchSemaphore(value: 1000)
    /// How long a burst of lines waits for a slow reader.
    private static let patience = DispatchTimeInterval.milliseconds(100)
    /// How long the end of the process waits for the last line.
    private static let lastPatience = DispatchTimeInterval.seconds(1)

    /// What stands below the last line of a terminal, without a line feed; empty for nothing.
    private static let status = Mutex("")
    /// Goes back to the beginning of the line and removes what is there (ECMA-48, EL).
    private static let clearLine = "\r\u{1B}[2K"

    /// Writes a line, to which it adds the line feed.
    static func write(_ line: String) {
        guard free.wait(timeout: .now() + patience) == .success else { return }
        queue.async {
            let status = status.withLock(\.self)
            put(status.isEmpty ? line + "\n" : clearLine + line + "\n" + status)
        }
    }

    /// Shows a text below the last line of a terminal, in the place of the one before; if it cannot be shown at once, not at all.
    static func show(_ text: String) {
        guard free.wait(timeout: .now()) == .success else { return }
        queue.async {
            status.withLock { $0 = text }
            put(clearLine + text)
        }
    }

    private static func put(_ text: String) {
        // A log that cannot be written stops no run.
        try? FileSystem.write(Array(text.utf8), to: .standardError)
        free.signal()
    }

    /// Waits until all lines are written, or until it is clear that nobody reads them.
    public static func flush() {
        let isWritten = DispatchSemaphore(value: 0)
        queue.async { isWritten.signal() }
        _ = isWritten.wait(timeout: .now() + lastPatience)
    }
}
