import ArgumentParser
import Catalog
import CommandSupport
import DatasetTable

/// `catalog-fetch kaggle-seed`: the files of Meta Kaggle.
struct KaggleSeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kaggle-seed",
        abstract: "Read all datasets of Kaggle from the CSV files of Meta Kaggle.",
        discussion: """
            The task kaggle.seed_initial of the original system. Reads the unzipped files of the dataset kaggle/meta-kaggle: \
            Datasets.csv, DatasetVersions.csv, Users.csv and, where they are, Organizations.csv, Tags.csv and DatasetTags.csv. \
            A run that was ended goes on where it was, as long as the files are the same. What another command has fetched \
            later is kept.

            Needs no key and no network.
            """)

    @Argument(help: ArgumentHelp("The folder of the files.", valueName: "folder"), completion: .directory)
    var folder: String

    @OptionGroup(title: "Run") var options: FetchOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
        try await FetchRun.report(of: Self.self, .kaggle, options, database) { run in
            try await MetaKaggleSeed(run: run, folder: folder).fetch()
        }
    }
}
