import CSVStreaming
import Catalog
import CatalogSources
import Foundation
import Testing

@Suite("A folder that is not a Meta Kaggle", .timeLimit(.minutes(30)))
struct MetaKaggleRefusalTests {
    @Test("is refused without a file that every record needs", arguments: ["Datasets", "Users", "DatasetVersions"])
    func missingFile(name: String) throws {
        var folder = MetaKaggleFolder()
        folder.files["\(name).csv"] = nil
        try folder.withPath { path in
            let error = MetaKaggleError.missingFile(name: "\(name).csv", folder: path)
            #expect(throws: error) { try MetaKaggle(folder: path) }
            #expect(error.description.hasPrefix("there is no file \(name).csv in '\(path)';"))
        }
    }

    @Test(
        "is refused without a column that every record needs, before anything is read",
        arguments: [
            ("Datasets.csv", ["Id", "OwnerUserId", "CurrentDatasetVersionId"]), ("Users.csv", ["Id", "UserName"]),
            ("Organizations.csv", ["Id", "Slug"]), ("DatasetTags.csv", ["DatasetId", "TagId"]),
            ("Tags.csv", ["Id", "Name"]), ("DatasetVersions.csv", ["Id", "Title", "Slug"]),
        ])
    func missingColumns(file: String, columns: [String]) throws {
        var folder = MetaKaggleFolder()
        folder.files[file] = "Other\n1\n"
        #expect(throws: CSVError.missingColumns(file: file, names: columns)) { try folder.run() }
    }

    @Test("is refused for a quote that never ends")
    func openQuote() throws {
        var folder = MetaKaggleFolder()
        let text = "Id,Title,Slug\n12,\"" + String(repeating: "open ", count: 4 << 20)
        folder.files["DatasetVersions.csv"] = text
        let excess = CSVExcess.fieldBytes(limit: 16 << 20)
        #expect(throws: CSVError.tooLarge(file: "DatasetVersions.csv", line: 2, offset: 14, excess: excess)) {
            try folder.run()
        }
    }
}
