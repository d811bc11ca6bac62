import Dispatch
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

    /// Writes a line, to which it adds the line feed.
    static func write(_ line: String) {
        guard free.wait(timeout: .now() + patience) == .success else { return }
        queue.async {
            // A log that cannot be written stops no run.
            try? FileSystem.write(Array((line + "\n").utf8), to: .standardError)
            free.signal()
        }
    }

    /// Waits until all lines are written, or until it is clear that nobody reads them.
    public static func flush() {
        let isWritten = DispatchSemaphore(value: 0)
        queue.async { isWritten.signal() }
        _ = isWritten.wait(timeout: .now() + lastPatience)
    }
}
