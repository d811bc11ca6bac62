import Foundation
import Glibc
import HTTPTestSupport
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("A source that does not behave", .requiresPostgres, .timeLimit(.minutes(30)))
struct SourceFaultTests {
    private let all = (0..<30).map { StubDataset("owner/name-\($0)", minutesAgo: $0) }

    /// Faults that pass, which cost nothing but time.
    enum Passing: CaseIterable {
        case status, tooMany, cutShort, chunkCutShort, closed, notJSON, errorOnSuccess, empty

        var reply: StubReply {
            switch self {
            case .status: .status(503)
            case .tooMany: .status(429, [("Retry-After", "1")])
            case .cutShort: .short("[{\"id\":\"owner/half\"}]", missing: 9)
            case .chunkCutShort: .chunkedCutShort("[{\"id\":\"owner/half\"}]", size: 4)
            case .closed: .closed
            case .notJSON: .json("[{\"id\":\"owner/half\"}")
            case .errorOnSuccess: .json(#"{"error":{"code":503,"message":"later"}}"#)
            case .empty: .json("")
            }
        }
    }

    @Test("is asked again, and never half a page is taken", arguments: Passing.allCases)
    func passes(fault: Passing) async throws {
        try await withFetchedCatalog { catalog async throws in
            let stub = try stubOfHuggingFace(all, pageSize: 10) { $0.number == 2 ? fault.reply : nil }
            let run = try await catalog.run("huggingface", from: stub)
            #expect(run.exitStatus == 0 && run["inserted"] == 30 && run["retries"] == 1 && run["requests"] == 4)
            #expect(
                try await catalog.database.number("SELECT count(*) FROM datasets WHERE source_ref LIKE '%half'") == 0)
        }
    }

    /// Faults that end a run at once.
    enum Final: CaseIterable {
        case badKey, forbiddenAccount, page, captcha

        var reply: StubReply {
            switch self {
            case .badKey: .json(#"{"error":"Invalid credentials in Authorization header"}"#, status: 401)
            case .forbiddenAccount: .json(#"{"error":"Your account has been suspended"}"#, status: 403)
            case .page: .html("<html>Please wait</html>")
            case .captcha: .html("<!doctype html><div class=g-recaptcha></div>", status: 200)
            }
        }

        var exitStatus: Int32 {
            switch self {
            case .badKey, .forbiddenAccount: 78
            case .page, .captcha: 65
            }
        }
    }

    @Test("ends the run at once where asking again would not help", arguments: Final.allCases)
    func final(fault: Final) async throws {
        try await withFetchedCatalog { catalog async throws in
            let stub = try stubOfHuggingFace(all, pageSize: 10) { $0.number == 2 ? fault.reply : nil }
            let run = try await catalog.run("huggingface", from: stub)
            #expect(run.exitStatus == fault.exitStatus && run["inserted"] == 10 && run["requests"] == 2, "\(run.log)")
            // The next run goes on behind the first page.
            let next = try await catalog.run("huggingface", from: try stubOfHuggingFace(all, pageSize: 10))
            #expect(next.exitStatus == 0 && next["inserted"] == 20)
        }
    }

    @Test("that leads elsewhere is not followed, and the key goes nowhere", arguments: ["link", "redirect"])
    func elsewhere(by way: String) async throws {
        try await withFetchedCatalog { catalog async throws in
            let other = try stubOfHuggingFace(all, pageSize: 10)
            let stub = try SourceStub { [url = other.baseURL + "/api/datasets?cursor=1"] _ in
                way == "link" ? .json("[]", [("Link", "<\(url)>; rel=\"next\"")]) : .status(302, [("Location", url)])
            }
            let run = try await catalog.run("huggingface", from: stub)
            #expect(run.exitStatus == 65 && run.exitReason == "source", "\(run.log)")
            #expect(other.requests.isEmpty && stub.requests.count == 1)
        }
    }

    @Test("whose listing leads back to itself ends the run")
    func loop() async throws {
        try await withFetchedCatalog { catalog async throws in
            let stub = try SourceStub { request in
                .json("[\(StubDataset("a/b").huggingFace)]", [("Link", "<\(request.target)>; rel=\"next\"")])
            }
            let run = try await catalog.run("huggingface", from: stub)
            #expect(run.exitStatus == 65 && run["requests"] == 1)
        }
    }

    @Test("that is silent ends the run when its time is over; the page before is stored")
    func silent() async throws {
        try await withFetchedCatalog { catalog async throws in
            let gate = try StubGate()
            let stub = try stubOfHuggingFace(all, pageSize: 10) {
                $0.number < 2 ? nil : .silent(until: gate, then: .status(500))
            }
            let run = try await catalog.run("huggingface", "--max-runtime", "2", from: stub)
            gate.open()
            #expect(run.exitStatus == 75 && run.exitReason == "max_runtime" && run["inserted"] == 10)
            #expect(
                try await catalog.run("huggingface", from: try stubOfHuggingFace(all, pageSize: 10))["inserted"] == 20)
        }
    }

