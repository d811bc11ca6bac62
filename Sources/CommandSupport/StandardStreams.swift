import Glibc
import SystemPackage

/// The three streams that a process is born with, or without.
public enum StandardStreams {
    /// Opens streams that the caller has closed; otherwise the first files and sockets to be opened would take their
    /// numbers, and with them what is meant for the streams.
    ///
    /// They cannot be used, so that whoever needs one is told: the null device can be written to as standard input, and read
    /// from as standard output and standard error.
    public static func occupy() {
        let streams: [(FileDescriptor, FileDescriptor.AccessMode)] = [
            (.standardInput, .writeOnly), (.standardOutput, .readOnly), (.standardError, .readOnly),
        ]
        for (stream, mode) in streams where fcntl(stream.rawValue, F_GETFD) == -1 {
            // The lowest free number is that of the stream.
            _ = try? FileDescriptor.open("/dev/null", mode)
        }
    }

    /// Whether standard output is a terminal.
    public static var isTerminal: Bool { isatty(FileDescriptor.standardOutput.rawValue) == 1 }

    /// Makes writing fail with an error where it would end the process: when a reader has gone, and when a file has reached
    /// the size that the process may give it.
    public static func ignoreWriteSignals() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }
}
