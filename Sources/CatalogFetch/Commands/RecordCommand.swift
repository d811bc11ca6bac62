import ArgumentParser
import Catalog
import CatalogSources
import CommandSupport
import DatasetTable
import FoundationEssentials
import HTTPFetching
import Logging

/// `catalog-fetch record`: answers as they came, for a report.
struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Save one answer of each kind as it came, for a report of a changed interface.",
        discussion: """
            Writes NAME.json for each of them into the folder. Answers hold no keys; look through them all the same before you \
            pass them on. No database is needed.
            """)

    /// What is asked.
    enum Source: String, ExpressibleByArgument, CaseIterable {
        case huggingface, kaggle
    }

    @Argument(help: "The source: huggingface or kaggle.")
    var from: Source

    @Argument(
        help: ArgumentHelp("The folder of the answers, which must exist.", valueName: "folder"), completion: .directory)
    var folder: String

    @OptionGroup(title: "Source") var source: SourceOptions

    func run() async throws {
        try await Self.reportingFailures {
            do {
                try await record(try await Settings())
            } catch let failure as HTTPFailure {
                throw RunFailure(fetching: failure)
            }
        }
    }

    private func record(_ settings: Settings) async throws {
        let options =
            switch from {
            case .huggingface:
                try source.fetcher(
                    settings, HuggingFaceCommand.address, authorization: try SourceKeys(settings).huggingFace(),
                    pace: .rateLimitHeader, deadline: nil)
            case .kaggle: try source.kaggle(settings, deadline: nil)
            }
        let fetcher = try HTTPFetcher(options, logger: .standardError())
        let result: Result<Void, any Error>
        do {
            result = .success(try await save(fetcher))
        } catch {
            result = .failure(error)
        }
        await fetcher.shutdown()
        try result.get()
    }

    private func save(_ fetcher: HTTPFetcher) async throws {
        switch from {
        case .huggingface:
            let body = try await save(
                "huggingface-listing", HuggingFace.listingTarget(limit: 5, order: .lastModified), fetcher)
            _ = try HuggingFace.page(body, now: Date())
        case .kaggle:
            let body = try await save("kaggle-listing", Kaggle.listingTarget(page: 1), fetcher)
            guard let first = try Kaggle.page(body, now: Date()).records.first,
                let target = Kaggle.viewTarget(first.reference)
            else { return }
            _ = try await save("kaggle-view", target, fetcher)
        }
    }

    private func save(_ name: String, _ target: String, _ fetcher: HTTPFetcher) async throws -> [UInt8] {
        let body = try await fetcher.get(target) { $0 }.value
        let path = "\(folder)/\(name).json"
        let file = try OutputFile(path)
        try file.write(body)
        try file.finish()
        try StandardOutput.print(path)
        return body
    }
}
