import Catalog
import CatalogSources
import Foundation
import Testing

@Suite("Joining the files of Meta Kaggle", .timeLimit(.minutes(30)))
struct MetaKaggleTests {
    // MARK: - Records

    @Test("makes a record of the current version of each data set")
    func records() throws {
        let run = try MetaKaggleFolder().run()
        var birds = CatalogRecord(
            .kaggle, "anna/birds", title: "Birds, \"all\" of them",
            url: "https://www.kaggle.com/datasets/anna/birds")
        birds.upstreamID = "1"
        birds.description = "A subtitle\n\nLines,\nmore \"lines\" é 🐦"
        birds.views = 100
        birds.downloads = 20
        birds.likes = 3
        birds.license = "CC0: Public Domain"
        birds.tags = ["zoology", "art, modern"]
        birds.byteCount = 2_000
        birds.created = Date(timeIntervalSince1970: 1_582_934_401)
        birds.updated = Date(timeIntervalSince1970: 1_609_459_199)
        var maps = CatalogRecord(
            .kaggle, "map-makers/maps", title: "Maps", url: "https://www.kaggle.com/datasets/map-makers/maps")
        maps.upstreamID = "2"
        maps.isFinal = false
        maps.views = 5
        maps.tags = []
        maps.byteCount = 700
        #expect(run.items == [.record(maps), .record(birds)])
        #expect(run.defects.isEmpty && run.warnings.isEmpty)
    }

    @Test("takes one part of a description where the other is missing")
    func descriptions() throws {
        var folder = MetaKaggleFolder()
        for (subtitle, text, expected) in [
            ("Only this", "", "Only this"), ("", "Only that", "Only that"), (" ", "\"\n\"", nil),
            (" a ", "\"\nb\n\"", "a\n\nb"),
        ] {
            folder.files["DatasetVersions.csv"] = "Id,Title,Slug,Subtitle,Description\n11,T,s,\(subtitle),\(text)\n"
            let record = try #require(folder.run().records.first)
            #expect(record.description == expected && record.isFinal == (expected != nil))
        }
    }

