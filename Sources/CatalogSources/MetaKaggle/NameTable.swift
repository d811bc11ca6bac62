import CSVStreaming

/// Names by number, of the numbers that are asked for, all names in one array of bytes.
struct NameTable {
    /// No name is longer; one that is counts as unknown.
    static let longestName = 255

    /// The numbers in order, and for each the place of its name, empty if there is none.
    private let ids: [UInt32]
    private var starts: [UInt32]
    private var lengths: [UInt8]
    private var bytes: [UInt8] = []

    /// Names nothing yet.
    ///
    /// - Parameter ids: The numbers that will be asked for, in order, each once.
    init(of ids: [UInt32]) {
        self.ids = ids
        starts = Array(repeating: 0, count: ids.count)
        lengths = Array(repeating: 0, count: ids.count)
    }

    /// Keeps the name in a column of the present record if anybody asks for its number; the first name of a number stays.
    mutating func take(_ id: UInt32, _ nameColumn: Int, of reader: borrowing CSVReader) {
        guard let index = index(of: id), lengths[index] == 0 else { return }
        reader.withBytes(of: nameColumn) { name in
            guard name.count <= Self.longestName else { return }
            starts[index] = UInt32(bytes.count)
            lengths[index] = UInt8(name.count)
            for position in name.indices {
                bytes.append(name[position])
            }
        }
    }

    /// The name of a number; `nil` if there is none or it is not UTF-8.
    func name(of id: UInt32) -> String? {
        guard let index = index(of: id), lengths[index] > 0 else { return nil }
        let start = Int(starts[index])
        return String(validating: bytes[start..<start + Int(lengths[index])], as: UTF8.self)
    }

    private func index(of id: UInt32) -> Int? {
        let index = ids.partitioningIndex { $0 >= id }
        return index < ids.count && ids[index] == id ? index : nil
    }
}
