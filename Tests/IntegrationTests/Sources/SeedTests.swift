import Foundation
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

@Suite("catalog-fetch kaggle-seed", .requiresPostgres, .timeLimit(.minutes(30)))
struct SeedTests {
    @Test("brings every dataset of Meta Kaggle into the table, as Python reads it, and nothing the second time")
    func seeds() async throws {
        try await withFetchedCatalog { catalog async throws in
            let folder = try await MetaKaggleFiles.make(datasets: 3000)
            defer { folder.remove() }
            let first = try await catalog.run("kaggle-seed", folder.path)
            #expect(first.exitStatus == 0 && first.isComplete == true && first["failed"] == 0)
            // A program of its own joins the files, and cleans nothing.
            let expected = try await folder.joined()
            #expect(first["inserted"] == expected.count && expected.count > 2900)
            let stored = try await catalog.values(
                "concat_ws('|', source_ref, title, download_count, view_count, like_count, size_bytes, license, to_char(source_created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), to_char(source_updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), array_length(tags, 1))"
            )
            #expect(stored.sorted() == expected.sorted())
            #expect(
                try await catalog.database.number(
                    "SELECT count(*) FROM datasets WHERE (description IS NULL) <> (enrichment_status = 'pending')") == 0
            )
            let versions = try await catalog.versions()
            let second = try await catalog.run("kaggle-seed", folder.path)
            #expect(second["unchanged"] == expected.count && second["inserted"] == 0 && second["updated"] == 0)
            #expect(try await catalog.versions() == versions)
        }
    }

    @Test("says what is wrong with a folder, and goes on in the middle of a file only if it is the same")
    func folders() async throws {
        try await withFetchedCatalog { catalog async throws in
            let none = try await catalog.run("kaggle-seed", "nowhere")
            #expect(none.exitStatus == 65 && none.log.contains("DatasetVersions.csv"))
            let folder = try await MetaKaggleFiles.make(datasets: 3000)
            defer { folder.remove() }
            let gate = try catalog.fetch.start(["kaggle-seed", folder.path], environment: catalog.environment())
            while try await catalog.database.number("SELECT count(*) FROM source_cursor") == 0, gate.isRunning {}
            gate.send(SIGTERM)
            let stopped = try FetchOutcome(try await gate.outcome())
            guard stopped.exitStatus == 143 else { return }
            #expect(stopped["inserted"] > 0 && stopped["inserted"] < 2900)
            let rest = try await catalog.run("kaggle-seed", folder.path)
            #expect(rest.log.contains("going on where the last run has ended"))
            #expect(
                rest["inserted"] + stopped["inserted"] == (try await folder.joined()).count && rest["unchanged"] < 500)
        }
    }
}

/// A folder with generated files of Meta Kaggle.
struct MetaKaggleFiles {
    let path: String

    private static let generator = URL(filePath: #filePath).appending(
        path: "../../../../Benchmarks/sources/make-meta-kaggle.py"
    ).standardized.path

    static func make(datasets: Int) async throws -> MetaKaggleFiles {
        let path = FileManager.default.temporaryDirectory.appending(path: "meta-kaggle-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let files = MetaKaggleFiles(path: path)
        try await files.python([
            generator, "--datasets", "\(datasets)", "--users", "5000", "--organizations", "50", "--tags", "80",
            "--description-bytes", "300", path,
        ])
        return files
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// What Python makes of the files: one line for each dataset that has an owner and a version, in the order of references.
    func joined() async throws -> [String] {
        try await python(["-c", Self.join, path])
        return try String(contentsOfFile: path + "/joined.txt", encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func python(_ arguments: [String]) async throws {
        let outcome = try await Script.run("/usr/bin/env", ["python3"] + arguments, in: URL(filePath: path))
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    private static let join = #"""
        import csv, datetime, re, sys
        csv.field_size_limit(1 << 28)
        def rows(name):
            with open(f"{sys.argv[1]}/{name}.csv", newline="", encoding="utf-8-sig") as f:
                reader = csv.reader(f)
                header = next(reader)
                for row in reader:
                    if len(row) == len(header):
                        yield dict(zip(header, row))
        def number(text):
            return str(int(float(text))) if text else ""
        def time(text):
            return datetime.datetime.strptime(text, "%m/%d/%Y %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S") if text else ""
        datasets = {d["CurrentDatasetVersionId"]: d for d in rows("Datasets") if d["CurrentDatasetVersionId"]}
        users = {u["Id"]: u["UserName"] for u in rows("Users")}
        organizations = {o["Id"]: o["Slug"] for o in rows("Organizations")}
        names = {t["Id"]: t["Name"] for t in rows("Tags")}
        tags = {}
        for t in rows("DatasetTags"):
            if t["TagId"] in names:
                tags.setdefault(t["DatasetId"], set()).add(names[t["TagId"]])
        lines = []
        for v in rows("DatasetVersions"):
            d = datasets.get(v["Id"])
            if not d:
                continue
            owner = organizations.get(d["OwnerOrganizationId"]) if d["OwnerOrganizationId"] else users.get(d["OwnerUserId"])
            if not owner or not v["Title"].strip() or not v["Slug"]:
                continue
            size = number(v["TotalUncompressedBytes"]) or number(v["TotalCompressedBytes"])
            count = len(tags.get(d["Id"], ()))
            fields = [f"{owner}/{v['Slug']}", " ".join(v["Title"].split()), number(d["TotalDownloads"]), number(d["TotalViews"]),
                number(d["TotalVotes"]), size, v["LicenseName"], time(d["CreationDate"]), time(v["CreationDate"]),
                str(min(count, 64)) if count else ""]
            lines.append("|".join(f for f in fields if f))
        with open(f"{sys.argv[1]}/joined.txt", "w", encoding="utf-8") as f:
            f.write("\n".join(sorted(lines)))
        """#
}
