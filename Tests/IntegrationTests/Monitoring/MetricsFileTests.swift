import ComputeTestSupport
import DatasetTable
import Foundation
import Glibc
import JobTestSupport
import PostgresTestSupport
import Testing

/// What `--metrics-file` leaves behind.
@Suite("A metrics file", .timeLimit(.minutes(30)))
struct MetricsFileTests {
    private static let option = ["--metrics-file", "run.prom"]
    private static let lastSuccess = "embedding_job_last_success_timestamp_seconds"

    /// A run that ends with 78, since it is told of no database.
    private func refused(
        _ job: BuiltExecutable, _ arguments: [String] = option, launcher: [String] = []
    ) async throws -> BuiltExecutable.Outcome {
        let outcome = try await job.start(["run"] + arguments, launcher: launcher).outcome()
        #expect(outcome.exitStatus == 78)
        #expect(try RunReportLine(outcome).exitReason == "configuration")
        return outcome
    }

    // MARK: - Numbers

    @Test("says what the line of JSON says", .requiresPostgres)
    func numbers() async throws {
        try await withProxiedJob(rows: 30) { job in
            try await job.database.run("INSERT INTO datasets (title, enrichment_status) VALUES (' ', 'enriched')")
            let before = Date().timeIntervalSince1970.rounded(.down)
            let outcome = try await job.datasets.run(["run", "--limit", "20"] + Self.option)
            let line = try #require(JSONSerialization.jsonObject(with: outcome.standardOutput) as? [String: Any])
            let metrics = try job.datasets.job.metrics()
            for (name, key) in [
                ("deduplicated_rows", "deduplicated"), ("truncated_rows", "truncated"), ("tokens", "tokens"),
                ("remaining_rows", "remaining"), ("quarantined_rows", "quarantined"), ("lost_tokens", "tokens_lost"),
                ("duration_seconds", "seconds"),
            ] {
                let value = try metrics.value("embedding_job_last_run_\(name)")
                #expect(value == line[key] as? Double && value != nil, "\(name)")
            }
            for result in ["processed", "failed", "skipped_stale", "skipped_locked"] {
                let value = try metrics.value("embedding_job_last_run_rows", ["result": result])
                #expect(value == line[result] as? Double && value != nil, "\(result)")
            }
            let model = ["model", "fingerprint", "device", "precision"].map { ($0, line[$0] as? String ?? "") }
            let labels = Dictionary(uniqueKeysWithValues: model)
            #expect(try metrics.value("embedding_job_last_run_model_info", labels) == 1)
            #expect(try metrics.value("embedding_job_last_run_exit_status") == 0)
            #expect(try metrics.value("embedding_job_last_run_exit_reason", ["reason": "limit"]) == 1)
            let end = try #require(try metrics.value("embedding_job_last_run_timestamp_seconds"))
            #expect((before...Date().timeIntervalSince1970).contains(end))
            #expect(try metrics.value(Self.lastSuccess) == end)
        }
    }

    @Test("names the command, the table and the column, whatever letters they have, and leaves out what is not known")
    func labels() async throws {
        let job = try BuiltExecutable()
        let (table, column) = ("a\"b\\c\nd\r\ne\"\u{301} {}", "vector,=\"")
        _ = try await refused(job, Self.option + ["--table", table, "--column", column])
        let metrics = try job.metrics()
        #expect(!metrics.samples.isEmpty)
        for sample in metrics.samples {
            #expect(sample.labels["table"].map { Array($0.unicodeScalars) } == Array(table.unicodeScalars))
            #expect(sample.labels["column"] == column && sample.labels["command"] == "run")
        }
        #expect(try metrics.value("embedding_job_last_run_exit_reason", ["reason": "configuration"]) == 1)
        #expect(try metrics.value("embedding_job_last_run_exit_status") == 78)
        #expect(try metrics.value("embedding_job_last_run_rows", ["result": "processed"]) == 0)
        for unknown in ["remaining_rows", "quarantined_rows", "duration_seconds", "adopted_tasks", "model_info"] {
            #expect(metrics.types["embedding_job_last_run_\(unknown)"] == nil, "\(unknown)")
        }
        #expect(metrics.types[Self.lastSuccess] == nil)
    }

    // MARK: - Ends

    @Test("is written by a run that a signal ends", .requiresPostgres)
    func signal() async throws {
        try await withProxiedJob(rows: 1) { job in
            try job.proxy.set(.refused)
            let run = try job.start(Self.option)
            try await run.waitUntil(logged: "trying again")
            run.send(SIGTERM)
            #expect(try await run.outcome().exitStatus == 143)
            let metrics = try job.datasets.job.metrics()
            #expect(try metrics.value("embedding_job_last_run_exit_reason", ["reason": "signal"]) == 1)
            #expect(try job.datasets.job.files() == ["run.prom"])
        }
    }

    @Test(
        "is written by a fetch that fails, for each command under its own labels",
        arguments: ["huggingface", "kaggle-latest"])
    func fetch(command: String) async throws {
        let job = try BuiltExecutable("catalog-fetch")
        let outcome = try await job.run([command] + Self.option, environment: ["HOME": job.folder.path])
        #expect(outcome.exitStatus == 78)
        let metrics = try job.metrics()
        #expect(metrics.samples.allSatisfy { $0.labels["command"] == command && $0.labels["table"] == "datasets" })
        let source = ["source": String(command.prefix { $0 != "-" }), "reason": "configuration"]
        #expect(try metrics.value("catalog_fetch_last_run_exit_reason", source) == 1)
        #expect(try metrics.value("catalog_fetch_last_run_exit_status") == 78)
        #expect(metrics.types["catalog_fetch_last_success_timestamp_seconds"] == nil)
        #expect(try job.files() == ["run.prom"])
    }

