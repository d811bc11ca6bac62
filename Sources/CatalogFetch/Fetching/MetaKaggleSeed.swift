import CSVStreaming
import Catalog
import CatalogSources
import CommandSupport
import DatasetTable
import Logging

/// Brings the files of Meta Kaggle into the table.
struct MetaKaggleSeed {
    let run: FetchRun
    let folder: String

    private static let task = "seed"
    /// Most bytes of text of a statement.
    private static let mostBytes = 4 << 20

    /// Reads from where the last run of the same file has ended.
    func fetch() async throws -> ExitReason {
        do {
            return try await read()
        } catch let error as CSVError {
            throw RunFailure(.source, error.description)
        } catch let error as MetaKaggleError {
            throw RunFailure(.source, error.description)
        }
    }

    private func read() async throws -> ExitReason {
        var cursor = try await run.catalog.cursor(of: .kaggle, task: Self.task)
        let fingerprint = try MetaKaggle.fingerprint(folder: folder)
        let stored = cursor.fileName == fingerprint ? cursor.byteOffset ?? 0 : 0
        // One that somebody has edited is none.
        let offset = (0..<(1 << 50)).contains(stored) ? stored : 0
        cursor.fileName = fingerprint

        var bar = ProgressBar(unit: "MB")
        defer { bar.clear() }
        let files = try MetaKaggle(folder: folder) { read, total in
            bar.update(done: Int(read >> 20), share: total > 0 ? Double(read) / Double(total) : nil)
        }
        for warning in files.warnings { run.log.warning("\(warning)") }
        if offset > 0 { run.log.notice("going on where the last run has ended", metadata: ["offset": "\(offset)"]) }
        try files.load(from: offset)
        var writer = CatalogWriter(run.catalog, run.writer, log: run.log)
        var (batch, byteCount) = ([CatalogRecord](), 0)
        while let (item, end) = try files.nextRecord() {
            run.tally.update { $0.items += 1 }
            guard case .record(let record) = item else { continue }
            batch.append(record)
            byteCount += record.description?.utf8.count ?? 0
            guard batch.count == CatalogWriter.mostRows || byteCount > Self.mostBytes else { continue }
            try await write(&batch, &writer, files)
            byteCount = 0
            cursor.byteOffset = end
            try await run.catalog.note(cursor, of: .kaggle, task: Self.task)
            try run.checkTime()
        }
        try await write(&batch, &writer, files)
        try writer.checkSuccess(atEnd: true)
        let missing = files.defects[.danglingVersion] ?? 0
        guard 5 * missing <= files.datasetCount else {
            throw RunFailure(
                .source,
                "DatasetVersions.csv has nothing of \(missing) of \(files.datasetCount) datasets, so it is not whole; fetch the files again"
            )
        }
        cursor = SourceCursor()
        try await run.catalog.note(cursor, of: .kaggle, task: Self.task)
        run.tally.update { $0.isComplete = true }
        return .complete
    }

    /// Writes a batch, which is empty afterwards, and reports what has become of it.
    private func write(
        _ batch: inout [CatalogRecord], _ writer: inout CatalogWriter, _ files: MetaKaggle
    ) async throws {
        let result: Result<Void, any Error>
        do {
            result = .success(try await writer.write(batch, isAuthoritative: false))
        } catch {
            result = .failure(error)
        }
        batch.removeAll(keepingCapacity: true)
        run.tally.update { [counts = writer.counts] report in
            report.counts = counts
            report.errors = Dictionary(uniqueKeysWithValues: files.defects.map { ($0.key.rawValue, $0.value) })
        }
        try result.get()
    }
}
