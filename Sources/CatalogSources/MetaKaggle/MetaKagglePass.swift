import CSVStreaming

/// How many bytes of all files have been read.
final class MetaKaggleProgress {
    let bytesTotal: Int64
    private(set) var bytesRead: Int64 = 0
    private let onChange: (_ bytesRead: Int64, _ bytesTotal: Int64) -> Void

    init(bytesTotal: Int64, onChange: @escaping (_ bytesRead: Int64, _ bytesTotal: Int64) -> Void) {
        self.bytesTotal = bytesTotal
        self.onChange = onChange
    }

    func set(_ bytesRead: Int64) {
        self.bytesRead = bytesRead
        onChange(bytesRead, bytesTotal)
    }
}

/// One pass through a file, which ends when the task is cancelled.
struct MetaKagglePass: ~Copyable {
    /// How many records are read between two looks at the task.
    private static let recordsPerCheck = 4_096

    private(set) var reader: CSVReader
    private let progress: MetaKaggleProgress
    /// The bytes of all files before this one.
    private let bytesBefore: Int64
    private var recordsUntilCheck = 0

    init(
        _ file: MetaKaggleFile, of folder: MetaKaggleFolder, from offset: Int64 = 0, _ progress: MetaKaggleProgress
    ) throws(CSVError) {
        reader = try CSVReader(path: folder.path(of: file), from: offset)
        self.progress = progress
        bytesBefore = progress.bytesRead
    }

    /// Goes on to the next record; false at the end of the file.
    mutating func next() throws -> Bool {
        if recordsUntilCheck == 0 {
            try Task.checkCancellation()
            progress.set(bytesBefore + reader.recordRange.upperBound)
            recordsUntilCheck = Self.recordsPerCheck
        }
        recordsUntilCheck -= 1
        let isRecord = try reader.next()
        if !isRecord {
            progress.set(bytesBefore + reader.byteCount)
        }
        return isRecord
    }

    /// The columns that the file must have, in the order of ``MetaKaggleFile/neededColumns``.
    func neededColumns(of file: MetaKaggleFile) throws(CSVError) -> [Int] {
        try reader.header.columns(file.neededColumns)
    }
}