    @Test("keeps the time of the last success when a run fails, if it is of the same table", .requiresPostgres)
    func lastSuccess() async throws {
        try await withDatasets { datasets in
            let job = datasets.job
            #expect(try await datasets.run(["run"] + Self.option).exitStatus == 0)
            let success = try #require(try job.metrics().value(Self.lastSuccess))
            // As if it were of yesterday.
            let text = String(decoding: try job.read("run.prom"), as: UTF8.self)
            let number = "\(Int(success))"
            try job.write(text.replacing(number, with: "\(Int(success) - 86_400)"), to: "run.prom")
            _ = try await refused(job)
            let metrics = try job.metrics()
            #expect(try metrics.value(Self.lastSuccess) == success - 86_400)
            #expect(try #require(try metrics.value("embedding_job_last_run_timestamp_seconds")) >= success)
            // Another table's is nobody's.
            _ = try await refused(job, Self.option + ["--table", "others"])
            #expect(try job.metrics().value(Self.lastSuccess) == nil)
        }
    }

    @Test(
        "replaces whatever stood there",
        arguments: ["", "\n\n{}{", "embedding_job_last_success_timestamp_seconds", "\u{0}\u{FFFD}"])
    func garbage(earlier: String) async throws {
        let job = try BuiltExecutable()
        try job.write(earlier, to: "run.prom")
        _ = try await refused(job)
        #expect(try job.metrics().value(Self.lastSuccess) == nil)
        try Data([0xFF, 0xFE, 0x0A]).write(to: job.folder.appending(path: "run.prom"))
        _ = try await refused(job)
        #expect(try job.metrics().value("embedding_job_last_run_exit_status") == 78)
    }

    @Test("is left alone by a dry run and by a wrong command line", .requiresPostgres)
    func untouched() async throws {
        try await withDatasets { datasets in
            try datasets.job.write("earlier", to: "run.prom")
            #expect(try await datasets.run(["run", "--dry-run"] + Self.option).exitStatus == 0)
            #expect(try await datasets.run(["run", "--batch-size", "none"] + Self.option).exitStatus == 64)
            #expect(try datasets.job.read("run.prom") == Data("earlier".utf8))
        }
    }

    // MARK: - The file

    @Test("that cannot be written is one line in the log, and the run ends as it would", .requiresPostgres)
    func unwritable() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status) VALUES ('sea', 'enriched')")
            let outcome = try await datasets.run(["run", "--metrics-file", "none/run.prom"])
            #expect(outcome.exitStatus == 0)
            let report = try RunReportLine(outcome)
            #expect(report.processed == 1 && report.exitReason == "drained")
            let errors = try outcome.logRecords.filter { $0["level"] == "error" }
            #expect(errors.count == 1)
            #expect(errors.first?["message"]?.hasPrefix("none/run.prom cannot be written: ") == true)
            #expect(errors.first?["message"]?.hasSuffix("it was to get the metrics of the run") == true)
        }
    }

    @Test("stays as it was when the new one does not fit, and nothing else is left")
    func fileSizeLimit() async throws {
        let job = try BuiltExecutable()
        try job.write("earlier", to: "run.prom")
        let limited = ["/bin/sh", "-c", "ulimit -f 2; exec \"$@\"", "sh"]
        let outcome = try await refused(job, launcher: limited)
        #expect(outcome.errorMessage.contains("run.prom cannot be written: File too large"))
        #expect(try job.read("run.prom") == Data("earlier".utf8))
        #expect(try job.files() == ["run.prom"])
    }

    @Test("that is a folder or a pipe is refused, and a pipe not waited for")
    func noFile() async throws {
        let job = try BuiltExecutable()
        try #require(unsafe mkdir(job.folder.appending(path: "folder").path, 0o700) == 0)
        // Nobody opens its other end.
        try #require(unsafe mkfifo(job.folder.appending(path: "pipe").path, 0o600) == 0)
        for name in ["folder", "pipe"] {
            let outcome = try await refused(job, ["--metrics-file", name])
            #expect(outcome.errorMessage.contains("\(name) cannot be written: it is no file"))
        }
        #expect(try job.files() == ["folder", "pipe"])
    }

    @Test("is another file each time, of the mode of the one before, and at first for all to read")
    func mode() async throws {
        let job = try BuiltExecutable()
        let path = job.folder.appending(path: "run.prom").path
        func attribute<Value>(_ key: FileAttributeKey) throws -> Value? {
            try FileManager.default.attributesOfItem(atPath: path)[key] as? Value
        }
        _ = try await refused(job, launcher: ["/bin/sh", "-c", "umask 022; exec \"$@\"", "sh"])
        #expect(try attribute(.posixPermissions) == 0o644)
        let first: UInt64? = try attribute(.systemFileNumber)
        let reader = try FileHandle(forReadingFrom: URL(filePath: path))
        let text = try job.read("run.prom")
        try #require(unsafe chmod(path, 0o664) == 0)
        _ = try await refused(job, Self.option + ["--table", "others"])
        #expect(try attribute(.posixPermissions) == 0o664)
        #expect(try attribute(.systemFileNumber) != first)
        // Who was reading it has it whole.
        #expect(try reader.readToEnd() == text)
        #expect(try job.files() == ["run.prom"])
    }
}
