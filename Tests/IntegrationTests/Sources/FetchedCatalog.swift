import ComputeTestSupport
import Foundation
import HTTPTestSupport
import JobTestSupport
import PostgresTestSupport
import Testing

/// A database with a catalog, and `catalog-fetch` told where it and a stub of a source are.
struct FetchedCatalog: Sendable {
    let datasets: Datasets
    let fetch: BuiltExecutable

    var database: TemporaryDatabase { datasets.database }

    /// What must be seen nowhere but in the header of requests to the source.
    static let key = "hf_verysecret"

    /// The environment of a run.
    func environment(_ stub: SourceStub? = nil, _ more: [String: String] = [:]) -> [String: String] {
        var environment = [
            "DATABASE_URL": database.url, "HF_TOKEN": Self.key, "KAGGLE_USERNAME": "somebody",
            "KAGGLE_KEY": Self.key, "CATALOG_FETCH_REQUESTS_PER_SECOND": "1000", "HOME": fetch.folder.path,
        ]
        environment["CATALOG_FETCH_SOURCE_URL"] = stub?.baseURL
        return environment.merging(more) { $1 }
    }

    /// Runs a command to its end, and checks that the key is nowhere.
    func run(
        _ arguments: String..., from stub: SourceStub? = nil, _ more: [String: String] = [:]
    ) async throws -> FetchOutcome {
        let outcome = try await fetch.run(arguments, environment: environment(stub, more))
        #expect(!outcome.output.contains(Self.key) && !outcome.standardError.contains(Self.key))
        return try FetchOutcome(outcome)
    }

    /// The table as it is, without keys and times of writing.
    func rows() async throws -> [String] {
        try await database.texts(
            """
            SELECT to_jsonb(d) - 'id' - 'created_at' - 'updated_at' || jsonb_build_object(
                'upstream', f.upstream_id, 'due', f.next_attempt_at IS NOT NULL, 'error', f.error_code, 'attempts', f.attempts)
            FROM datasets d LEFT JOIN dataset_fetch f ON f.dataset_id = d.id ORDER BY d.source, d.source_ref COLLATE "C"
            """)
    }

    /// The versions of all rows, which change with every write.
    func versions() async throws -> [String] {
        try await database.texts("SELECT id || ' ' || xmin || ' ' || ctid FROM datasets ORDER BY 1")
    }

    /// What a column holds, in the order of the references.
    func values(_ expression: String) async throws -> [String] {
        try await database.texts("SELECT \(expression) FROM datasets d ORDER BY source_ref COLLATE \"C\"")
    }
}

/// How a run has ended.
struct FetchOutcome {
    let exitStatus: Int32?
    let log: String
    private let report: [String: Any]

    init(_ outcome: BuiltExecutable.Outcome) throws {
        exitStatus = outcome.exitStatus
        log = outcome.standardError
        let line = try #require(outcome.outputLines.first, "\(outcome.standardError)")
        #expect(outcome.outputLines.count == 1)
        report = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }

    /// A number of the report.
    subscript(_ key: String) -> Int { report[key] as? Int ?? -1 }

    var exitReason: String? { report["exit_reason"] as? String }
    var isComplete: Bool? { report["complete"] as? Bool }
    var errors: [String: Int]? { report["errors"] as? [String: Int] }
    /// The keys, sorted.
    var keys: [String] { report.keys.sorted() }
}

/// Makes a database with a catalog, hands it to the body and drops it.
func withFetchedCatalog(_ body: (FetchedCatalog) async throws -> Void) async throws {
    try await withDatasets { datasets in
        let outcome = try await datasets.run(["schema", "--catalog", "--apply"])
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        try await body(FetchedCatalog(datasets: datasets, fetch: try BuiltExecutable("catalog-fetch")))
    }
}

// MARK: - Sources

/// A dataset as the stub of a source knows it.
struct StubDataset: Sendable {
    var reference: String
    var description: String?
    var minutesAgo: Int
    var downloads = 100

    init(_ reference: String, _ description: String? = nil, minutesAgo: Int = 0) {
        self.reference = reference
        self.description = description ?? "About \(reference)"
        self.minutesAgo = minutesAgo
    }

    private static let now = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 - 60).rounded())

    private var time: String {
        Self.now.addingTimeInterval(-60 * Double(minutesAgo)).formatted(.iso8601)
    }

    /// An identifier that is the reference's alone.
    private var number: Int {
        Int(reference.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 } >> 16)
    }

    /// As Hugging Face lists it.
    var huggingFace: String {
        """
        {"_id":"\(String(number, radix: 16))","id":"\(reference)","lastModified":"\(time)","createdAt":"2024-05-06T07:08:09.000Z",\
        "description":\(description.map { "\"\($0)\"" } ?? "null"),"downloadsAllTime":\(downloads),"likes":3,\
        "tags":["license:mit","language:en"],"private":false}
        """
    }

    /// As Kaggle lists it, which has no description.
    var listed: String {
        """
        {"id":\(number),"ref":"\(reference)","title":"Title of \(reference)","subtitle":"","totalBytes":4096,\
        "lastUpdated":"\(time)","downloadCount":\(downloads),"voteCount":5,"viewCount":900}
        """
    }

    /// As Kaggle shows it alone.
    var viewed: String {
        listed.dropLast() + ",\"description\":\(description.map { "\"\($0)\"" } ?? "\"\"")}"
    }
}

/// The listing of Hugging Face with pages of so many items, and links to the next one.
func stubOfHuggingFace(
    _ datasets: [StubDataset], pageSize: Int,
    _ instead: @escaping @Sendable (SourceStub.Request) -> StubReply? = { _ in nil }
) throws -> SourceStub {
    try SourceStub { request in
        if let reply = instead(request) { return reply }
        let start = Int(request.parameter("cursor") ?? "0") ?? 0
        let end = min(start + pageSize, datasets.count)
        let host = request.header("Host") ?? ""
        let link = end < datasets.count ? [("Link", "<http://\(host)/api/datasets?cursor=\(end)>; rel=\"next\"")] : []
        return .json("[" + datasets[min(start, end)..<end].map(\.huggingFace).joined(separator: ",") + "]", link)
    }
}

/// The listing and the views of Kaggle.
func stubOfKaggle(
    _ datasets: [StubDataset], pageSize: Int = 20,
    _ instead: @escaping @Sendable (SourceStub.Request) -> StubReply? = { _ in nil }
) throws -> SourceStub {
    try SourceStub { request in
        if let reply = instead(request) { return reply }
        if let page = request.parameter("page").flatMap(Int.init) {
            let start = min((page - 1) * pageSize, datasets.count)
            let end = min(start + pageSize, datasets.count)
            return .json("[" + datasets[start..<end].map(\.listed).joined(separator: ",") + "]")
        }
        let reference = request.path.split(separator: "/").suffix(2).joined(separator: "/")
        guard let dataset = datasets.first(where: { $0.reference == reference }) else {
            return .json(#"{"code":404,"message":"Not found"}"#, status: 404)
        }
        return .json(dataset.viewed)
    }
}
