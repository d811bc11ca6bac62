import Checksum
import FoundationEssentials
import Postgres
import Safetensors

/// What goes to the database and what comes from the disk.
enum StorageBenchmarks {
    /// Vectors in the format of the server, digests, and weights of every type.
    static var all: [Microbenchmark] {
        [pgvector, sha256] + [("F32", [0, 0, 0, 0x3F]), ("F16", [0, 0x38]), ("BF16", [0, 0x3F])].map(safetensors)
    }

    /// A `vector[]` of a batch, as the statement that writes it takes it; the OIDs do not matter.
    private static var pgvector: Microbenchmark {
        Microbenchmark(name: "pgvector array, 100 vectors") {
            let vectors = (0..<100).map { row in (0..<ModelShape.hiddenSize).map { Float(row - $0) / 512 } }
            let byteCount = PostgresValue.vectorArray(vectors, elementOID: 1, arrayOID: 2).bytes?.count ?? 0
            return PreparedOperation(work: [.bytes(byteCount)]) {
                _ = PostgresValue.vectorArray(vectors, elementOID: 1, arrayOID: 2)
            }
        }
    }

    /// In pieces of 1 MiB, as files are read.
    private static var sha256: Microbenchmark {
        Microbenchmark(name: "sha256, 1 MiB") {
            let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0) }
            return PreparedOperation(work: [.bytes(bytes.count)]) {
                var hasher = try SHA256Hasher()
                hasher.update(bytes)
                _ = hasher.finish()
            }
        }
    }

    /// Opening a file that the kernel has in memory, and converting its one tensor; counted are the bytes of the file.
    private static func safetensors(type: String, element: [UInt8]) -> Microbenchmark {
        Microbenchmark(name: "safetensors \(type)") {
            let (count, byteCount) = (4 << 20, element.count * 4 << 20)
            let header = #"{"x":{"dtype":"\#(type)","shape":[\#(count)],"data_offsets":[0,\#(byteCount)]}}"#
            // The size of the header as eight bytes, little-endian, then the header, then the elements.
            var contents = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) })
            contents.append(contentsOf: header.utf8)
            contents.append(contentsOf: (0..<byteCount).lazy.map { element[$0 % element.count] })
            let file = try TemporaryFile(contents)
            return PreparedOperation(work: [.bytes(contents.count)]) {
                _ = try SafetensorsFile(contentsOf: file.path).floats(named: "x", shape: [count])
            }
        }
    }
}
