import CommandSupport
import SystemPackage

/// Writes vectors as they come, to NumPy's `.npy` or to JSON lines, chosen by the extension of the path.
///
/// A file that exists is complete, see ``CommandSupport/OutputFile``.
struct VectorFile {
    /// How vectors are written, by the extension of the path.
    enum Format {
        case npy, jsonLines

        /// Chooses by a path, `-` for JSON lines on standard output.
        init(path: String) throws(InputError) {
            switch path == "-" ? "jsonl" : FilePath(path).extension {
            case "npy": self = .npy
            case "jsonl": self = .jsonLines
            default: throw .unknownFormat(path)
            }
        }
    }

    /// Nil for standard output.
    private let file: OutputFile?
    private let format: Format
    private let dimension: Int
    private var rows = 0

    /// Opens the output, `-` for standard output, which must not be one of the inputs.
    init(path: String, format: Format, dimension: Int, unlike inputs: Set<FileIdentity>) throws {
        (self.dimension, self.format) = (dimension, format)
        if path == "-" {
            try StandardOutput.mustNotBe(inputs)
            file = nil
            return
        }
        let file = try OutputFile(path, unlike: inputs)
        if format == .npy {
            guard file.isRewritable else {
                throw OutputError.unwritable(
                    path, reason: "the number of rows goes to the beginning of a .npy file; write a file, or .jsonl")
            }
            try file.write(Self.npyHeader(rows: 0, dimension: dimension))
        }
        self.file = file
    }

    /// Appends vectors with their ids.
    mutating func append(_ vectors: some Collection<[Float]>, ids: some Collection<String>) throws(OutputError) {
        rows += vectors.count
        let bytes =
            switch format {
            case .npy: Self.littleEndian(vectors)
            case .jsonLines: Array(zip(ids, vectors).map(Self.line).joined().utf8)
            }
        if let file { try file.write(bytes) } else { try StandardOutput.write(bytes) }
    }

    /// Completes the file and moves it into place.
    func finish() throws(OutputError) {
        guard let file else { return }
        if format == .npy { try file.rewriteBeginning(Self.npyHeader(rows: rows, dimension: dimension)) }
        try file.finish()
    }

    private static func line(id: String, vector: [Float]) -> String {
        "{\"id\":\(id.escapingControls),\"embedding\":[\(vector.map(\.description).joined(separator: ","))]}\n"
    }

    private static func littleEndian(_ vectors: some Collection<[Float]>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vectors.count * (vectors.first?.count ?? 0) * 4)
        for value in vectors.joined() {
            let bits = value.bitPattern
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
        }
        return bytes
    }

    /// Version 1.0 of the format (numpy.lib.format): magic, version, header length, a Python dictionary padded with spaces
    /// and ended by a line feed, 128 bytes in all, so that the number of rows can be filled in at the end.
    private static func npyHeader(rows: Int, dimension: Int) -> [UInt8] {
        let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(dimension)), }"
        let padding = String(repeating: " ", count: 117 - dictionary.utf8.count)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array((dictionary + padding + "\n").utf8)
    }
}
