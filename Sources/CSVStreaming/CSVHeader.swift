/// The names of a file's columns, from its first record.
public struct CSVHeader: Sendable, Equatable {
    /// The last component of the file's path.
    public let file: String
    /// The names in the order of the columns, as they stand there.
    public let names: [String]

    /// The first column of that name.
    public func column(_ name: String) -> Int? {
        names.firstIndex(of: name)
    }

    /// The columns of all these names, in the same order; the error names all that are missing.
    public func columns(_ required: [String]) throws(CSVError) -> [Int] {
        let missing = required.filter { column($0) == nil }
        guard missing.isEmpty else { throw .missingColumns(file: file, names: missing) }
        return required.compactMap(column)
    }
}
