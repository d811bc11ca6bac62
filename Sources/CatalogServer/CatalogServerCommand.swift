import ArgumentParser
import CommandSupport
import Glibc
import Logging
import ProcessorGuard
import SystemPackage

/// The command line of `catalog-server`.
@main
struct CatalogServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog-server",
        abstract: "Searches the table over HTTP, and puts tasks for embedding-job on its board.",
        discussion: """
            Every option can be set by the environment variable that its help names, also in a file .env in the working \
            directory; a flag wins over the environment, the environment over the file.

            EXIT STATUS: 0 stopped by SIGTERM or SIGINT · 64 command line · 70 a defect · 75 the address cannot be bound, or the \
            database is unavailable · 78 configuration
            """,
        version: ProgramVersion.current, subcommands: [ServeCommand.self, NewKeyCommand.self],
        defaultSubcommand: ServeCommand.self)

    /// Parses and runs.
    static func main() async {
        StandardStreams.occupy()
        StandardStreams.ignoreWriteSignals()
        let status = await status()
        LogStream.flush()
        Glibc.exit(status)
    }

    private static func status() async -> Int32 {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
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
