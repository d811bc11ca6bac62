public import Catalog

/// Joins the CSV files of Meta Kaggle to records, without a database and in bounded memory.
///
/// ``load(from:)`` reads what the numbers of data sets, owners and tags stand for, packed to some 100 bytes a data set.
/// ``nextRecord()`` then goes through `DatasetVersions.csv`, by far the largest file, and makes a record of each version
/// that is the current one of a data set.
///
/// ```swift
/// let kaggle = try MetaKaggle(folder: "meta-kaggle")
/// try kaggle.load()
/// while let (item, end) = try kaggle.nextRecord() {
///     print(item, end)
/// }
/// ```
public final class MetaKaggle {
    /// What was made of the current version of a data set.
    public enum Item: Sendable, Equatable {
        /// A record.
        case record(CatalogRecord)
        /// Nothing, and why.
        case skipped(MetaKaggleDefect)
    }

    private let folder: MetaKaggleFolder
    private let progress: MetaKaggleProgress
    private var versions: MetaKaggleVersions?
    private var isFromBeginning = true
    private var isAtEnd = false

    /// Looks at every file's header; nothing else is read yet.
    ///
    /// - Parameters:
    ///   - folder: Where the unzipped files are.
    ///   - onProgress: Called now and then while files are read.
    /// - Throws: `MetaKaggleError` or `CSVError` if files or columns are missing.
    public init(
        folder: String, onProgress: @escaping (_ bytesRead: Int64, _ bytesTotal: Int64) -> Void = { _, _ in }
    ) throws {
        self.folder = try MetaKaggleFolder(path: folder)
        progress = MetaKaggleProgress(bytesTotal: self.folder.byteCount, onChange: onProgress)
    }

    /// The size and the time of change of the folder's `DatasetVersions.csv`: an offset goes with the same file only.
    public static func fingerprint(folder: String) throws(MetaKaggleError) -> String {
        try MetaKaggleFolder.fingerprint(of: .versions, in: folder)
    }

    // MARK: - Reading

    /// Reads every file but `DatasetVersions.csv`.
    ///
    /// - Parameter offset: Where ``nextRecord()`` goes on in `DatasetVersions.csv`: an end that it has given before.
    /// - Throws: `CSVError` if a file is not usable, `CancellationError` if the task is cancelled.
    public func load(from offset: Int64 = 0) throws {
        progress.set(0)
        versions = nil
        let tables = try MetaKaggleTables(folder, progress)
        versions = MetaKaggleVersions(tables, try MetaKagglePass(.versions, of: folder, from: offset, progress))
        isFromBeginning = offset == 0
        isAtEnd = false
    }

    /// Goes on to the next current version of a data set; `nil` at the end of the file, and before ``load(from:)``.
    ///
    /// - Returns: What was made of it, and the offset of its end in `DatasetVersions.csv`.
    /// - Throws: `CSVError` if the file is not usable, `CancellationError` if the task is cancelled.
    public func nextRecord() throws -> (item: Item, end: Int64)? {
        let next = try versions?.next()
        isAtEnd = next == nil
        return next
    }

    // MARK: - The run so far

    /// What optional files are not there, a sentence each.
    public var warnings: [String] { folder.warnings }

    /// The size of all files that are there.
    public var bytesTotal: Int64 { progress.bytesTotal }

    /// How many bytes of them are behind, those before the offset to go on at included.
    public var bytesRead: Int64 { progress.bytesRead }

    /// How many data sets have a current version.
    public var datasetCount: Int { versions?.tables.datasets.count ?? 0 }

    /// How often each defect was met.
    ///
    /// Whether data sets' current versions are missing is known at the end of the file, and only if ``nextRecord()`` has
    /// begun at its beginning.
    public var defects: [MetaKaggleDefect: Int] {
        var tally = versions?.tables.tally ?? MetaKaggleTally()
        tally.add(.columnCount, versions?.malformedCount ?? 0)
        if isAtEnd, isFromBeginning {
            tally.add(.danglingVersion, versions?.tables.datasets.unseenCount ?? 0)
        }
        return tally.counts
    }

    /// Where the first row of `DatasetVersions.csv` begins, of those so far, that has another number of fields.
    public var firstMalformedOffset: Int64? { versions?.firstMalformedOffset }
}
