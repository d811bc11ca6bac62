import Catalog
import CatalogSources
import Foundation

/// The texts of a small Meta Kaggle's files, written to a folder for one run.
struct MetaKaggleFolder: Sendable {
    /// What a run gave.
    struct Run {
        var items: [MetaKaggle.Item] = []
        var ends: [Int64] = []
        var defects: [MetaKaggleDefect: Int] = [:]
        var firstMalformedOffset: Int64?
        var warnings: [String] = []
        var progress: [(read: Int64, total: Int64)] = []

        var records: [CatalogRecord] {
            items.compactMap { item in
                guard case .record(let record) = item else { return nil }
                return record
            }
        }
    }

    /// Two data sets, one of a person's and one of an organization's, with a byte order mark, CRLF, columns that nobody
    /// needs, and older versions.
    var files = [
        "Datasets.csv": """
        \u{FEFF}Id,CreatorUserId,OwnerUserId,OwnerOrganizationId,CurrentDatasetVersionId,CreationDate,TotalViews,\
        TotalDownloads,TotalVotes\r
        1,8,7.0,,12,02/29/2020 00:00:01,100,20,3.0\r
        2,7,,7,11,,5,,\r

        """,
        "Users.csv": "\u{FEFF}Id,UserName,DisplayName\n6,zoe,Zoe\n7,anna,\"Anna \"\"A\"\"\"\n8,bert,Bert\n",
        "Organizations.csv": "Id,Name,Slug,Description\n6,No,no,\n7,Map Makers,map-makers,\"makers\nof maps\"\n",
        "DatasetTags.csv": "Id,DatasetId,TagId\n1,1,22\n2,1,21\n3,3,21\n4,1,29\n",
        "Tags.csv": "Id,ParentTagId,Name\n21,,zoology\n22,21,\"art, modern\"\n",
        "DatasetVersions.csv": """
        \u{FEFF}Id,DatasetId,LicenseName,CreationDate,VersionNumber,Title,Slug,Subtitle,Description,\
        TotalCompressedBytes,TotalUncompressedBytes\r
        10,1,Unknown,01/01/2020 00:00:00,1.0,Old birds,old-birds,,,1,1\r
        11,2,,,1,Maps,maps,,,700.0,\r
        12,1,CC0: Public Domain,12/31/2020 23:59:59,2.0," Birds, ""all"" of them",birds,A subtitle,"
        Lines,
        more ""lines"" é 🐦

        ",1000.0,2000.0\r

        """,
    ]
    /// Bytes of `DatasetVersions.csv` to exchange for others.
    var replacements: [UInt8: UInt8] = [:]

    init() {}

    /// One data set for each text in a column of `Datasets.csv`, with one version each.
    init(column: String, _ fields: [String]) {
        files["Datasets.csv"] =
            "Id,OwnerUserId,CurrentDatasetVersionId,\(column)\n"
            + fields.enumerated().map { "\($0),7,\($0),\($1)\n" }.joined()
        files["DatasetVersions.csv"] =
            "Id,Title,Slug,Description\n"
            + fields.indices.map { "\($0),Title \($0),slug-\($0),\"a\n\"\"b\"\"\"\r\n" }.joined()
    }

    /// Calls `body` with the folder's path.
    func withPath<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "meta-kaggle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            try Data(text.utf8.map { replacements[$0] ?? $0 }).write(to: folder.appending(path: name))
        }
        return try body(folder.path)
    }

    /// Reads the folder to the end.
    func run(from offset: Int64 = 0) throws -> Run {
        try withPath { path in
            let progress = Box<[(read: Int64, total: Int64)]>([])
            let kaggle = try MetaKaggle(folder: path) { progress.value.append((read: $0, total: $1)) }
            try kaggle.load(from: offset)
            var run = Run()
            while let (item, end) = try kaggle.nextRecord() {
                run.items.append(item)
                run.ends.append(end)
            }
            run.defects = kaggle.defects
            run.firstMalformedOffset = kaggle.firstMalformedOffset
            run.warnings = kaggle.warnings
            run.progress = progress.value
            return run
        }
    }
}

/// A value that a closure changes.
private final class Box<Value> {
    var value: Value

    init(_ value: Value) {
        self.value = value
    }
}

extension MetaKaggle.Item {
    /// Why there is no record.
    var defect: MetaKaggleDefect? {
        guard case .skipped(let defect) = self else { return nil }
        return defect
    }
}
