import ArgumentParser
import CommandSupport
import ProcessorGuard

/// The command line of `catalog-fetch`.
@main
struct CatalogFetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog-fetch",
        abstract: "Fills the table that embedding-job drains with what Hugging Face and Kaggle say of their datasets.",
        discussion: """
            Each command runs to its end, prints one line of JSON, and can be killed and repeated: what changes nothing writes \
            nothing, and a text that changes takes its vector with it, so that the next embedding-job run embeds the row anew. \
            Once before: embedding-job schema --catalog --apply.

            Every option can be set by the environment variable that its help names, also in a file .env in the working \
            directory; a flag wins over the environment, the environment over the file. Keys are never options: HF_TOKEN for \
            Hugging Face, KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY, for Kaggle, or the files where the sources' own \
            programs keep them.

            EXIT STATUS: 0 done, or --limit reached · 64 command line · 65 the source's answers or files cannot be used, or more \
            would change than --accept-changes allows · 70 a defect · 75 the source or the database is not to be had, or time is \
            over: try again · 78 configuration · 143 stopped by a signal
            """,
        version: ProgramVersion.current,
        subcommands: [
            HuggingFaceCommand.self, KaggleSeedCommand.self, KaggleEnrichCommand.self, KaggleLatestCommand.self,
            RecordCommand.self,
        ])

    /// Parses and runs.
    static func main() async {
        await runToExit()
    }
}
