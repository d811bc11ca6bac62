import CSVStreaming
import Glibc

/// The folder with the files of Meta Kaggle, each of which was opened once to see that it has its columns.
struct MetaKaggleFolder {
    /// What optional files are not there, a sentence each.
    let warnings: [String]
    /// The size of all files that are there.
    let byteCount: Int64
    /// The files that are there.
    let files: Set<MetaKaggleFile>
    private let path: String

    init(path: String) throws {
        var warnings: [String] = []
        var byteCount: Int64 = 0
        var files: Set<MetaKaggleFile> = []
        for file in MetaKaggleFile.allCases {
            let filePath = Self.path(of: file, in: path)
            guard unsafe access(filePath, F_OK) == 0 else {
                guard let loss = file.lossWithout else {
                    throw MetaKaggleError.missingFile(name: file.rawValue, folder: path)
                }
                warnings.append("there is no \(file.rawValue), so \(loss)")
                continue
            }
            let reader = try CSVReader(path: filePath)
            _ = try reader.header.columns(file.neededColumns)
            byteCount += reader.byteCount
            files.insert(file)
        }
        self.path = path
        self.warnings = warnings
        self.byteCount = byteCount
        self.files = files
    }

    func path(of file: MetaKaggleFile) -> String {
        Self.path(of: file, in: path)
    }

    static func path(of file: MetaKaggleFile, in folder: String) -> String {
        "\(folder)/\(file.rawValue)"
    }

    /// The size and the time of change of a file, so that an offset is used with the same file only.
    static func fingerprint(of file: MetaKaggleFile, in folder: String) throws(MetaKaggleError) -> String {
        var status = stat()
        guard unsafe stat(path(of: file, in: folder), &status) == 0 else {
            throw .missingFile(name: file.rawValue, folder: folder)
        }
        return "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}
