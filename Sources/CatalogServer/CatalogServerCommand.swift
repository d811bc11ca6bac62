import ArgumentParser
import CommandSupport
import ProcessorGuard

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
        await runToExit()
    }
}
