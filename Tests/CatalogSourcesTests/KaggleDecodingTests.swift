import Catalog
import CatalogSources
import FoundationEssentials
import Testing

@Suite("Decoding answers of Kaggle", .timeLimit(.minutes(30)))
struct KaggleDecodingTests {
    /// A whole item, as a view gives it.
    static let wholeView = #"""
        {"id":1234,"ref":"acme/small-cats","title":"Small cats","subtitle":"All of them",
        "description":"# About\r\nCats.","creatorName":"A","totalBytes":1048576,"url":"https://evil.example/x",
        "files":[],"isPrivate":false,
        "lastUpdated":"2025-11-02T10:11:12.123456789","downloadCount":10,"viewCount":200,"voteCount":3,"kernelCount":1,
        "isFeatured":false,"licenseName":"CC0: Public Domain","ownerName":"Acme","ownerRef":"acme","topicCount":0,
        "tags":[{"ref":"cats","name":"cats and dogs","fullPath":"a > b"},{"name":null},{"ref":"x"},7,"plain"],
        "currentVersionNumber":2,"usabilityRating":0.875}
        """#

    /// What the whole view says.
    static var wholeRecord: CatalogRecord {
        var record = CatalogRecord(
            .kaggle, "acme/small-cats", title: "Small cats", url: "https://www.kaggle.com/datasets/acme/small-cats")
        record.upstreamID = "1234"
        record.description = "All of them\n\n# About\nCats."
        record.downloads = 10
        record.views = 200
        record.likes = 3
        record.usability = 0.875
        record.license = "CC0: Public Domain"
        record.tags = ["cats and dogs", "plain"]
        record.byteCount = 1_048_576
        record.updated = Date(timeIntervalSince1970: 1_762_078_272.123456789)
        return record
    }

    private func page(_ body: String) throws -> SourcePage {
        try Kaggle.page(Array(body.utf8), now: decodingTime)
    }

    private func view(_ body: String, of reference: String = "asked/for") throws -> SourceItem {
        try Kaggle.view(Array(body.utf8), of: reference, now: decodingTime)
    }

    private func listed(_ members: String) throws -> CatalogRecord {
        try #require(page("[{\"ref\":\"a/b\",\"title\":\"T\"\(members.isEmpty ? "" : ",")\(members)}]").records.first)
    }

    private func viewed(_ members: String) throws -> CatalogRecord {
        try #require(view("{\"ref\":\"a/b\",\"title\":\"T\"\(members.isEmpty ? "" : ",")\(members)}").record)
    }

    // MARK: - Forms

    @Test("reads every value of a view, with a byte order mark and blanks before it too")
    func wholeView() throws {
        for before in ["", "\u{FEFF}", "\u{FEFF} \n"] {
            let item = try view(before + Self.wholeView)
            #expect(item.record == Self.wholeRecord)
            #expect(item.valueFaults == [] && item.loss == nil && item.reference == "acme/small-cats")
        }
        #expect(Self.wholeRecord.isFinal)
    }

    @Test("reads the same from names with a suffix")
    func nullableNames() throws {
        var body = Self.wholeView
        for name in ["title", "subtitle", "description", "usabilityRating", "licenseName", "totalBytes", "ref"] {
            body = body.replacing("\"\(name)\":", with: "\"\(name)Nullable\":")
        }
        // The tags have a member `ref` of their own, which is not read.
        #expect(try view(body).record == Self.wholeRecord)
        #expect(
            try viewed(#""description":null,"descriptionNullable":"d","subtitle":"s","subtitleNullable":"t""#)
                .description == "s\n\nd")
    }

    @Test("reads pages of both interfaces")
    func pages() throws {
        for body in [
            "[\(Self.wholeView)]", "{\"datasets\":[\(Self.wholeView)],\"nextPageToken\":\"abc\\u003d\"}",
            "\u{FEFF}{\"nextPageToken\":\"abc=\", \"datasets\" : [ \(Self.wholeView) ] }",
        ] {
            let page = try page(body)
            #expect(page.records == [Self.wholeRecord])
            #expect(page.nextPageToken == (body.hasPrefix("[") ? nil : "abc="))
            #expect(page.faults == [:] && page.itemCount == 1)
        }
        #expect(try page("{\"datasets\":[],\"nextPageToken\":\"\"}").nextPageToken == nil)
        #expect(try page("{\"datasets\":[],\"nextPageToken\":null}").nextPageToken == nil)
        #expect(try page("[]").itemCount == 0)
    }

    @Test("reads metadata, whose values have other names")
    func metadata() throws {
        let body = #"""
            {"info":{"datasetId":"1234","datasetSlug":"small-cats","ownerUser":"acme","title":"Small cats",
            "subtitle":"All of them","description":"# About\nCats.","totalViews":200,"totalVotes":3,"totalDownloads":10,
            "keywords":["cats and dogs","plain"],"licenses":[{"name":"CC0: Public Domain"}],"isPrivate":false,
            "usabilityRating":8.75,"expectedUpdateFrequency":"never","userSpecifiedSources":""},"errorMessage":""}
            """#
        var expected = Self.wholeRecord
        expected.byteCount = nil
        expected.updated = nil
        #expect(try view(body).record == expected)
        let anonymous = body.replacing("\"ownerUser\":\"acme\",", with: "")
        #expect(try view(anonymous, of: "acme/small-cats").record == expected)
    }

    @Test("loses metadata that tell an error")
    func metadataError() throws {
        let item = try view(#"{"info":{"title":"T","ownerUser":"a","datasetSlug":"b"},"errorMessage":"Sorry"}"#)
        #expect(item.record == nil && item.loss == .error && item.reference == "a/b")
        #expect(try view(#"{"info":null,"errorMessage":"Sorry"}"#).loss == .error)
        #expect(try view(#"{"info":{"title":"T"},"errorMessage":null}"#).record?.reference == "asked/for")
    }

    @Test("refuses a view that is another value, an error or cut short")
    func otherViews() {
        for body in ["", "[]", "null", "<html>", "[{}]", "{\"a\":1"] {
            #expect(throws: SourceBodyError.notJSON) { try view(body) }
        }
        #expect(throws: SourceBodyError.refused(code: 403)) { try view(#"{"code":403,"message":"Forbidden"}"#) }
        #expect(throws: SourceBodyError.refused(code: nil)) { try view(#"{"error":"x"}"#) }
    }

    // MARK: - Descriptions

    @Test(
        "leaves a listing's item without a description to its view",
        arguments: [
            "", #""description":null"#, #""description":"""#, #""subtitle":"s","description":" <!-- x -->""#,
            #""subtitle":"s""#,
        ])
    func listedWithoutDescription(members: String) throws {
        let record = try listed(members)
        #expect(record.description == nil && !record.isFinal)
    }

    @Test("takes a listing's description for the last word")
    func listedWithDescription() throws {
        let record = try listed(#""subtitle":" s\n","description":"d""#)
        #expect(record.description == "s\n\nd" && record.isFinal)
    }

    @Test(
        "takes a view's description, however empty, for the last word",
        arguments: [
            ("", nil), (#""description":null"#, ""), (#""description":"""#, ""), (#""descriptionNullable":null"#, ""),
            (#""subtitle":"s""#, "s"), (#""subtitle":"","description":"d""#, "d"),
            (#""subtitle":null,"description":"d""#, "d"),
        ] as [(String, String?)])
    func viewedDescription(members: String, description: String?) throws {
        let record = try viewed(members)
        #expect(record.description == description && record.isFinal)
    }

    // MARK: - Values

    @Test(
        "has a usability from 0 to 1 on either scale",
        arguments: [
            ("0", 0), ("0.5", 0.5), ("1", 1), ("1.0", 1), ("8.75", 0.875), ("10", 1), ("\"0.5\"", 0.5), ("10.1", nil),
            ("-0.1", nil),
            ("\"x\"", nil), ("\"nan\"", nil), ("1e400", nil), ("true", nil), ("[]", nil),
        ] as [(String, Double?)])
    func usability(value: String, usability: Double?) throws {
        #expect(try listed("\"usabilityRating\":\(value)").usability == usability)
        let faults = try page("[{\"ref\":\"a/b\",\"title\":\"T\",\"usabilityRating\":\(value)}]").faults
        #expect(faults == (usability == nil ? ["number": 1] : [:]))
    }

    @Test("tells an empty licence, and no licence that is missing or null")
    func license() throws {
        #expect(try listed("").license == nil)
        #expect(try listed("\"licenseName\":null").license == nil)
        #expect(try listed("\"licenseName\":\"\"").license == "")
        #expect(try listed("\"licenses\":[{\"name\":\"a\"},{\"name\":\"b\"}]").license == "a, b")
        #expect(try listed("\"tags\":[]").tags == [])
        #expect(try listed("\"tags\":null").tags == nil)
    }

    @Test("is active unless private, and has no identifier 0")
    func otherValues() throws {
        #expect(try !listed("\"isPrivate\":true").isActive)
        #expect(try !listed("\"isPrivateNullable\":true").isActive)
        #expect(try listed("\"isPrivate\":null").isActive)
        #expect(try listed("\"id\":0").upstreamID == nil)
        #expect(try listed("\"id\":7.0").upstreamID == "7")
    }

    // MARK: - References

    @Test(
        "loses an item whose reference or title is none",
        arguments: [
            (#"{"title":"T"}"#, "item_without_id"), (#"{"ref":null,"title":"T"}"#, "item_without_id"),
            (#"{"ref":"a/b"}"#, "item_without_title"), (#"{"ref":"a/b","title":" \u0000"}"#, "item_without_title"),
            (#"{"ref":"a","title":"T"}"#, "id"), (#"{"ref":"a/b/c","title":"T"}"#, "id"),
            (#"{"ref":"a/","title":"T"}"#, "id"),
            (#"{"ref":"../b","title":"T"}"#, "id"), (#"{"ref":"a/b?c","title":"T"}"#, "id"),
            (#"{"ref":"a/b c","title":"T"}"#, "id"),
            (#"{"ref":"a/ä","title":"T"}"#, "id"), (#"{"ref":"a/b%2e","title":"T"}"#, "id"), ("[]", "item_malformed"),
        ])
    func badItem(item: String, code: String) throws {
        let good = (0..<19).map { "{\"ref\":\"a/b\($0)\",\"title\":\"T\"}" }.joined(separator: ",")
        let page = try page("[\(good),\(item)]")
        #expect(page.records.count == 19 && page.itemCount == 20)
        #expect(page.faults == [code: 1])
        #expect(!page.isFormatChanged)
    }

    @Test("asks only for references that are such")
    func targets() {
        #expect(Kaggle.listingTarget(page: 3) == "/api/v1/datasets/list?sortBy=updated&page=3")
        #expect(Kaggle.viewTarget("a-B.c/d_9") == "/api/v1/datasets/view/a-B.c/d_9")
        for reference in ["", "a", "a/b/c", "a/..", "./a", "a/b?x=1", "a/b#c", "a /b", "a/b\r\nHost: x", "a//b", "ä/b"]
        {
            #expect(Kaggle.viewTarget(reference) == nil)
        }
    }
}
