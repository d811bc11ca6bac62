import Glibc
public import Logging
import SystemPackage

/// Standard output, where nothing gets lost without a word.
public enum StandardOutput {
    private static let name = "standard output"

    /// Prints a text and a line feed; see `escapingControls` of a string for what is not printed as it is.
    public static func print(_ text: String) throws(OutputError) {
        try write(Array((text.escapingControls + "\n").utf8))
    }

    /// Writes all bytes; when the reader has gone, the process ends by SIGPIPE, as filters do.
    public static func write(_ bytes: [UInt8]) throws(OutputError) {
        do {
            try FileSystem.write(bytes, to: .standardOutput)
        } catch Errno.brokenPipe {
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        } catch {
            throw unwritable(error)
        }
    }

    /// Prints the line of a run, which is over whether somebody reads it or not: what stands in the way is only logged.
    public static func report(_ line: String, log: Logger) {
        do {
            try FileSystem.write(Array((line.escapingControls + "\n").utf8), to: .standardOutput)
        } catch {
            log.error("\(unwritable(error).description); it was to get the line of JSON", metadata: ["line": "\(line)"])
        }
    }

    /// Closes it at the end, when some file systems first say that they have no room.
    public static func close() throws(OutputError) {
        do {
            try FileDescriptor.standardOutput.close()
        } catch Errno.badFileDescriptor {
            return
        } catch {
            throw unwritable(error)
        }
    }

    /// Throws if standard output is one of these files, which would grow as long as it is read.
    public static func mustNotBe(_ inputs: Set<FileIdentity>) throws(OutputError) {
        guard let status = try? Stat(FileDescriptor.standardOutput), status.type == .regular,
            inputs.contains(FileIdentity(status))
        else { return }
        throw .isInput(name)
    }

    private static func unwritable(_ error: any Error) -> OutputError {
        // See `StandardStreams.occupy()`.
        .unwritable(name, reason: (error as? Errno) == .badFileDescriptor ? "it is closed" : "\(error)")
    }
}