    @Test("makes records without the columns and files that may be missing")
    func optional() throws {
        var folder = MetaKaggleFolder()
        folder.files = [
            "Datasets.csv": "CurrentDatasetVersionId,OwnerUserId,Id\n11,7,1\n", "Users.csv": "UserName,Id\nanna,7\n",
            "DatasetVersions.csv": "Slug,Id,Title\nbirds,11,Birds",
        ]
        let run = try folder.run()
        var birds = CatalogRecord(
            .kaggle, "anna/birds", title: "Birds", url: "https://www.kaggle.com/datasets/anna/birds")
        birds.upstreamID = "1"
        birds.isFinal = false
        #expect(run.items == [.record(birds)] && run.defects.isEmpty)
        #expect(
            run.warnings == [
                "there is no Organizations.csv, so data sets of organizations are left out",
                "there is no DatasetTags.csv, so no record has tags", "there is no Tags.csv, so no record has tags",
            ])
    }

    @Test("keeps at most 64 tags, each once, and shortens long ones")
    func tags() throws {
        var folder = MetaKaggleFolder()
        let numbers = Array(1...80) + Array(1...80)
        folder.files["DatasetTags.csv"] = "DatasetId,TagId\n" + numbers.reversed().map { "1,\($0)\n" }.joined()
        folder.files["Tags.csv"] =
            "Id,Name\n"
            + numbers.map { "\($0),tag \($0)\(String(repeating: "x", count: $0 == 1 ? 120 : 0))\n" }.joined()
        let record = try #require(folder.run().records.last)
        let expected = ["tag 1" + String(repeating: "x", count: 95)] + (2...64).map { "tag \($0)" }
        #expect(record.tags == expected)
    }

    // MARK: - Traps

    @Test("passes over what does not fit together, and counts why")
    func defects() throws {
        var folder = MetaKaggleFolder()
        folder.files["Datasets.csv"] = """
            Id,OwnerUserId,OwnerOrganizationId,CurrentDatasetVersionId
            1,7,,11
            2,8,,12
            3,,4,13
            4,,,14
            5,7,,
            6,7,,99
            7,7,,17
            8,7,,18
            9,7
            x,7,,20
            4294967296,7,,21
            22,7,,22
            23,9,,23
            24,10,,24
            """
        folder.files["Users.csv"] = "Id,UserName\n7,anna\n9,an/na\n10,\n"
        folder.files["DatasetVersions.csv"] = """
            Id,Title,Slug
            11,Good,good
            12,No user,a
            13,No organization,b
            17, ,no-title
            18,No slug,
            11.0,The same again,good
            22,Bad slug,a b
            23,Bad owner,c
            24,Empty owner,d
            not a row
            -1,Bad number,c
            """
        let run = try folder.run()
        #expect(run.records.map(\.reference) == ["anna/good"])
        let expected: [MetaKaggleDefect?] = [
            nil, .danglingOwner, .danglingOwner, .noTitle, .noSlug, .duplicate, .noSlug, .danglingOwner, .danglingOwner,
        ]
        #expect(run.items.map(\.defect) == expected)
        let counts: [MetaKaggleDefect: Int] = [
            .danglingOwner: 5, .danglingVersion: 2, .columnCount: 2, .noTitle: 1, .noSlug: 2, .duplicate: 1,
            .badNumber: 3,
        ]
        #expect(run.defects == counts)
        let place = try #require(folder.files["DatasetVersions.csv"]?.range(of: "not a row"))
        let offset = folder.files["DatasetVersions.csv"]?.utf8.prefix(upTo: place.lowerBound).count
        #expect(run.firstMalformedOffset == offset.map(Int64.init))
    }

    @Test("passes over a row with a text that is not UTF-8, and only that row")
    func notUTF8() throws {
        var folder = MetaKaggleFolder()
        folder.files["DatasetVersions.csv"] = "Id,Title,Slug,Description\n11,T,birds,\u{1}\n12,T,maps,good\n"
        folder.replacements = [1: 0xFF]
        let run = try folder.run()
        #expect(run.items.map(\.defect) == [.notUTF8, nil] && run.defects == [.notUTF8: 1])
    }

    @Test("takes the later of two rows of one data set, and of two data sets with one version")
    func duplicates() throws {
        var folder = MetaKaggleFolder()
        folder.files["Datasets.csv"] =
            "Id,OwnerUserId,CurrentDatasetVersionId\n1,7,11\n2,7,12\n1,7,13\n3,7,14\n4,7,14\n"
        folder.files["DatasetVersions.csv"] = "Id,Title,Slug\n11,A,a\n12,B,b\n13,C,c\n14,D,d\n"
        let run = try folder.run()
        #expect(run.records.map(\.upstreamID) == ["2", "1", "4"])
        #expect(run.records.map(\.title) == ["B", "C", "D"])
        #expect(run.defects == [.duplicate: 2])
    }

    @Test("takes whole numbers up to 2⁵³, also as floating point, and no other")
    func numbers() throws {
        let good: [(String, Int64?)] = [
            ("0", 0), ("12", 12), ("12.0", 12), ("1.5e+3", 1_500), ("2E9", 2_000_000_000), ("007", 7), ("", nil),
            ("9007199254740992", 9_007_199_254_740_992), ("9007199254740992.0", 9_007_199_254_740_992),
        ]
        let bad = [
            "-1", "-0", "1.5", "9007199254740993", "1e300", "nan", "inf", "0x10", "1 000", " 1", "1,5", "+", "٣",
            "99999999999999999999999999999999999",
        ]
        let fields = good.map(\.0) + bad.map { "\"\($0)\"" }
        let run = try MetaKaggleFolder(column: "TotalViews", fields).run()
        #expect(run.records.map(\.views) == good.map(\.1) + bad.map { _ in nil })
        #expect(run.defects == [.badNumber: bad.count])
    }

    @Test("takes American dates from the year 2000 to today, and no other")
    func dates() throws {
        let good: [(String, Double?)] = [
            ("01/01/2000 00:00:00", 946_684_800), ("02/29/2024 23:59:59", 1_709_251_199),
            ("12/31/2023", 1_703_980_800), ("02/28/2023 12:00:00", 1_677_585_600), ("02/29/2000", 951_782_400),
            ("03/01/2000", 951_868_800),
            ("", nil),
        ]
        let bad = [
            "12/31/1999", "01/01/2999", "13/01/2020", "02/29/2023", "02/30/2024", "04/31/2020", "00/10/2020",
            "01/00/2020",
            "1/1/2020", "2020-01-01", "01/01/2020 24:00:00", "01/01/2020 00:60:00", "01/01/2020 00:00:60",
            "01/01/2020T00:00:00", "01/01/2020 00:00", "01-01-2020", "01/01/20 00:00:00", "01/01/2020 00:00:00Z",
        ]
        let run = try MetaKaggleFolder(column: "CreationDate", good.map(\.0) + bad).run()
        let expected = good.map { $0.1.map(Date.init(timeIntervalSince1970:)) } + bad.map { _ in nil }
        #expect(run.records.map(\.created) == expected)
        #expect(run.defects == [.badDate: bad.count])
    }

    // MARK: - Going on

    @Test("goes on at each offset that it has given with the same rest")
    func resumes() throws {
        let folder = MetaKaggleFolder(column: "TotalViews", (0..<50).map { String($0) })
        let all = try folder.run()
        #expect(all.items.count == 50)
        for (index, end) in all.ends.enumerated() {
            let rest = try folder.run(from: end)
            try #require(rest.items == Array(all.items[(index + 1)...]) && rest.ends == Array(all.ends[(index + 1)...]))
            // Versions before the offset were met in the run before.
            try #require(rest.defects.isEmpty)
        }
    }

    @Test("tells how many bytes are behind, and reads all of them")
    func progress() throws {
        let folder = MetaKaggleFolder()
        for offset in [0, 150] as [Int64] {
            let run = try folder.run(from: offset)
            let size = folder.files.values.map { Int64($0.utf8.count) }.reduce(0, +)
            #expect(run.progress.map(\.read) == run.progress.map(\.read).sorted())
            #expect(run.progress.last?.read == size && run.progress.allSatisfy { $0.total == size })
        }
    }

    @Test("ends when its task is cancelled")
    func cancellation() async throws {
        let folder = MetaKaggleFolder()
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try folder.run().items.count
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("tells a changed file by its fingerprint")
    func fingerprint() throws {
        try MetaKaggleFolder().withPath { path in
            let before = try MetaKaggle.fingerprint(folder: path)
            #expect(try MetaKaggle.fingerprint(folder: path) == before)
            let file = URL(filePath: path).appending(path: "DatasetVersions.csv")
            let text = try Data(contentsOf: file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file.path)
            let touched = try MetaKaggle.fingerprint(folder: path)
            try (text + Data("\n".utf8)).write(to: file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file.path)
            #expect(Set([before, touched, try MetaKaggle.fingerprint(folder: path)]).count == 3)
        }
        #expect(throws: MetaKaggleError.missingFile(name: "DatasetVersions.csv", folder: "/tmp/no-folder")) {
            try MetaKaggle.fingerprint(folder: "/tmp/no-folder")
        }
    }
}
