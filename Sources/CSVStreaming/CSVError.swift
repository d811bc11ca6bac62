/// Every refusal of the module; `file` is the last component of the path.
public enum CSVError: Error, Sendable, Equatable {
    /// The file does not open, or is no regular file.
    case cannotOpen(file: String, reason: String)
    /// The operating system refused to read on.
    case readFailed(file: String, reason: String)
    /// The file has no record at all.
    case noHeader(file: String)
    /// The header line lacks columns.
    case missingColumns(file: String, names: [String])
    /// The record that begins at this line and byte offset is larger than a limit allows.
    case tooLarge(file: String, line: Int, offset: Int64, excess: CSVExcess)
}

/// A limit that a record breaks.
public enum CSVExcess: Sendable, Equatable {
    /// One field has more bytes.
    case fieldBytes(limit: Int)
    /// The record has more bytes.
    case recordBytes(limit: Int)
    /// The record has more columns.
    case columns(limit: Int)
}

extension CSVError: CustomStringConvertible {
    /// What happened, to which file, and what to do about it.
    public var description: String {
        switch self {
        case .cannotOpen(let file, let reason):
            "\(file) cannot be opened: \(reason)"
        case .readFailed(let file, let reason):
            "\(file) cannot be read: \(reason)"
        case .noHeader(let file):
            "\(file) has no header line; get the file again from where it comes"
        case .missingColumns(let file, let names):
            "\(file) has no column named \(names.joined(separator: ", ")); check that it is the file of that name, and complete"
        case .tooLarge(let file, let line, let offset, let excess):
            "the record of \(file) that begins in line \(line), at byte \(offset), has more than \(excess); "
                + "look there for a quote that never ends"
        }
    }
}

extension CSVExcess: CustomStringConvertible {
    /// The limit, in words.
    public var description: String {
        switch self {
        case .fieldBytes(let limit): "\(limit) bytes in one field"
        case .recordBytes(let limit): "\(limit) bytes"
        case .columns(let limit): "\(limit) columns"
        }
    }
}