    @Test("SIGTERM ends a run in the middle of an answer, and a second run has the rest")
    func stopped() async throws {
        try await withFetchedCatalog { catalog async throws in
            let gate = try StubGate()
            let stub = try stubOfHuggingFace(all, pageSize: 10) { $0.number < 3 ? nil : .held("[", until: gate) }
            let run = try catalog.fetch.start(["huggingface"], environment: catalog.environment(stub))
            while stub.requests.count < 3 { await Task.yield() }
            run.send(SIGTERM)
            let outcome = try FetchOutcome(try await run.outcome())
            gate.open()
            #expect(
                outcome.exitStatus == 143 && outcome["inserted"] == 20 && outcome.log.contains("stopped by a signal"))
            #expect(
                try await catalog.run("huggingface", from: try stubOfHuggingFace(all, pageSize: 10))["inserted"] == 10)
        }
    }

    @Test("is not asked without TLS unless it is this machine, and a key cannot be an option")
    func refusals() async throws {
        try await withFetchedCatalog { catalog async throws in
            let plain = try await catalog.run("huggingface", "--source-url", "http://example.org")
            #expect(plain.exitStatus == 78 && plain.log.contains("is not https"))
            let half = try await catalog.run("kaggle-latest", from: nil, ["KAGGLE_KEY": ""])
            #expect(half.exitStatus == 78 && half.log.contains("KAGGLE_USERNAME and KAGGLE_KEY go together"))
            let help = try await catalog.fetch.run(["help", "kaggle-latest"])
            #expect(help.output.matches(of: /--[a-z-]*(?:key|token|password)/).isEmpty)
            let unreachable = try await catalog.run(
                "huggingface", from: nil, ["DATABASE_URL": "postgresql://127.0.0.1:1/x"])
            #expect(unreachable.exitStatus == 75 && unreachable.exitReason == "database")
        }
    }

    @Test("keys come from where the sources' own programs keep them")
    func keys() async throws {
        try await withFetchedCatalog { catalog async throws in
            func header(_ command: String, _ environment: [String: String]) async throws -> String? {
                let stub = try SourceStub { _ in .json("[]") }
                let unset = ["HF_TOKEN": "", "KAGGLE_USERNAME": "", "KAGGLE_KEY": ""]
                _ = try await catalog.run(command, from: stub, unset.merging(environment) { $1 })
                return try #require(stub.requests.first).header("Authorization")
            }
            #expect(try await header("huggingface", [:]) == nil)
            try FileManager.default.createDirectory(
                at: catalog.fetch.folder.appending(path: ".cache/huggingface"), withIntermediateDirectories: true)
            try catalog.fetch.write("hf_of_file\n", to: ".cache/huggingface/token")
            #expect(try await header("huggingface", [:]) == "Bearer hf_of_file")
            try catalog.fetch.write("hf_named", to: "token")
            #expect(
                try await header("huggingface", ["HF_TOKEN_PATH": catalog.fetch.folder.path + "/token"])
                    == "Bearer hf_named")
            #expect(try await header("huggingface", ["HF_TOKEN": "hf_set"]) == "Bearer hf_set")
            #expect(try await header("kaggle-latest", [:]) == nil)
            try FileManager.default.createDirectory(
                at: catalog.fetch.folder.appending(path: ".kaggle"), withIntermediateDirectories: true)
            try catalog.fetch.write(#"{"username":"u","key":"k"}"#, to: ".kaggle/kaggle.json")
            #expect(try await header("kaggle-latest", [:]) == "Basic dTpr")
            try catalog.fetch.write("KGAT_file\n", to: ".kaggle/access_token")
            #expect(try await header("kaggle-latest", [:]) == "Bearer KGAT_file")
            #expect(
                try await header("kaggle-latest", ["KAGGLE_USERNAME": "u", "KAGGLE_KEY": "k2"]) == "Bearer KGAT_file")
            #expect(try await header("kaggle-latest", ["KAGGLE_API_TOKEN": "KGAT_set"]) == "Bearer KGAT_set")
        }
    }

    @Test("its answers are saved as they came")
    func record() async throws {
        let fetch = try BuiltExecutable("catalog-fetch")
        let stub = try stubOfHuggingFace(all, pageSize: 5)
        let environment = ["CATALOG_FETCH_SOURCE_URL": stub.baseURL, "HF_TOKEN": FetchedCatalog.key]
        let outcome = try await fetch.run(["record", "huggingface", "."], environment: environment)
        #expect(outcome.exitStatus == 0 && outcome.output == "./huggingface-listing.json\n", "\(outcome.standardError)")
        let saved = String(decoding: try fetch.read("huggingface-listing.json"), as: UTF8.self)
        #expect(saved == "[" + all[..<5].map(\.huggingFace).joined(separator: ",") + "]")
        let shop = try stubOfKaggle(all)
        let second = try await fetch.run(
            ["record", "kaggle", "."], environment: ["CATALOG_FETCH_SOURCE_URL": shop.baseURL])
        #expect(second.outputLines == ["./kaggle-listing.json", "./kaggle-view.json"])
        let third = try await fetch.run(
            ["record", "kaggle", "nowhere"], environment: ["CATALOG_FETCH_SOURCE_URL": shop.baseURL])
        #expect(third.exitStatus == 65 && third.standardError.contains("nowhere"))
    }
}
