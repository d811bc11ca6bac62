public import ArgumentParser
import Glibc
import SystemPackage

extension AsyncParsableCommand {
    /// Parses the command line, runs the command that it names, and ends the process with its status.
    public static func runToExit() async -> Never {
        await runToExit { await status() }
    }

    /// Runs the whole of a program, and ends the process with its status.
    ///
    /// A reader of the log or of the output that goes away does not kill a run.
    public static func runToExit(_ program: () async -> Int32) async -> Never {
        StandardStreams.occupy()
        StandardStreams.ignoreWriteSignals()
        let status = await program()
        LogStream.flush()
        Glibc.exit(status)
    }

    /// Parses the command line and runs the command that it names.
    public static func parseAndRun() async throws {
        var command = try parseAsRoot()
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
    }

    private static func status() async -> Int32 {
        do {
            try await parseAndRun()
            return 0
        } catch {
            let message = fullMessage(for: error)
            let status = exitCode(for: error)
            if !message.isEmpty {
                try? FileSystem.write(
                    Array("\(message)\n".utf8), to: status.isSuccess ? .standardOutput : .standardError)
            }
            return status.rawValue
        }
    }
}
